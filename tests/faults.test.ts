import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TcpProxy, waitUntil, type LavaSystem } from '@lava/testbed';
import { findFile } from './support/find-file.ts';
import { guest, numberedLines, ramdiskJob } from './support/jobs.ts';
import { finished, job, numbersSeen, seen, startSystem, stopSystem, submit, upTo } from './support/system.ts';

// Each test breaks something for real while a job on a booted kernel prints numbered lines. Whatever it is, the job
// passes and every line arrives once, in order.

vi.setConfig({ testTimeout: 240_000 });

/** Seconds of a lease where a test waits for one to pass; long enough elsewhere (90 is the default). */
const shortLease = 8;
const withShortLease = { env: { LAVA_LEASE_SECONDS: String(shortLease) } };
const lines = 120;
let system: LavaSystem;

beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => stopSystem(system));

async function startJob(name: string): Promise<number> {
  if (!system.workers.get('w1')?.running) system.startWorker('w1');
  const id = await submit(system, ramdiskJob(await guest(), [numberedLines(lines, 0.1)], { name }));
  await seen(system, id, 20);
  return id;
}

async function passedWhole(id: number): Promise<void> {
  expect(await finished(system, id)).toMatchObject({ health: 'Complete' });
  expect(await numbersSeen(system, id)).toEqual(upTo(lines));
}

/** Process id of the `lava-run` of a job's attempt. */
async function dispatcherOf(id: number): Promise<number> {
  const file = findFile(system.root, 'process.json', `/attempts/${id}-`);
  return (JSON.parse(await readFile(file, 'utf8')) as { pid: number }).pid;
}

test('the worker daemon is killed and started again', async () => {
  const id = await startJob('worker killed');
  await system.workers.get('w1')!.end('SIGKILL');
  system.startWorker('w1');
  await passedWhole(id);
});

test('the server is killed and started again', async () => {
  const id = await startJob('server killed');
  await system.server!.end('SIGKILL');
  await system.startServer(withShortLease);
  await passedWhole(id);
});

test('the server is away for longer than a lease: its own downtime expires none', async () => {
  const id = await startJob('server away');
  await system.server!.end('SIGKILL');
  await pause(shortLease * 1500);
  await system.startServer(withShortLease);
  await passedWhole(id);
});

test('PostgreSQL is killed', async () => {
  const id = await startJob('database killed');
  const pid = Number((await readFile(findFile(system.root, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGKILL');
  await passedWhole(id);
});

test('the network between worker and server is cut for 20 s', async () => {
  await system.server!.end();
  await system.startServer();
  await system.workers.get('w1')!.end();
  const control = await TcpProxy.to(system.ports.control);
  const log = await TcpProxy.to(system.ports.log);
  try {
    system.startWorker('w1', { ports: { control: control.port, log: log.port } });
    const id = await startJob('network cut');
    control.cut();
    log.cut();
    await pause(20_000);
    control.restore();
    log.restore();
    await passedWhole(id);
  } finally {
    await system.workers.get('w1')!.end();
    await control.close();
    await log.close();
  }
});

test('a dead dispatcher ends its job as Infrastructure and frees the device', async () => {
  const id = await startJob('dispatcher killed');
  const pid = await dispatcherOf(id);
  process.kill(pid, 'SIGKILL');
  expect(await finished(system, id, 10)).toMatchObject({ health: 'Incomplete', error_type: 'Infrastructure' });
  await waitUntil('the device to be idle', async () => (await system.api<{ state: string }>('/api/v1/devices/qemu01')).state === 'Idle', 10);
  expect((await job(system, id)).error_msg).toBeTruthy();
});

test('a dead worker machine ends its job within the lease', async () => {
  await system.server!.end();
  await system.startServer(withShortLease);
  await system.api('/api/v1/devices/qemu01/health', { health: 'Good', reason: 'next test' });
  const id = await startJob('machine dead');
  const pid = await dispatcherOf(id);
  await system.workers.get('w1')!.end('SIGKILL');
  process.kill(-pid, 'SIGKILL');
  expect(await finished(system, id, shortLease + 10)).toMatchObject({ health: 'Incomplete', error_type: 'Infrastructure' });

  // When the machine is back, what is left of the attempt is ended and its folder goes.
  const attempts = join(system.root, 'var/lib/lava/dispatcher/worker/attempts');
  expect(await readdir(attempts)).toHaveLength(1);
  system.startWorker('w1');
  await waitUntil('the old attempt to be cleared away', async () => (await readdir(attempts)).length === 0);
});
