import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { formatRecord } from '@lava/job';
import { createCertificate, enrolmentKey, enrolmentPath, readSecretCertificate, signRequest } from '@lava/link';
import { issueCode, revokeSecrets } from '../enrol/codes.ts';
import { revokeKey } from '../enrol/shared-certificates.ts';
import { startS3, type TestS3 } from '../files/s3.testing.ts';
import { until, type FakeWorker } from '../link/fake-worker.ts';
import { change } from '../store/change.ts';
import { noticeBus } from '../store/notices.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { newWorkerToken } from '../workers/worker-token.ts';
import { readLeader } from './office.ts';
import { Servers, silentProxy, type ServerProcess, type SilentProxy } from './servers.testing.ts';

// Real processes, each with a disk of its own, on one PostgreSQL and one bucket.

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => formatRecord('target', `line ${from + n}`));
const texts = (to: number) => Array.from({ length: to }, (_, n) => `line ${n}`);
const changes = ({ connection: { db } }: Servers) => ({ db, events: noticeBus(db) });

describe.sequential('two that may lead and one for the web', () => {
  let s3: TestS3;
  let servers: Servers;
  let [first, second, web]: ServerProcess[] = [];
  let worker: FakeWorker;
  let proxy: SilentProxy;
  beforeAll(async () => {
    s3 = await startS3(await mkdtemp(join(databases.folder, 's3-')));
    servers = await Servers.on(databases, `{s3: {bucket: ${s3.bucket}, endpoint: "${s3.endpoint}", prefix: lab/}}`, s3.environment);
    proxy = await silentProxy(servers.socketFolder);
    first = await servers.startBehind(proxy, '--role', 'leader');
    [second, web] = await Promise.all([servers.start(), servers.start('--role', 'web')]);
    worker = await servers.worker('w1');
    expect((await servers.leader())?.url).toBe(first.url);
  });
  afterAll(async () => {
    await servers.close();
    await proxy.close();
    await s3.close();
  });

  const state = async (server: ServerProcess, job: number) => (await (await servers.ask(server, `/api/v1/jobs/${job}`)).json() as { state: string }).state;
  const inBucket = (job: number) => servers.connection.db.selectFrom('stored_logs').select('lines').where('job', '=', job).executeTakeFirst();

  test('what happens on the leader is seen by who looks at another server', async () => {
    const live = new WebSocket(`${web!.url.replace('http', 'ws')}/ws/live`, { headers: { authorization: `Token ${servers.token}` } });
    const told: { type: string; records?: { msg: string }[]; job?: { state: string } }[] = [];
    live.on('message', (data: Buffer) => told.push(JSON.parse(data.toString()) as typeof told[number]));
    await new Promise((resolve, reject) => { live.once('open', resolve); live.once('error', reject); });
    try {
      const job = await servers.submit(web!);
      live.send(JSON.stringify({ watch: 'job', job, from: 0 }));
      const begun = await worker.started(job);
      worker.accept(begun);
      await worker.log(begun, 0, [formatRecord('target', 'Grüße ✓')]);
      await until(() => told.some((m) => m.type === 'log' && m.records?.[0]?.msg === 'Grüße ✓'), 'the line in the browser');
      // Too long for one notice of the database.
      const long = `${'€'.repeat(9000)}${'"'.repeat(9000)}`;
      await worker.log(begun, 1, [formatRecord('event', long)]);
      await until(() => told.some((m) => m.type === 'log' && m.records?.some(({ msg }) => msg === long)), 'the long line in the browser');
      await servers.ask(web!, `/api/v1/jobs/${job}/cancel`, {});
      await worker.order('CANCEL', job);
      await worker.end(begun, { result: 'fail', errorType: 'Canceled', logLines: 2 });
      await until(() => told.some((m) => m.type === 'job' && m.job?.state === 'Finished'), 'the end in the browser');
    } finally {
      live.close();
    }
    expect(await (await fetch(`${first!.url}/metrics`)).text()).toContain('lava_server_leads 1');
    expect(await (await fetch(`${web!.url}/metrics`)).text()).toContain('lava_server_leads 0');
    // One with the role leader has nothing for people.
    expect((await servers.ask(first!, '/api/v1/jobs')).status).toBe(404);
  });

  test('a worker of the HTTP protocol may ask any server', async () => {
    const { db } = servers.connection;
    const token = await change(changes(servers), 'test', async (c) => {
      await c.trx.insertInto('workers').values({ hostname: 'http1' }).execute();
      return newWorkerToken(c, 'http1');
    });
    const ping = (secret: string) => fetch(`${web!.url}/scheduler/internal/v1/workers/http1/?version=2023.01`, { headers: { 'lava-token': secret } });
    expect(await (await ping(token)).json()).toEqual({ cancel: [], running: [], start: [] });
    expect((await ping('wrong')).status).toBe(400);
    const state = async () => (await db.selectFrom('workers').select('state').where('hostname', '=', 'http1').executeTakeFirstOrThrow()).state;
    await until(async () => await state() === 0, 'the worker to be online');
  });

  test('logs and files move to the bucket; while it is away jobs run, end and are shown', async () => {
    const run = async () => {
      const job = await servers.submit(web!);
      const begun = await worker.started(job);
      worker.accept(begun);
      await worker.log(begun, 0, lines(0, 30));
      await worker.end(begun, { logLines: 30, description: 'pipeline: []\n' });
      await until(async () => await state(web!, job) === 'Finished', 'the end of the job');
      return job;
    };
    const job = await run();
    await until(() => inBucket(job), 'the log in the bucket');
    for (const server of [web!, second!]) {
      expect(await servers.log(server, job)).toEqual(texts(30));
      expect(await (await servers.ask(server, `/api/v0.2/jobs/${job}/logs/?start=28`)).text()).toContain('line 29');
      expect(await (await servers.ask(server, `/scheduler/job/${job}/description`)).text()).toBe('pipeline: []\n');
    }
    s3.answers = false;
    const later = await run();
    expect(await inBucket(later)).toBeUndefined();
    for (const server of [web!, second!]) expect(await servers.log(server, later)).toEqual(texts(30));
    s3.answers = true;
    await until(() => inBucket(later), 'the log in the bucket', 120);
    expect(await servers.log(web!, later)).toEqual(texts(30));
    expect(await servers.connection.db.selectFrom('job_files').select('name').where('job', '=', later).execute()).toEqual([]);
  });

  test.each(['no way to the database', 'SIGSTOP', 'SIGKILL'] as const)('%s for the leader in the midst of a job: another leads, the job passes, each line is there once, the web answers', async (what) => {
    const [leader, other] = (await servers.leader())?.url === first!.url ? [first!, second!] : [second!, first!];
    const job = await servers.submit(web!);
    const begun = await worker.started(job);
    worker.accept(begun);
    await worker.log(begun, 0, lines(0, 50));
    expect(await servers.log(web!, job)).toEqual(texts(50));
    let asking = true;
    const answers: number[] = [];
    const asked = (async () => {
      while (asking) answers.push((await servers.ask(web!, `/api/v1/jobs/${job}`).catch(() => ({ status: 0 }))).status);
    })();
    const hurt = performance.now();
    // The first to lead is the one with the proxy.
    if (what === 'no way to the database') proxy.silent = true;
    else leader.process.kill(what);
    // The worker goes on sending, as a real one does, until somebody takes it.
    const taken = worker.log(begun, 50, lines(50, 100));
    await until(async () => (await servers.leader())?.url === other.url, 'another leader');
    const elected = performance.now() - hurt;
    expect(await taken).toMatchObject({ type: 'LOG_OK', lines: 100 });
    process.stdout.write(`${what}: another server leads after ${(elected / 1000).toFixed(1)} s, the worker's lines are taken after ${((performance.now() - hurt) / 1000).toFixed(1)} s\n`);
    if (what !== 'SIGKILL') {
      leader.process.kill('SIGCONT');
      await until(async () => (await leader.said()).includes('leads no more'), 'the old leader to notice');
    }
    proxy.silent = false;
    await worker.log(begun, 100, lines(100, 120));
    await worker.end(begun, { logLines: 120 });
    asking = false;
    await asked;
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(await (await servers.ask(web!, `/api/v1/jobs/${job}`)).json()).toMatchObject({ state: 'Finished', health: 'Complete', log_lines: 120 });
    expect(await servers.log(web!, job)).toEqual(texts(120));
    await until(() => inBucket(job), 'the log in the bucket');
    expect(await servers.log(web!, job)).toEqual(texts(120));
    expect((await sql`select from log_pieces`.execute(servers.connection.db)).rows).toHaveLength(0);
  });
});

