import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { sleep } from '@lava/base';
import { loadYaml } from '@lava/yaml';
import { processesWithEnvironment, processId } from './process/process-tree.ts';
import { finishDeadRun } from './finish-dead-run.ts';
import { FakeBoard, friendlyBoard, login } from './testing/fake-board.ts';

// The program as the worker starts it: built, in a process of its own.

const program = fileURLToPath(new URL('../../worker/dist/lava-run.js', import.meta.url));
let board: FakeBoard;
afterEach(() => board.remove());

function start(actions: readonly Readonly<Record<string, unknown>>[], options: readonly string[] = []): ChildProcess {
  mkdirSync(board.path('output'), { recursive: true });
  for (const [name, text] of [['job.yaml', board.jobYaml(actions)], ['device.yaml', board.deviceYaml]] as const) writeFileSync(board.path(`output/${name}`), text);
  const child = spawn(process.execPath, [program, '--job-id', '43', '--output-dir', board.path('output'), `--device=${board.path('output/device.yaml')}`, ...options, board.path('output/job.yaml')], {
    stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, LAVA_ROOT: board.folder, LAVA_ATTEMPT: board.path('output') },
  });
  const { startTime } = processId(child.pid ?? 0) ?? {};
  writeFileSync(board.path('output/process.json'), JSON.stringify({ pid: child.pid, started: startTime }));
  return child;
}

const logs = () => (existsSync(board.path('output/logs.yaml')) ? readFileSync(board.path('output/logs.yaml'), 'utf8') : '');
const records = () => logs().split('\n').filter(Boolean).map((l) => JSON.parse(l.slice(2)) as { lvl: string; msg: unknown });
async function logged(text: string): Promise<void> {
  while (!logs().includes(text)) await sleep(10);
}
const result = () => loadYaml(readFileSync(board.path('output/result.yaml'), 'utf8'));
const left = () => processesWithEnvironment({ LAVA_ATTEMPT: board.path('output') });

const sleepy = "echo 'Linux version 6'; sleep 60";

test('exits with 0 for a job that passed, and says nothing on stderr', async () => {
  board = new FakeBoard(friendlyBoard);
  const child = start([{ boot: login }]);
  let errors = '';
  child.stderr?.on('data', (d) => { errors += d; });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(errors).toBe('');
  expect(left()).toEqual([]);
});

test('SIGTERM cancels', async () => {
  board = new FakeBoard(sleepy);
  const child = start([{ boot: login }]);
  await logged('Linux version 6"');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(result()).toMatchObject({ definition: 'lava', case: 'job', result: 'fail', error_msg: 'The job was canceled', error_type: 'Canceled', error_code: 'canceled' });
  expect(existsSync(board.path('off'))).toBe(true);
  expect(left()).toEqual([]);
});

test('--validate runs nothing', async () => {
  board = new FakeBoard(friendlyBoard);
  expect(await once(start([{ boot: login }], ['--validate']), 'exit')).toEqual([0, null]);
  expect(records().map((r) => r.msg)).not.toContain('start: 1 minimal-boot');
  expect(existsSync(board.path('off'))).toBe(false);
});

test('a missing option is told, with exit status 2', async () => {
  board = new FakeBoard(friendlyBoard);
  const child = spawn(process.execPath, [program, '--job-id', '1', 'job.yaml'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [text] = await once(child.stderr, 'data');
  expect(String(text)).toContain('--output-dir is missing');
  expect(await once(child, 'exit')).toEqual([2, null]);
});

test('what a killed lava-run left open is completed, once', async () => {
  board = new FakeBoard(sleepy);
  const child = start([{ boot: login }]);
  await logged('Linux version 6"');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(left().length).toBeGreaterThan(0);
  appendFileSync(board.path('output/logs.yaml'), '- {"dt": "2026-01-01T00:0');
  const scratch = readFileSync(board.path('output/scratch'), 'utf8');
  expect(readdirSync(scratch)).toContain('logs.yaml');

  const dead = { outputDir: board.path('output'), reason: 'killed by signal 9' };
  expect(await finishDeadRun(dead)).toEqual({ poweredOff: true });
  const message = 'The dispatcher process died before the end of the job: killed by signal 9';
  const job = { definition: 'lava', case: 'job', result: 'fail', error_msg: message, error_type: 'Infrastructure', error_code: 'dispatcher-died' };
  expect(result()).toEqual(job);
  expect(records().at(-1)).toMatchObject({ lvl: 'results', msg: job });
  expect(records().filter((r) => r.lvl === 'error').map((r) => r.msg)).toEqual([message, expect.stringMatching(/^InfrastructureError: /)]);
  expect(existsSync(board.path('off'))).toBe(true);
  expect(left()).toEqual([]);
  expect(existsSync(scratch)).toBe(false);
  expect(existsSync(board.path('output/scratch'))).toBe(false);

  const before = logs();
  expect(await finishDeadRun(dead)).toEqual({ poweredOff: true });
  expect(logs()).toBe(before);
});

test('a death is completed also when the job has secrets of any shape', async () => {
  board = new FakeBoard(sleepy);
  const child = start([{ boot: login }]);
  await logged('Linux version 6"');
  child.kill('SIGKILL');
  await once(child, 'exit');
  writeFileSync(board.path('output/job.yaml'), board.jobYaml([{ boot: login }], { secrets: { TOKEN: { of: ['any', { shape: 1 }] } } }));
  expect(await finishDeadRun({ outputDir: board.path('output'), reason: 'killed' })).toEqual({ poweredOff: true });
});

test("the temporary files of the job's next attempt stay when a dead one is completed late", async () => {
  board = new FakeBoard(sleepy);
  const child = start([{ boot: login }]);
  await logged('Linux version 6"');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const scratch = readFileSync(board.path('output/scratch'), 'utf8');
  rmSync(join(scratch, 'logs.yaml'));
  symlinkSync(board.path('next/logs.yaml'), join(scratch, 'logs.yaml'));
  await finishDeadRun({ outputDir: board.path('output'), reason: 'killed' });
  expect(readdirSync(scratch)).toContain('logs.yaml');
});

test('a power-off that fails or hangs after a death is told', async () => {
  board = new FakeBoard(sleepy, { commands: { power_off: 'sleep 60' }, device: { timeouts: { actions: { 'power-off': { seconds: 1 } }, connections: {} } } });
  const child = start([{ boot: login }]);
  await logged('Linux version 6"');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const dead = { outputDir: board.path('output'), reason: 'killed' };
  expect(await finishDeadRun(dead)).toEqual({ poweredOff: false });
  expect(await finishDeadRun(dead)).toEqual({ poweredOff: false });
  expect(left()).toEqual([]);
});
