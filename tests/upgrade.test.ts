import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { project, waitUntil, type LavaSystem } from '@lava/testbed';
import { finished, job, log, startSystem, stopSystem, submit } from './support/system.ts';

// Server and workers are upgraded one after the other while jobs run. The older worker is the program of that time.

const olderWorker = join(project, 'packages/testbed/assets/older/lava-4.mjs');
const fakeRun = join(project, 'packages/testbed/assets/fake-run/lava-run.mjs');
let system: LavaSystem;
let older: ChildProcess | undefined;

beforeAll(async () => { system = await startSystem(); });
afterEach(async () => {
  await stopOlder();
  await system.workers.get('w1')?.end();
});
afterAll(() => stopSystem(system));

function startOlder(): void {
  const output = openSync(join(system.root, 'older-worker.log'), 'a');
  older = spawn(process.execPath, [
    olderWorker, '--root', system.root, '--hostname', 'w1', '--log-file', '-', '--level', 'DEBUG', '--lava-run', fakeRun,
    '--master', `tcp://127.0.0.1:${system.ports.control}`, '--socket-addr', `tcp://127.0.0.1:${system.ports.log}`,
  ], { stdio: ['ignore', output, output] });
  closeSync(output);
}

async function stopOlder(): Promise<void> {
  if (!older || older.exitCode !== null || older.signalCode !== null) return;
  const ended = new Promise((resolve) => { older!.once('exit', resolve); });
  older.kill('SIGTERM');
  await ended;
}

/** A job of the stand-in for lava-run, which does what its plan says. */
const definition = (plan: object, more: object = {}) => JSON.stringify({
  job_name: 'upgrade', device_type: 'qemu', visibility: 'public', timeouts: { job: { minutes: 5 }, action: { minutes: 2 } }, context: { arch: 'amd64' }, metadata: plan,
  actions: [{ deploy: { to: 'tmpfs', images: { kernel: { url: 'file:///dev/null' } } } }], ...more,
});

const lines = async (id: number) => (await log(system, id)).flatMap((r) => (typeof r.msg === 'string' ? /^line (\d+)/.exec(r.msg)?.[1] ?? [] : [])).map(Number);
const shown = (id: number, n: number) => waitUntil(`line ${n} of job ${id}`, async () => (await lines(id)).includes(n));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test('an older worker runs a job on this server, through a restart of the server', async () => {
  startOlder();
  const id = await submit(system, definition({ lines: 100, pause: 30 }));
  await shown(id, 5);
  await system.server!.end('SIGTERM');
  await system.startServer();
  expect(await finished(system, id)).toMatchObject({ health: 'Complete' });
  expect(await lines(id)).toEqual(upTo(100));
  expect(await system.api('/api/v1/devices/qemu01')).toMatchObject({ state: 'Idle', health: 'Good' });
});

test('an older worker is replaced by this one in the middle of a job, which passes', async () => {
  startOlder();
  const id = await submit(system, definition({ lines: 100, pause: 30 }));
  await shown(id, 5);
  await stopOlder();
  system.startWorker('w1');
  expect(await finished(system, id)).toMatchObject({ health: 'Complete' });
  expect(await lines(id)).toEqual(upTo(100));
  expect(await system.api('/api/v1/devices/qemu01')).toMatchObject({ state: 'Idle', health: 'Good' });
});

test('what an older worker cannot do is said', async () => {
  startOlder();
  const role = (count: number) => ({ device_type: 'qemu', count, context: { arch: 'amd64' }, timeout: { minutes: 2 } });
  const [first] = (await system.api<{ job_ids: (number | string)[] }>('/api/v1/jobs', { definition: JSON.stringify({
    ...JSON.parse(definition({ lines: 1 }, { protocols: { 'lava-multinode': { roles: { only: role(1) }, timeout: { minutes: 1 } } } })) as object,
    device_type: undefined, context: undefined, actions: [{ deploy: { role: ['only'], to: 'tmpfs', images: { kernel: { url: 'file:///dev/null' } } } }],
  }) })).job_ids;
  const id = Number(String(first).split('.')[0]);
  expect(await finished(system, id)).toMatchObject({ health: 'Incomplete', error_type: 'Infrastructure', error_msg: expect.stringMatching(/^Worker w1 is of an older version \(\S+\), which cannot run multinode jobs: upgrade it$/) as string });
  expect(await job(system, id)).toMatchObject({ state: 'Finished' });
});