test('enrolled workers come in wherever another server leads; one with another certificate than they know does not lead', async () => {
  const servers = await Servers.on(databases, `{folder: ${await mkdtemp(join(databases.folder, 'storage-'))}}`, {}, 'encrypted');
  try {
    const first = await servers.start();
    const second = await servers.start();
    await servers.addWorker('w1');
    const code = await change(changes(servers), 'test', (c) => issueCode(c, 'w1', 60));
    const own = await readSecretCertificate((await createCertificate(await mkdtemp(join(databases.folder, 'worker-')), 'w1')).secretFile);
    const unsigned = { hostname: 'w1', public_key: own.publicKey };
    // The one that waits sends it on.
    const answer = await servers.ask(second, `${enrolmentPath}/`, { ...unsigned, proof: signRequest(enrolmentKey(code, 'w1'), unsigned) });
    expect(await answer.json()).toMatchObject({ master_key: servers.master!.publicKey });
    const worker = await servers.connect('w1', { own, master: servers.master! });
    const { sessions } = worker;
    first.process.kill('SIGKILL');
    await until(() => worker.sessions > sessions, 'a session with the other server');
    expect((await servers.leader())?.url).toBe(second.url);
    // Locked out on whichever machine, it is locked out where it is.
    await change(changes(servers), 'test', async (c) => { await revokeSecrets(c, 'w1'); await revokeKey(c, 'w1'); });
    await until(() => worker.refusals.length > 0, 'the worker to be locked out');

    await servers.newMaster();
    const other = await servers.start();
    second.process.kill('SIGKILL');
    await until(async () => (await other.said()).includes('another certificate than the one that workers know'), 'the refusal');
    expect((await readLeader(servers.connection.db)).url).toBe(second.url);
    // A balancer hears of it, and so does whoever needs the leader.
    expect((await servers.ask(other, `${enrolmentPath}/`, unsigned)).status).toBe(503);
    await sql`update leadership set master_key = null`.execute(servers.connection.db);
    await until(async () => (await servers.leader())?.url === other.url, 'the other to lead');
  } finally {
    await servers.close();
  }
});

