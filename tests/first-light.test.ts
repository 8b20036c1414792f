import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programFile, project, waitUntil, type LavaSystem } from '@lava/testbed';
import { guest } from './support/jobs.ts';
import { finished, log, startSystem, stopSystem } from './support/system.ts';

// The demo's job through the whole system: server, PostgreSQL, encrypted link, worker, dispatcher, QEMU, a booted kernel.

let system: LavaSystem;
let images: Server;
let id: number;
let result: { health: string; suites: { name: string; cases: { name: string; result: string; measurement: string | null; units: string; set: string | null }[] }[] };

beforeAll(async () => {
  const { folder } = await guest();
  images = createServer((request, response) => createReadStream(join(folder, basename(request.url!))).pipe(response));
  await new Promise<void>((resolve) => images.listen(0, '127.0.0.1', resolve));
  system = await startSystem();
  system.startWorker('w1');
  const { port } = images.address() as AddressInfo;
  const definition = (await readFile(join(project, 'demo/job.yaml'), 'utf8')).replaceAll('GUEST/', `http://127.0.0.1:${port}/`);
  const answer = await system.api<{ job_ids: number[]; warnings: unknown[] }>('/api/v1/jobs', { definition });
  expect(answer.warnings).toEqual([]);
  id = answer.job_ids[0]!;
  await finished(system, id);
  // `lava results` exits with 1 as one case fails on purpose.
  const printed = await system.lava('results', String(id), '--json').catch((error: { stdout: string }) => error.stdout);
  result = JSON.parse(printed) as typeof result;
}, 300_000);

afterAll(async () => {
  images.close();
  await stopSystem(system);
});

const cases = (suite: string) => result.suites.find((s) => s.name === suite)!.cases;

test('the job is Complete though a case failed', () => {
  expect(result.health).toBe('Complete');
});

test('the cases arrive in order with their results, units and sets', () => {
  const number = expect.stringMatching(/^\d+(\.\d+)?$/);
  const row = (name: string, outcome: string, more: object = {}) => expect.objectContaining({ name, result: outcome, measurement: null, units: '', set: null, ...more });
  expect(cases('0_smoke')).toEqual([
    row('linux', 'pass'),
    row('this-one-fails', 'fail'),
    row('not-here', 'skip'),
    row('who-knows', 'unknown'),
    row('uptime', 'pass', { measurement: number, units: 'seconds' }),
    row('total', 'pass', { measurement: number, units: 'kB', set: 'memory' }),
    row('free', 'pass', { measurement: number, units: 'kB', set: 'memory' }),
    row('documentation', 'pass'),
    row('two-thousand-lines', 'pass'),
    row('unicode', 'pass'),
  ]);
  expect(cases('0_disk')).toEqual([row('root-is-ext4', 'pass'), row('writable', 'pass')]);
});

test('suite lava reports what it should, ending with the job', () => {
  const names = cases('lava').map((c) => c.name);
  expect(names[0]).toBe('validate');
  expect(names.at(-1)).toBe('job');
  for (const name of ['http-download', 'test-overlay', 'login-action', '0_smoke', '0_disk', 'power-off']) expect(names).toContain(name);
  expect(cases('lava').filter((c) => c.result !== 'pass')).toEqual([]);
});

test('the two thousand lines and the unicode text are in the log, once and in order', async () => {
  const console = (await log(system, id)).filter((r) => r.lvl === 'target').map((r) => String(r.msg));
  const numbered = console.filter((l) => /^line \d+ of 2000$/.test(l));
  expect(numbered).toEqual(Array.from({ length: 2000 }, (_, i) => `line ${i + 1} of 2000`));
  expect(console).toContain('Grüße, 世界, привет, 🎉');
});

test('the log reads as LAVA’s does', async () => {
  const records = await log(system, id);
  const texts = records.map((r) => (typeof r.msg === 'string' ? r.msg : JSON.stringify(r.msg)));
  expect(texts[0]).toMatch(/^lava-dispatcher, installed at version: /);
  expect(texts[1]).toMatch(/^start: 0 validate$/);
  for (const shape of [
    /^start: 1 deployimages \(timeout \d\d:\d\d:\d\d\) \[ramdisk\]$/, /^end: 1 deployimages \(duration \d\d:\d\d:\d\d\) \[ramdisk\]$/,
    /^start: 2 boot-image-retry \(timeout/, /^start: 7 finalize \(timeout/, /^Job finished correctly$/,
  ]) expect(texts.some((t) => shape.test(t)), String(shape)).toBe(true);
  expect(records.at(-1)).toMatchObject({ lvl: 'results', msg: { definition: 'lava', case: 'job', result: 'pass' } });
});

test('the same job runs without a server: lava run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lava-run-'));
  try {
    await cp(join(system.root, 'etc/lava-server/dispatcher-config/devices/qemu01.jinja2'), join(folder, 'board.jinja2'));
    const { port } = images.address() as AddressInfo;
    const job = (await readFile(join(project, 'demo/job.yaml'), 'utf8')).replaceAll('GUEST/', `http://127.0.0.1:${port}/`);
    await import('node:fs/promises').then((fs) => fs.writeFile(join(folder, 'job.yaml'), job));
    const status = await new Promise<number>((resolve) => {
      execFile(process.execPath, [programFile({ package: 'cli', name: 'lava' }), 'run', 'job.yaml', '--device', 'board.jinja2', '--output-dir', 'out'],
        { cwd: folder, env: { ...process.env, LAVA_ROOT: folder }, maxBuffer: 64 << 20 }, (error) => resolve(error ? Number(error.code) : 0));
    });
    expect(status).toBe(0);
    expect(await readFile(join(folder, 'out/result.yaml'), 'utf8')).toContain('result: pass');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the device is idle again and the worker keeps nothing of the job', async () => {
  const device = await system.api<{ state: string; job: number | null }>('/api/v1/devices/qemu01');
  expect(device).toMatchObject({ state: 'Idle', job: null });
  await waitUntil('the attempt to be removed', async () => {
    const { readdir } = await import('node:fs/promises');
    return (await readdir(join(system.root, 'var/lib/lava/dispatcher/worker/attempts'))).length === 0;
  });
});
