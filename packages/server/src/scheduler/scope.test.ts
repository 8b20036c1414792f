import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { placeJobs } from '../jobs/place-jobs.ts';
import { change } from '../store/change.ts';
import type { Connection } from '../store/connection.ts';
import { deviceState, jobState } from '../store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { decide, type Decision } from './decide.ts';
import { readSnapshot } from './read-snapshot.ts';
import { scopeOf } from './scope.ts';
import { policyOf } from './snapshot.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

/** Numbers that look random, the same at each run. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

const types = ['t0', 't1', 't2', 't3'];

/** Four device types of three devices on two workers; some devices carry a tag, some are for a group. */
async function lab(limits: { jobLimit?: number; quota?: number }): Promise<Connection> {
  const connection = await databases.fresh();
  const { db } = connection;
  await db.insertInto('users').values(['ada', 'bob', 'eve', 'dan'].map((username) => ({ username }))).execute();
  await db.insertInto('groups').values([{ name: 'kernel' }, { name: 'boot' }]).execute();
  await db.insertInto('user_groups').values([{ user_id: 1, group_id: 1 }, { user_id: 2, group_id: 1 }, { user_id: 3, group_id: 2 }]).execute();
  await db.insertInto('group_shares').values({ group_id: 1, weight: 2, quota: limits.quota ?? null }).execute();
  await db.insertInto('device_types').values(types.map((name) => ({ name, disable_health_check: true }))).execute();
  await db.insertInto('workers').values([{ hostname: 'w0', state: 0, job_limit: limits.jobLimit ?? 0 }, { hostname: 'w1', state: 0 }]).execute();
  await db.insertInto('tags').values({ name: 'usb' }).execute();
  const devices = types.flatMap((device_type, t) => [0, 1, 2].map((n) => ({ hostname: `d${t}${n}`, device_type, worker: `w${n % 2}`, health: 0 })));
  await db.insertInto('devices').values(devices).execute();
  await db.insertInto('device_tags').values(devices.filter((_, n) => n % 3 === 0).map(({ hostname }) => ({ device: hostname, tag_id: 1 }))).execute();
  await db.insertInto('group_device_permissions').values({ device: 'd11', group_id: 1, permission: 'submit_to_device' }).execute();
  return connection;
}

async function submit({ db }: Connection, pick: (below: number) => number): Promise<number[]> {
  const group = pick(6) === 0 ? `group ${pick(1_000_000)}` : null;
  const ids: number[] = [];
  for (let n = 0; n < (group === null ? 1 : 2); n++) {
    const { id } = await db.insertInto('jobs').values({
      submitter: 1 + pick(4), description: '', definition: '', original_definition: '', requested_device_type: types[pick(4)]!, target_group: group, role: group === null ? '' : `r${n}`,
      priority: pick(3) === 0 ? 100 : 50,
    }).returning('id').executeTakeFirstOrThrow();
    if (pick(4) === 0) await db.insertInto('job_tags').values({ job: id, tag_id: 1 }).execute();
    ids.push(id);
  }
  return ids;
}

/** Ends the job on a device that is busy, if one is; the device's name. */
async function free({ db }: Connection, pick: (below: number) => number): Promise<string | undefined> {
  const busy = await db.selectFrom('devices').select('hostname').where('state', '<>', deviceState.Idle!).orderBy('hostname').execute();
  const hostname = busy[pick(Math.max(1, busy.length))]?.hostname;
  if (hostname === undefined) return undefined;
  await sql`update jobs set state = ${jobState.Finished} where actual_device = ${hostname} and state < ${jobState.Finished}`.execute(db);
  await sql`update attempts set ended_at = now() where device = ${hostname}`.execute(db);
  await sql`update devices set state = ${deviceState.Idle} where hostname = ${hostname}`.execute(db);
  return hostname;
}

const jobsOf = ({ placements }: Pick<Decision, 'placements'>) => placements.map((p) => p.jobs.map((j) => `${j.job} on ${j.device}`).join(', ')).sort();

describe('a look at what the news concern decides as a look at everything does', () => {
  test.each([['a lab without limits', {}], ['a worker with a job limit', { jobLimit: 2 }], ['a group with a quota', { quota: 2 }]])('%s', async (name, limits) => {
    const connection = await lab(limits);
    const stored = { db: connection.db, events: { publish: () => {}, subscribe: () => () => {} } };
    const pick = chance(name.length);
    let placed = 0;
    for (let step = 0; step < 40; step++) {
      const news = { jobs: new Set<number>(), devices: new Set<string>() };
      for (let n = 0; n < 1 + pick(3); n++) {
        if (pick(5) < 3) for (const id of await submit(connection, pick)) news.jobs.add(id);
        else news.devices.add(await free(connection, pick) ?? 'd00');
      }
      const now = Date.now();
      const whole = decide(await readSnapshot(connection.db, policyOf()), now);
      const scope = await scopeOf(connection.db, news);
      const part = scope.wanted.length > 0 ? decide(await readSnapshot(connection.db, policyOf(), scope), now) : { placements: [] };
      expect(jobsOf(part)).toEqual(jobsOf(whole));
      placed += (await change(stored, 'ada', (c) => placeJobs(c, whole.placements, 90))).length;
    }
    expect(placed).toBeGreaterThan(10);
  });
});
