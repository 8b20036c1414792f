import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobHealths } from '@lava/job';
import { cancelJob } from '../../jobs/cancel-job.ts';
import { finishJob } from '../../jobs/job-changes.ts';
import { storeStatus } from '../../link/store-status.ts';
import { change, serverActor } from '../../store/change.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { dashboard } from '../../../../../packaging/grafana/dashboard.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.services.db.updateTable('workers').set({ last_ping: new Date() }).execute();
  await storeStatus(server.services, 'worker01', { ...status(50e9), clockAhead: 0 });
});
afterAll(() => server.stop());

const status = (free: number, hits = 0) => ({ disk: { free, total: 100e9 }, cache: { free, total: 100e9, hits, misses: 2 }, load: 1.5, running: 1 });

const definition = 'actions:\n- deploy: {to: tmpfs}\n- boot: {method: qemu}\n- boot: {method: qemu}\n- test: {}\n';

/** A job that ran on qemu01; `blocks` are its actions of the first level: did they end, did they fail. */
async function endedJob({ health = 'Complete', errorType = null, blocks = [], waited = 3 }: { health?: 'Complete' | 'Incomplete' | 'Canceled'; errorType?: string | null; blocks?: [ended: boolean, failed: boolean][]; waited?: number } = {}): Promise<number> {
  const { db } = server.services;
  const id = await server.addJob({ state: 'Running', definition });
  await sql`update jobs set submit_time = start_time - make_interval(secs => ${waited + 0.2}) where id = ${id}`.execute(db);
  await sql`insert into attempts (job, fence, device, worker, created_at, started_at, ended_at, lease_expires)
    select id, 1, 'qemu01', 'worker01', start_time - interval '200 ms', start_time, now(), now() from jobs where id = ${id}`.execute(db);
  for (const [n, [ended, failed]] of blocks.entries()) {
    await sql`insert into job_actions (job, level, start_line, name, namespace, started_at, ended_at, failed)
      values (${id}, ${String(n + 1)}, ${n}, 'x', 'common', now(), ${ended ? sql`now()` : null}, ${failed}), (${id}, ${`${n + 1}.1`}, ${100 + n}, 'x', 'common', now(), now(), false)`.execute(db);
  }
  await sql`update jobs set state = 5, health = ${jobHealths.indexOf(health)}, error_type = ${errorType}, end_time = start_time + interval '61 seconds' where id = ${id}`.execute(db);
  return id;
}

const shown = async (path = '/metrics', as: 'anonymous' | 'root' = 'anonymous') => (await server.ask(path, { as })).text;

test('what jobs took is counted once, and stays when they are removed', async () => {
  await endedJob({ blocks: [[true, false], [true, false], [true, false], [true, false]] });
  const failed = await endedJob({ health: 'Incomplete', errorType: 'Infrastructure', waited: 100, blocks: [[true, false], [true, true]] });
  await endedJob({ health: 'Canceled', blocks: [[true, false], [false, false]] });
  const before = await shown();
  for (const line of [
    'lava_job_queue_wait_seconds_bucket{device_type="qemu",le="1"} 0', 'lava_job_queue_wait_seconds_bucket{device_type="qemu",le="5"} 2',
    'lava_job_queue_wait_seconds_bucket{device_type="qemu",le="300"} 3', 'lava_job_queue_wait_seconds_bucket{device_type="qemu",le="+Inf"} 3',
    'lava_job_queue_wait_seconds_sum{device_type="qemu"} 106', 'lava_job_start_latency_seconds_bucket{device_type="qemu",le="0.25"} 3',
    'lava_job_duration_seconds_bucket{device_type="qemu",outcome="Complete",le="60"} 0', 'lava_job_duration_seconds_bucket{device_type="qemu",outcome="Complete",le="180"} 1',
    'lava_boots_total{device_type="qemu",device="qemu01",outcome="pass"} 2', 'lava_boots_total{device_type="qemu",device="qemu01",outcome="fail"} 1',
    'lava_job_failures_total{device_type="qemu",outcome="Infrastructure"} 1',
  ]) expect(before.split('\n')).toContain(line);
  await server.services.db.deleteFrom('jobs').where('id', '=', failed).execute();
  const counted = (text: string) => text.split('\n').filter((line) => /^lava_(?:boots|job)_/.test(line));
  expect(counted(await shown())).toEqual(counted(before));
});

