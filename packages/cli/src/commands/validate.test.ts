import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/lava.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lava-validate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

function lava(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout } = spawnSync(process.execPath, [program, 'validate', ...args], { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } });
  return { status, stdout };
}

const good = `job_name: first light
device_type: qemu
visibility: public
timeouts:
  job: {minutes: 10}
actions:
- deploy: {to: overlay}
`;
const bad = good.replace('first light', '2024-01-01').replace('visibility: public', 'visibilty: public').replace('minutes: 10', 'minuts: 10');
const tests = 'metadata: {format: Lava-Test Test Definition 1.0, name: a}\nrun: {steps: [true]}\n';

test('three mistakes: three places, three carets, three hints', () => {
  const { status, stdout } = lava([put('job.yaml', bad)]);
  expect(status).toBe(1);
  expect(stdout).toBe(`job.yaml:1:11: error: "job_name" must be a text, not the date 2024-01-01 [wrong-type]
    job_name: 2024-01-01
              ^^^^^^^^^^
    Quote it, so that YAML takes it for a text.
job.yaml:3:1: error: unknown key "visibilty" [unknown-key]
    visibilty: public
    ^^^^^^^^^
    Did you mean "visibility"?
job.yaml:5:9: error: unknown key "minuts" in "job" [unknown-key] at timeouts.job.minuts
      job: {minuts: 10}
            ^^^^^^
    Did you mean "minutes"?
job.yaml: no valid job, 3 errors
`);
});

test('colours on a terminal only', () => {
  expect(lava(['job.yaml']).stdout).not.toContain('\u001b');
  const { stdout } = spawnSync('script', ['-qec', `${process.execPath} ${program} validate job.yaml`, '/dev/null'], { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'], TERM: 'xterm' } });
  expect(stdout).toContain('\u001b[31m^^^^^^^^^^\u001b[39m');
});

test('--json is for programs', () => {
  const { status, stdout } = lava([put('good.yaml', good), 'job.yaml', '--json']);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject([
    { file: 'good.yaml', kind: 'job', valid: true, problems: [] },
    { file: 'job.yaml', valid: false, problems: [{ severity: 'error', code: 'wrong-type', line: 1, column: 11, path: ['job_name'], hint: expect.any(String) }, {}, {}] },
  ]);
});

test('test definitions are recognised, or named', () => {
  const recognised = lava([put('tests.yaml', tests)]);
  expect(recognised.stdout).toContain('tests.yaml:2:15: error: entry 1 of "steps" must be a text, not true [wrong-type] at run.steps[0]\n');
  expect(recognised.stdout).toContain('tests.yaml: no valid test definition, 1 error\n');
  expect(lava(['--testdef', put('bare.yaml', 'metadata: {format: Lava-Test Test Definition 1.0}\n')]).stdout).toContain('"name" is missing in "metadata"');
});

test('warnings fail with --strict only', () => {
  const file = put('warned.yaml', good.replace('{to: overlay}', '{to: overlay, os: debain}'));
  expect(lava([file])).toMatchObject({ status: 0, stdout: expect.stringContaining('warned.yaml: valid job, 1 warning') });
  expect(lava(['--strict', file]).status).toBe(1);
});
