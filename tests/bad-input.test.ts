import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import type { Problem } from '@lava/job';
import type { LavaSystem } from '@lava/testbed';
import { guest, ramdiskJob } from './support/jobs.ts';
import { finished, startSystem, stopSystem, submit } from './support/system.ts';

// What people get wrong, and what hostile people try: each is answered with its place and what to do, and the server
// goes on answering others.

let system: LavaSystem;
let valid: string;

beforeAll(async () => {
  system = await startSystem();
  valid = ramdiskJob(await guest(), ['true']);
});
afterAll(() => stopSystem(system));

async function refused(definition: string): Promise<{ status: number; message: string; hint?: string; problems: Problem[] }> {
  const response = await fetch(`${system.url}/api/v1/jobs`, {
    method: 'POST', headers: { authorization: `Token ${system.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ definition }),
  });
  const { error } = (await response.json()) as { error: { message: string; hint?: string; problems?: Problem[] } };
  expect((await fetch(`${system.url}/healthz`)).status).toBe(200);
  return { status: response.status, problems: [], ...error };
}

test('broken YAML: line and column', async () => {
  const { status, problems } = await refused('job_name: x\nactions:\n  - deploy: {to: tmpfs\ntimeouts: {}\n');
  expect(status).toBe(400);
  expect(problems[0]).toMatchObject({ severity: 'error', line: expect.any(Number), column: expect.any(Number) });
  expect(problems[0]!.line).toBeGreaterThanOrEqual(3);
});

test('an unknown key: its place and the nearest valid one', async () => {
  const definition = valid.replace('"visibility"', '"visiblity"');
  const { status, problems } = await refused(definition);
  expect(status).toBe(400);
  const unknown = problems.find((p) => p.path.join('.') === 'visiblity');
  expect(unknown).toMatchObject({ line: definition.split('\n').findIndex((l) => l.includes('visiblity')) + 1 });
  expect(JSON.stringify(problems)).toContain('visibility');
});

test('wrong types: all of them at once, each with its place', async () => {
  const { problems } = await refused('job_name: [1]\ndevice_type: qemu\nvisibility: public\ntimeouts: 5\nactions: none\n');
  for (const key of ['job_name', 'timeouts', 'actions']) expect(problems.find((p) => p.path[0] === key)).toMatchObject({ severity: 'error', line: expect.any(Number) });
});

test('a definition of 2 MB', async () => {
  const { status, message } = await refused(`${valid}\n# ${'x'.repeat(2 << 20)}`);
  expect([400, 413]).toContain(status);
  expect(message.length).toBeGreaterThan(10);
});

test('a YAML alias bomb', async () => {
  const levels = 'abcdefghijk'.split('');
  const bomb = levels.map((l, i) => `${l}: &${l} [${i === 0 ? '"lol"' : Array<string>(10).fill(`*${levels[i - 1]}`).join(', ')}]`).join('\n');
  const { status, problems, message } = await refused(`${bomb}\njob_name: *k\n`);
  expect(status).toBe(400);
  expect(problems[0]?.message ?? message).toMatch(/alias|large|limit/i);
});

test('nesting a hundred thousand deep', async () => {
  const { status } = await refused(`job_name: ${'['.repeat(100_000)}`);
  expect(status).toBe(400);
});

test('no mapping, nothing, binary', async () => {
  for (const definition of ['', '[]', 'just words', '\u0000\u0001\u0002', 'null']) expect((await refused(definition)).status).toBe(400);
});

test('a device template that loops for ever: template and line, and its job fails for the configuration', async () => {
  await writeFile(join(lavaPaths(system.root).dispatcherConfig, 'devices/qemu01.jinja2'),
    "{% extends 'qemu.jinja2' %}\n{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}\n");
  const checked = await system.manage('devices', 'check', 'qemu01').then((out) => out, (error: { stdout: string; stderr: string }) => error.stdout + error.stderr);
  expect(checked).toMatch(/qemu01\.jinja2, line 2/);

  system.startWorker('w1');
  const end = await finished(system, await submit(system, valid));
  expect(end).toMatchObject({ health: 'Incomplete', error_type: 'Configuration' });
  expect(end.error_msg).toMatch(/line 2/);
});
