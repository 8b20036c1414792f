import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { programFile, project, waitUntil, type LavaSystem } from '@lava/testbed';
import { findFile } from './support/find-file.ts';
import { qemuDictionary } from './support/jobs.ts';
import { finished, log, startSystem, stopSystem, submit } from './support/system.ts';

// A worker dies with its job in the middle; the job asks to be tried again, and whoever waits for it sees one job that passes.

const fakeRun = join(project, 'packages/testbed/assets/fake-run/lava-run.mjs');
let system: LavaSystem;
let roots: Readonly<Record<string, string>>;
const told: string[] = [];
const receiver = createServer((request, response) => {
  told.push(request.url ?? '');
  response.end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve); });
  system = await startSystem();
  await system.addWorker('w2');
  await system.addDevice('qemu02', 'w2', 'qemu', qemuDictionary);
  // The server hears soon that a worker is silent, and may tell somebody on this machine of a job.
  mkdirSync(lavaPaths(system.root).serverConfig, { recursive: true });
  writeFileSync(join(lavaPaths(system.root).serverConfig, 'settings.yaml'), 'NOTIFY_ALLOWED_NETWORKS: [127.0.0.0/8]\n');
  await system.server!.end();
  await system.startServer({ env: { LAVA_LEASE_SECONDS: '5' } });
  // A second worker on one machine has a root of its own.
  const second = join(system.root, 'second');
  cpSync(lavaPaths(system.root).certificates, lavaPaths(second).certificates, { recursive: true });
  roots = { w1: system.root, w2: second };
  for (const [worker, root] of Object.entries(roots)) {
    system.startWorker(worker, { root, args: ['--lava-run', fakeRun] });
    await waitUntil(`worker ${worker}`, async () => (await system.api<{ state: string }>(`/api/v1/workers/${worker}`)).state === 'Online' || undefined);
  }
}, 120_000);
afterAll(async () => {
  await stopSystem(system);
  receiver.close();
});

/** `lava submit --follow`: what it printed and its status. */
function follow(definition: string): Promise<{ text: string; status: number | null }> {
  const file = join(system.root, 'job.yaml');
  writeFileSync(file, definition);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [programFile({ package: 'cli', name: 'lava' }), 'submit', '--follow', file], { env: { ...process.env, ...system.cliEnvironment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => { text += String(piece); });
    child.once('error', reject);
    child.once('close', (status) => resolve({ text, status }));
  });
}

const jobWith = (plan: object, more: object) => JSON.stringify({
  job_name: 'tried again', device_type: 'qemu', visibility: 'public', timeouts: { job: { minutes: 5 } }, context: { arch: 'amd64' }, metadata: plan,
  actions: [{ deploy: { to: 'tmpfs', images: { kernel: { url: 'file:///dev/null' } } } }], ...more,
});
const lines = async (id: number) => (await log(system, id)).map((r) => String(r.msg)).filter((text) => /^(?:line|Attempt) /.test(text));

interface Told { readonly device: string; readonly worker: string; readonly attempts: readonly object[]; readonly retry: object }

test('the job of a dead worker runs on another one; clients wait for one number, and are told of one end', async () => {
  const { port } = receiver.address() as AddressInfo;
  const callback = { url: `http://127.0.0.1:${port}/done`, method: 'POST' };
  const following = follow(jobWith({ lines: 40, pause: 100, results: [{ definition: 'suite', case: 'a', result: 'pass' }] }, {
    retry: { reasons: ['lease-expired', 'attempt-lost'] }, notify: { criteria: { status: 'all' }, callbacks: [callback] },
  }));
  const job = await waitUntil('the job to run', async () => ((await lines(1)).length > 2 ? system.api<Told>('/api/v1/jobs/1') : undefined));
  // The machine of the worker is switched off: daemon and run end at once.
  const dead = system.workers.get(job.worker)!;
  await dead.end('SIGKILL');
  const { pid } = JSON.parse(readFileSync(findFile(roots[job.worker]!, 'process.json', '/attempts/1-1'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');

  expect(await finished(system, 1)).toMatchObject({ health: 'Complete', error_type: null });
  const after = await system.api<Told>('/api/v1/jobs/1');
  expect(after.worker).not.toBe(job.worker);
  expect(after).toMatchObject({ retry: { retried: 1, most: 1 }, attempts: [{ number: 1, device: job.device, error_code: 'lease-expired', start_line: 0 }, { number: 2, error_type: null }] });
  const seen = await lines(1);
  const separator = seen.findIndex((text) => text.startsWith('Attempt 1'));
  expect(seen.slice(0, separator)).toEqual(Array.from({ length: separator }, (_, n) => `line ${n}`));
  expect(seen.slice(separator + 1)).toEqual(Array.from({ length: 40 }, (_, n) => `line ${n}`));

  const { text, status } = await following;
  expect(status).toBe(0);
  expect(text).toContain(`attempt 1 on ${job.device} failed (lease-expired:`);
  expect(text.match(/job 1: \S*(?:Complete|complete)/g)).toHaveLength(1);
  // Once that it runs, once that it has ended.
  await waitUntil('the messages', async () => (/waiting/.test(await system.manage('notifications', 'list')) ? undefined : true));
  expect(told).toHaveLength(2);

  // The worker comes back with what it had, and nothing changes.
  const { log_lines: before } = await finished(system, 1);
  system.startWorker(job.worker, { root: roots[job.worker]!, args: ['--lava-run', fakeRun] });
  await waitUntil('the worker to be back', async () => (await system.api<{ state: string }>(`/api/v1/workers/${job.worker}`)).state === 'Online' || undefined);
  const next = await submit(system, jobWith({ lines: 1 }, { device: job.device }));
  expect(await finished(system, next)).toMatchObject({ health: 'Complete' });
  expect(await finished(system, 1)).toMatchObject({ health: 'Complete', log_lines: before });
}, 240_000);