test('attempts after which a job was tried again are counted, too', async () => {
  const { db } = server.services;
  const id = await server.addJob({ state: 'Running', definition });
  await sql`update jobs set retry = ${JSON.stringify({ count: 1, reasons: ['Infrastructure'], delay: 0 })}::jsonb where id = ${id}`.execute(db);
  await sql`insert into attempts (job, fence, device, worker, started_at, lease_expires) values (${id}, 1, 'qemu01', 'worker01', now(), now())`.execute(db);
  await sql`insert into job_actions (job, level, start_line, name, namespace, started_at, ended_at, failed) values (${id}, '2', 1, 'x', 'common', now(), now(), true)`.execute(db);
  const value = async (name: string) => Number((await shown()).split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? 0);
  const failedBoots = 'lava_boots_total{device_type="qemu",device="qemu01",outcome="fail"}';
  const before = await value(failedBoots);
  const stored = { db, events: { publish: () => {}, subscribe: () => () => {} } };
  expect(await change(stored, serverActor, (c) => finishJob(c, id, 1, { result: 'fail', errorType: 'Infrastructure', errorMessage: 'no power' }))).toBe('queued-again');
  for (let n = 0; n < 2; n++) {
    expect([await value(failedBoots), await value('lava_job_retries_total{device_type="qemu",outcome="Infrastructure"}')]).toEqual([before + 1, 1]);
  }
  // Its actions are still there, and were counted.
  await change(stored, serverActor, (c) => cancelJob(c, id));
  expect(await value(failedBoots)).toBe(before + 1);
});

test('many who ask at once count nothing twice', async () => {
  const count = async () => Number(/^lava_job_duration_seconds_count\{device_type="qemu",outcome="Complete"\} (\d+)$/m.exec(await shown())?.[1] ?? 0);
  const before = await count();
  for (let i = 0; i < 5; i++) await endedJob();
  await Promise.all(Array.from({ length: 8 }, () => shown()));
  expect(await count()).toBe(before + 5);
});

test('a definition of any text and a device that is gone do no harm', async () => {
  const { db } = server.services;
  await db.insertInto('devices').values({ hostname: 'gone', device_type: 'qemu' }).execute();
  const id = await server.addJob({ state: 'Running', definition: '[: {', device: 'gone' });
  await sql`update jobs set state = 5 where id = ${id}`.execute(db);
  expect((await server.ask('/metrics')).status).toBe(200);
  await sql`insert into measured (metric, device_type, device, outcome, counts) values ('lava_boots_total', 'qemu', 'gone', 'pass', '{1}')`.execute(db);
  expect(await shown()).toContain('device="gone"');
  await db.deleteFrom('devices').where('hostname', '=', 'gone').execute();
  expect(await shown()).not.toContain('device="gone"');
});

test('names of hidden devices, types and workers are for those who may see them', async () => {
  const { db } = server.services;
  await db.insertInto('device_types').values({ name: 'secret-type' }).execute();
  await db.insertInto('workers').values({ hostname: 'secret-worker', last_ping: new Date() }).execute();
  await db.insertInto('devices').values({ hostname: 'secret-device', device_type: 'qemu' }).execute();
  await sql`insert into groups (name) values ('keepers')`.execute(db);
  await sql`insert into group_device_type_permissions (device_type, group_id, permission) select 'secret-type', id, 'view_devicetype' from groups where name = 'keepers'`.execute(db);
  await sql`insert into group_device_permissions (device, group_id, permission) select 'secret-device', id, 'view_device' from groups where name = 'keepers'`.execute(db);
  await sql`insert into group_worker_permissions (worker, group_id, permission) select 'secret-worker', id, 'view_worker' from groups where name = 'keepers'`.execute(db);
  await sql`insert into measured (metric, device_type, device, outcome, counts) values ('lava_boots_total', 'qemu', 'secret-device', 'pass', '{1}'), ('lava_boots_total', 'secret-type', '', 'pass', '{1}')`.execute(db);
  expect(await shown()).not.toContain('secret-');
  const all = await shown('/metrics', 'root');
  for (const name of ['secret-device', 'secret-type', 'secret-worker']) expect(all).toContain(name);
});

