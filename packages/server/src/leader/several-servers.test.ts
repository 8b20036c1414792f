import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatRecord } from '@lava/job';
import { until } from '../link/fake-worker.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { startS3 } from '../files/s3.testing.ts';
import { readLeader } from './office.ts';
import { Servers } from './servers.testing.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let databases: TestDatabases;
let servers: Servers;
let storage: string;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  storage = await mkdtemp(join(databases.folder, 'storage-'));
  servers = await Servers.on(databases, `{folder: ${storage}}`);
});
afterEach(() => servers.close());

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => formatRecord('target', `line ${from + n}`));
const texts = (to: number) => Array.from({ length: to }, (_, n) => `line ${n}`);

describe.each(['SIGKILL', 'SIGSTOP'] as const)('the leader gets %s in the midst of a job', (signal) => {
  test('another leads within ten seconds; the job passes, each line is there once, the web answers throughout', async () => {
    const [first, second, web] = [await servers.start('--role', 'leader'), await servers.start(), await servers.start('--role', 'web')];
    const worker = await servers.worker('w1');
    expect((await servers.leader())?.url).toBe(first.url);
    const job = await servers.submit(web);
    const begun = await worker.started(job);
    worker.accept(begun);
    await worker.log(begun, 0, lines(0, 50));
    // Another machine's disk shows them at once.
    expect(await servers.log(web, job)).toEqual(texts(50));

    // Somebody asks the web all the time.
    let [asking, answers] = [true, [] as number[]];
    const asked = (async () => {
      while (asking) answers.push((await servers.ask(web, `/api/v1/jobs/${job}`).catch(() => ({ status: 0 }))).status);
    })();
    const { sessions } = worker;
    const hurt = performance.now();
    first.process.kill(signal);
    // The worker goes on sending, as a real one does, until somebody takes it.
    const taken = worker.log(begun, 50, lines(50, 100));
    await until(async () => (await servers.leader())?.url === second.url, 'another leader');
    const elected = performance.now() - hurt;
    expect(await taken).toMatchObject({ type: 'LOG_OK', lines: 100 });
    const back = performance.now() - hurt;
    console.log(`${signal}: another server leads after ${(elected / 1000).toFixed(1)} s, the worker's lines are taken after ${(back / 1000).toFixed(1)} s`);
    expect(worker.sessions).toBeGreaterThan(sessions);

    // The old one wakes up, and can change nothing.
    if (signal === 'SIGSTOP') {
      first.process.kill('SIGCONT');
      await until(async () => (await first.said()).includes('leads no more'), 'the old leader to notice');
    }
    await worker.log(begun, 100, lines(100, 120));
    await worker.end(begun, { logLines: 120 });
    asking = false;
    await asked;
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(await (await servers.ask(web, `/api/v1/jobs/${job}`)).json()).toMatchObject({ state: 'Finished', health: 'Complete', log_lines: 120 });
    // It moves to the storage; whoever is asked then fetches it from there.
    await until(async () => (await servers.connection.db.selectFrom('stored_logs').select('lines').where('job', '=', job).executeTakeFirst())?.lines === 120, 'the log in the storage');
    for (const server of [web, second]) expect(await servers.log(server, job)).toEqual(texts(120));
    expect((await readdir(storage, { recursive: true })).filter((name) => name.includes('.')).map((name) => name.split('/').at(-1)).sort()).toEqual(
      ['device.yaml', 'dispatcher.yaml', 'env-dut.yaml', 'env.yaml', 'job.yaml', 'output.yaml.size', 'output.yaml.xz']);
    expect((await sql`select from log_pieces`.execute(servers.connection.db)).rows).toHaveLength(0);
  });
});

test('logs and files are kept in S3; while it is away jobs run, end and are shown, and move when it is back', async () => {
  const s3 = await startS3(await mkdtemp(join(databases.folder, 's3-')));
  const inBucket = await Servers.on(databases, `{s3: {bucket: ${s3.bucket}, endpoint: "${s3.endpoint}", prefix: lab/}}`, s3.environment);
  try {
    const [leader, web] = [await inBucket.start(), await inBucket.start('--role', 'web')];
    const worker = await inBucket.worker('w1');
    const run = async () => {
      const job = await inBucket.submit(web);
      const begun = await worker.started(job);
      worker.accept(begun);
      await worker.log(begun, 0, lines(0, 30));
      await worker.end(begun, { logLines: 30, description: 'pipeline: []\n' });
      await until(async () => (await (await inBucket.ask(web, `/api/v1/jobs/${job}`)).json() as { state: string }).state === 'Finished', 'the end of the job');
      return job;
    };
    const stored = (job: number) => inBucket.connection.db.selectFrom('stored_logs').select('lines').where('job', '=', job).executeTakeFirst();
    const first = await run();
    await until(() => stored(first), 'the log in the bucket');
    for (const server of [web, leader]) {
      expect(await inBucket.log(server, first)).toEqual(texts(30));
      expect(await (await inBucket.ask(server, `/api/v0.2/jobs/${first}/logs/?start=28`)).text()).toContain('line 29');
      expect(await (await inBucket.ask(server, `/scheduler/job/${first}/description`)).text()).toContain('pipeline');
    }
    s3.answers = false;
    const second = await run();
    expect(await stored(second)).toBeUndefined();
    for (const server of [web, leader]) expect(await inBucket.log(server, second)).toEqual(texts(30));
    s3.answers = true;
    await until(() => stored(second), 'the log in the bucket', 120);
    expect(await inBucket.log(web, second)).toEqual(texts(30));
    expect(await inBucket.connection.db.selectFrom('job_files').select('name').execute()).toEqual([]);
  } finally {
    await inBucket.close();
    await s3.close();
  }
});

test('what an old leader asks the database to change is refused, whatever it was about to do', async () => {
  const { db } = servers.connection;
  const old = servers.connection.ofLeader((await readLeader(db)).epoch);
  await old.db.insertInto('audit_log').values({ actor: 'a', kind: 'job', object: '1', message: 'while it leads' }).execute();
  const { rows } = await sql<{ table: string }>`select distinct event_object_table as table from information_schema.triggers where trigger_name = 'old_leader' order by 1`.execute(db);
  await sql`update leadership set epoch = epoch + 1`.execute(db);
  expect(rows.length).toBeGreaterThan(10);
  for (const { table } of rows) await expect(sql`delete from ${sql.table(table)}`.execute(old.db), table).rejects.toThrow('another server leads now');
  await old.close();
});

test('a change under way holds up the next term until it is stored, and no change comes between', async () => {
  const { db } = servers.connection;
  const old = servers.connection.ofLeader((await readLeader(db)).epoch);
  let elected = false;
  const term = await old.db.transaction().execute(async (trx) => {
    await trx.insertInto('audit_log').values({ actor: 'a', kind: 'job', object: '1', message: 'first' }).execute();
    const next = sql`update leadership set epoch = epoch + 1`.execute(db).then(() => { elected = true; });
    await until(async () => (await sql`select from pg_stat_activity where wait_event_type = 'Lock' and query like 'update leadership%'`.execute(db)).rows.length > 0, 'the next term to wait');
    expect(elected).toBe(false);
    await trx.insertInto('audit_log').values({ actor: 'a', kind: 'job', object: '1', message: 'second' }).execute();
    return { next };
  });
  await term.next;
  expect(await db.selectFrom('audit_log').select('message').orderBy('id').execute()).toEqual([{ message: 'first' }, { message: 'second' }]);
  await old.close();
});
