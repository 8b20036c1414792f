import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/lava.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lava-testbed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = { PATH: process.env['PATH'], LAVA_ROOT: folder };
const lava = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'testbed', ...args], { encoding: 'utf8', env });
  return { status, text: stdout + stderr };
};
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const job = put('job.yaml', `
job_name: try a board
device_type: beaglebone-black
visibility: public
timeouts: {job: {minutes: 1}, action: {seconds: 20}, actions: {login-action: {seconds: 5}}}
actions:
- boot: {method: minimal, prompts: ['root@board:'], auto_login: {login_prompt: 'login:', username: root}}
`);

test('without a board it says which there are, and what can break', () => {
  expect(lava()).toMatchObject({ status: 0, text: expect.stringMatching(/^ {2}linux .*[\s\S]*^ {2}u-boot .*[\s\S]*^ {2}garbage /m) });
});

test("a job runs on a board, and with a board's fault the exit status and the reason tell", () => {
  expect(lava('linux', '--job', job)).toMatchObject({ status: 0, text: expect.stringContaining('Complete') });
  expect(lava('linux', '--job', job, '--fault', 'panic@userspace')).toMatchObject({ status: 1, text: expect.stringContaining('Kernel panic - not syncing') });
});

test('a device dictionary is tried on a board of its own', () => {
  const board = put('mine.yaml', `
name: mine
stages:
- {name: boot, print: "\\nLinux version 5.0\\n"}
- {name: login, prompt: 'my login: ', commands: [{match: root, goto: shell}]}
- {name: shell, prompt: 'root@board:~# '}
`);
  const dictionary = put('bbb01.jinja2', "{% extends 'beaglebone-black.jinja2' %}\n");
  expect(lava(board, '--device', dictionary, '--job', job)).toMatchObject({ status: 0, text: expect.stringContaining('telnet 127.0.0.1') });
});

test('what is wrong is said', () => {
  expect(lava('no-such-board')).toMatchObject({ status: 2, text: expect.stringContaining("There is no board 'no-such-board'") });
  expect(lava('linux', '--fault', 'gremlins')).toMatchObject({ status: 1, text: expect.stringContaining("'gremlins' is no fault") });
  const bad = put('bad.yaml', 'name: bad\nstages:\n- {name: a, next: b, colour: red}\n');
  expect(lava(bad)).toMatchObject({ status: 1, text: expect.stringContaining("stage 'a' has the unknown key 'colour'; stage 'a' leads to 'b', which is no stage") });
});

test('it stays until it is ended', async () => {
  const child = spawn(process.execPath, [program, 'testbed', 'u-boot'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  await new Promise<void>((resolve) => { child.stdout.on('data', (piece: Buffer) => { text += piece.toString(); if (text.includes('Ctrl-C')) resolve(); }); });
  expect(text).toMatch(/{% set connection_command = "telnet 127\.0\.0\.1 \d+" %}/);
  child.kill('SIGINT');
  expect(await new Promise((resolve) => { child.on('exit', resolve); })).toBe(0);
});