test('every metric has a help text, and a name is told once', async () => {
  const text = await shown();
  const helps = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)];
  expect(helps.filter(([, name]) => name!.startsWith('lava_')).length).toBeGreaterThan(10);
  for (const [, name, help] of helps) expect(help!.length, name).toBeGreaterThan(10);
  expect(new Set(helps.map(([, name]) => name)).size).toBe(helps.length);
  const described = new Set(helps.map(([, name]) => name));
  for (const [, name] of text.matchAll(/^([a-z_]+)[{ ]/gm)) expect([name, name!.replace(/_(?:bucket|sum|count)$/, '')].some((n) => described.has(n)), name).toBe(true);
});

test('the Grafana dashboard is up to date, and asks for metrics and labels that exist', async () => {
  const file = fileURLToPath(new URL('../../../../../packaging/grafana/lava.json', import.meta.url));
  expect(await readFile(file, 'utf8'), 'run: node scripts/make-dashboard.mjs').toBe(`${JSON.stringify(dashboard(), null, 2)}\n`);
  const text = await shown();
  const known = new Set([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) => (type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])));
  const asked = dashboard().panels.flatMap((panel) => panel.targets.map((target) => target.expr));
  expect(asked.length).toBeGreaterThan(8);
  for (const expr of asked) {
    const names = [...expr.matchAll(/\b(?:lava|process|nodejs)_[a-z_]+/g)].map(([name]) => name);
    expect(names, expr).not.toEqual([]);
    for (const name of names) expect(known, expr).toContain(name);
    for (const [, labels] of expr.matchAll(/by \(([^)]*)\)/g)) {
      for (const label of labels!.split(',').map((l) => l.trim()).filter((l) => l !== 'le')) expect(text, expr).toMatch(new RegExp(`^${names[0]}\\{[^}]*\\b${label}="`, 'm'));
    }
  }
});

test('a server that works is ready', async () => {
  expect(await server.ask('/readyz')).toMatchObject({ status: 200, json: { ready: true } });
});

test('how workers are is shown while it is new, and warned of', async () => {
  const { db } = server.services;
  const told: string[] = [];
  const stored = { db, events: { publish: (event: { type: string }) => { told.push(event.type); }, subscribe: () => () => {} } };
  const tell = (free: number, hits: number) => storeStatus(stored, 'worker01', { ...status(free, hits), clockAhead: -250 });
  await tell(50e9, 7);
  const lines = async () => (await shown('/metrics', 'root')).split('\n').filter((line) => line.includes('{worker="worker01"}') && !line.includes('silence'));
  expect(await lines()).toEqual([
    'lava_worker_disk_free_bytes{worker="worker01"} 50000000000', 'lava_worker_disk_size_bytes{worker="worker01"} 100000000000',
    'lava_worker_cache_free_bytes{worker="worker01"} 50000000000', 'lava_worker_cache_size_bytes{worker="worker01"} 100000000000',
    'lava_worker_load{worker="worker01"} 1.5', 'lava_worker_runs{worker="worker01"} 1', 'lava_worker_clock_ahead_seconds{worker="worker01"} -0.25',
    'lava_worker_cache_hits_total{worker="worker01"} 7', 'lava_worker_cache_misses_total{worker="worker01"} 2',
  ]);
  const row = async () => (await server.ask('/api/v1/workers/worker01', { as: 'root' })).json as { status: unknown };
  expect((await row()).status).toMatchObject({ at: expect.any(String) as string, disk: { free: 50e9, total: 100e9 }, cache: { hits: 7, misses: 2 }, clock_ahead: -250, warnings: [] });
  expect(told).toEqual([]);
  await tell(1e9, 8);
  expect((await row()).status).toMatchObject({ warnings: [{ code: 'worker-disk', message: 'Only 0.9 GiB of 93.1 GiB are free on the disk of its jobs', hint: expect.stringContaining('lava-worker cache --clear') as string }] });
  expect(told).toEqual(['worker']);
  await sql`update workers set status_at = now() - interval '6 minutes'`.execute(db);
  expect([await lines(), (await row()).status]).toMatchObject([[], { warnings: [] }]);
});
