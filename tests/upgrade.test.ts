import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { programFile, project, waitUntil, type LavaSystem } from '@lava/testbed';
import { finished, job, log, startSystem, stopSystem, submit } from './support/system.ts';

// Server and workers are upgraded one after the other while jobs run. The older worker is the program of that time, here with
// a stand-in for lava-run or, where that is said, with today's.

const fakeRun = join(project, 'packages/testbed/assets/fake-run/lava-run.mjs');

/** A device that is a shell of the worker's machine. */
const shellDevice = `
commands: {connect: sh -i, hard_reset: 'true', power_off: 'true'}
constants: {failure_retry: 1, boot_retry: 1, deploy_retry: 1, shutdown-message: x, kernel-start-message: '', default-shell-prompt: '# '}
timeouts: {actions: {}, connections: {}}
parameters: {}
actions: {deploy: {methods: {}}, boot: {methods: {minimal: {}}, connections: {serial: null}}}
`;
const shellJob = `
{job_name: a shell, device_type: local, visibility: public, timeouts: {job: {minutes: 2}, action: {minutes: 1}, connection: {minutes: 1}}, actions: [
  {boot: {method: minimal, prompts: ['# ']}}, {test: {interactive: [{name: hello, prompts: ['# '], script: [{command: echo alone, name: one}]}]}}]}
`;
let system: LavaSystem;
let older: ChildProcess | undefined;

beforeAll(async () => {
  system = await startSystem();
  await system.addDevice('shell01', 'w1', 'local', shellDevice);
});
afterEach(async () => {
  await stopOlder();
  await system.workers.get('w1')?.end();
});
afterAll(() => stopSystem(system));

function startOlder(version: number, run = fakeRun): void {
  const output = openSync(join(system.root, 'older-worker.log'), 'a');
  older = spawn(process.execPath, [
    join(project, `packages/testbed/assets/older/lava-${version}.mjs`), '--root', system.root, '--hostname', 'w1', '--log-file', '-', '--level', 'DEBUG', '--lava-run', run,
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

/** A group of one, which does what its plan says. */
async function submitGroup(plan: object): Promise<number> {
  const role = (count: number) => ({ device_type: 'qemu', count, context: { arch: 'amd64' }, timeout: { minutes: 2 } });
  const [first] = (await system.api<{ job_ids: (number | string)[] }>('/api/v1/jobs', { definition: JSON.stringify({
    ...JSON.parse(definition(plan, { protocols: { 'lava-multinode': { roles: { only: role(1) }, timeout: { minutes: 1 } } } })) as object,
    device_type: undefined, context: undefined, actions: [{ deploy: { role: ['only'], to: 'tmpfs', images: { kernel: { url: 'file:///dev/null' } } } }],
  }) })).job_ids;
  return Number(String(first).split('.')[0]);
}

interface Worker { readonly state: string; readonly status: { readonly disk: { readonly free: number; readonly total: number } } | null }
const worker = () => system.api<Worker>('/api/v1/workers/w1');
const goodDevice = async () => expect(await system.api('/api/v1/devices/qemu01')).toMatchObject({ state: 'Idle', health: 'Good' });

describe.each([4, 5])('a worker of version %i', (version) => {
  test('runs a job on this server, through a restart of the server', async () => {
    startOlder(version);
    const id = await submit(system, definition({ lines: 100, pause: 30 }));
    await shown(id, 5);
    await system.server!.end('SIGTERM');
    await system.startServer();
    expect(await finished(system, id)).toMatchObject({ health: 'Complete' });
    expect(await lines(id)).toEqual(upTo(100));
    await goodDevice();
  });

  test('runs a job with the lava-run of today', async () => {
    startOlder(version, programFile({ package: 'worker', name: 'lava-run' }));
    const id = await submit(system, shellJob);
    expect(await finished(system, id, 60)).toMatchObject({ health: 'Complete', device: 'shell01' });
    expect((await log(system, id)).filter((r) => r.lvl === 'results').map((r) => r.msg)).toContainEqual(expect.objectContaining({ definition: '0_hello', case: 'one', result: 'pass' }));
  });

  test('is replaced by this one in the middle of a job, which passes', async () => {
    startOlder(version);
    const id = await submit(system, definition({ lines: 100, pause: 30 }));
    await shown(id, 5);
    await stopOlder();
    system.startWorker('w1');
    expect(await finished(system, id)).toMatchObject({ health: 'Complete' });
    expect(await lines(id)).toEqual(upTo(100));
    await goodDevice();
  });
});

test('jobs of a worker of version 5 ask their group', async () => {
  startOlder(5);
  const id = await submitGroup({ ask: { request: 'lava_send', messageID: 'ready', message: { port: '1' } } });
  expect(await finished(system, id)).toMatchObject({ health: 'Complete' });
  expect((await log(system, id)).map((r) => r.msg)).toContain('answer {"call": 0,"answer": {"response": "ack"}}');
});

test('what a worker of version 4 cannot do is said', async () => {
  startOlder(4);
  const id = await submitGroup({ lines: 1 });
  expect(await finished(system, id)).toMatchObject({ health: 'Incomplete', error_type: 'Infrastructure', error_msg: expect.stringMatching(/^Worker w1 is of an older version \(\S+\), which cannot run multinode jobs: upgrade it$/) as string });
  expect(await job(system, id)).toMatchObject({ state: 'Finished' });
});

test('a worker of this version says how it is', async () => {
  system.startWorker('w1');
  const status = await waitUntil('the worker to say so', async () => (await worker()).status ?? undefined);
  expect(status.disk.total).toBeGreaterThan(status.disk.free);
  expect(await system.manage('workers', 'details', 'w1')).toMatch(/^disk +: \d+\.\d GiB of \d+\.\d GiB free$/m);
});
