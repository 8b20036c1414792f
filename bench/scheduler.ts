import { decide } from '../packages/server/src/scheduler/decide.ts';
import { readSnapshot } from '../packages/server/src/scheduler/read-snapshot.ts';
import { policyOf } from '../packages/server/src/scheduler/snapshot.ts';
import { placeJobs } from '../packages/server/src/jobs/place-jobs.ts';
import { change } from '../packages/server/src/store/change.ts';
import type { Connection } from '../packages/server/src/store/connection.ts';
import { startTestDatabases } from '../packages/server/src/store/testing.ts';

// How long a round of the scheduler takes (one look at the database and the decision), and how fast its assignments are
// stored, with submitters, tags and permissions of groups.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }
interface Size { readonly devices: number; readonly idle: number; readonly jobs: number; readonly goal: string }

export async function run(): Promise<Row[]> {
  const databases = await startTestDatabases();
  try {
    return [
      ...await measure(await databases.fresh(), { devices: 100, idle: 100, jobs: 10_000, goal: '<= 100' }),
      ...await measure(await databases.fresh(), { devices: 10_000, idle: 10_000, jobs: 100_000, goal: '<= 1000' }),
    ];
  } finally {
    await databases.stop();
  }
}

async function measure(connection: Connection, size: Size): Promise<Row[]> {
  const { db } = connection;
  await fill(connection, size);
  const times: { read: number; decide: number }[] = [];
  let decision: ReturnType<typeof decide> | undefined;
  for (let n = 0; n < 7; n++) {
    const begun = performance.now();
    const snapshot = await readSnapshot(db, policyOf());
    const read = performance.now() - begun;
    decision = decide(snapshot, Date.now());
    times.push({ read, decide: performance.now() - begun - read });
  }
  times.sort((a, b) => a.read + a.decide - b.read - b.decide);
  const median = times[times.length >> 1]!;

  const placements = decision!.placements.slice(0, 1000);
  const stored = { db, events: { publish: () => {}, subscribe: () => () => {} } };
  const begun = performance.now();
  let attempts = 0;
  for (let n = 0; n < placements.length; n += 100) attempts += (await change(stored, 'bench', (c) => placeJobs(c, placements.slice(n, n + 100), 90))).length;
  const perSecond = attempts / ((performance.now() - begun) / 1000);

  const of = `${size.devices} devices, ${size.jobs} queued`;
  const ms = (value: number) => value.toFixed(0);
  return [
    { name: `a round: ${of}`, value: ms(median.read + median.decide), unit: 'ms', goal: size.goal },
    { name: `- reading`, value: ms(median.read), unit: 'ms' },
    { name: `- deciding (${decision!.placements.length} placed)`, value: ms(median.decide), unit: 'ms' },
    { name: `assignments committed: ${of}`, value: ms(perSecond), unit: '/s', goal: '>= 300' },
  ];
}

/** Twenty submitters in four groups, ten types, ten devices a worker; every third job wants tags, every fifth device is for a group. */
async function fill(connection: Connection, { devices, idle, jobs }: Size): Promise<void> {
  const session = await connection.session();
  for (const statement of [
    `insert into users (username) select 'u' || n from generate_series(1, 20) n`,
    `insert into groups (name) select 'g' || n from generate_series(1, 4) n`,
    `insert into user_groups select n, 1 + n % 4 from generate_series(1, 20) n`,
    `insert into group_shares (group_id, weight) values (1, 2)`,
    `insert into device_types (name) select 't' || n from generate_series(0, 9) n`,
    `insert into workers (hostname, state) select 'w' || n, 0 from generate_series(0, (${devices} - 1) / 10) n`,
    `insert into tags (name) select 'tag' || n from generate_series(1, 5) n`,
    `insert into devices (hostname, device_type, worker, health, state) select 'd' || n, 't' || n % 10, 'w' || n / 10, 0, case when n < ${idle} then 0 else 2 end from generate_series(0, ${devices} - 1) n`,
    `insert into device_tags select 'd' || n, 1 + tag from generate_series(0, ${devices} - 1) n, generate_series(0, 4) tag where (n / 10) % 3 <= tag`,
    `insert into group_device_permissions (device, group_id, permission) select 'd' || n, 1 + n % 4, 'submit_to_device' from generate_series(0, ${devices} - 1, 5) n`,
    `insert into jobs (submitter, description, definition, original_definition, requested_device_type, priority, queue_timeout)
      select 1 + n % 20, 'a job', repeat('x', 2000), '', 't' || (n / 20) % 10, case when n % 10 = 0 then 100 else 50 end, 1000000 from generate_series(1, ${jobs}) n`,
    `insert into job_tags select n, 1 + n % 5 from generate_series(1, ${jobs}, 3) n`,
  ]) await session.query(statement);
  await session.query('vacuum analyze');
  await session.end();
}