describe('the fence', () => {
  test('what an old leader asks the database to change is refused, whatever it was about to do', async () => {
    const connection = await databases.fresh();
    const { db } = connection;
    const old = connection.ofLeader((await readLeader(db)).epoch);
    await old.db.insertInto('audit_log').values({ actor: 'a', kind: 'job', object: '1', message: 'while it leads' }).execute();
    const { rows } = await sql<{ table: string }>`select distinct event_object_table as table from information_schema.triggers where trigger_name = 'old_leader' order by 1`.execute(db);
    await sql`update leadership set epoch = epoch + 1`.execute(db);
    expect(rows.map(({ table }) => table)).toEqual(expect.arrayContaining(['jobs', 'attempts', 'devices', 'workers', 'log_pieces', 'test_cases', 'deliveries']));
    for (const { table } of rows) await expect(sql`delete from ${sql.table(table)}`.execute(old.db), table).rejects.toThrow('another server leads now');
    expect(await db.selectFrom('audit_log').select('message').execute()).toEqual([{ message: 'while it leads' }]);
    await old.close();
  });

  test('a change under way holds up the next term until it is stored, and no change comes between', async () => {
    const connection = await databases.fresh();
    const { db } = connection;
    const old = connection.ofLeader((await readLeader(db)).epoch);
    const note = (message: string) => ({ actor: 'a', kind: 'job' as const, object: '1', message });
    let elected = false;
    let next: Promise<void> | undefined;
    await old.db.transaction().execute(async (trx) => {
      await trx.insertInto('audit_log').values(note('first')).execute();
      next = sql`update leadership set epoch = epoch + 1`.execute(db).then(() => { elected = true; });
      await until(async () => (await sql`select from pg_stat_activity where wait_event_type = 'Lock' and query like 'update leadership%'`.execute(db)).rows.length > 0, 'the next term to wait');
      expect(elected).toBe(false);
      await trx.insertInto('audit_log').values(note('second')).execute();
    });
    await next;
    await expect(old.db.insertInto('audit_log').values(note('third')).execute()).rejects.toThrow('another server leads now');
    expect(await db.selectFrom('audit_log').select('message').orderBy('id').execute()).toEqual([{ message: 'first' }, { message: 'second' }]);
    await old.close();
  });
});
