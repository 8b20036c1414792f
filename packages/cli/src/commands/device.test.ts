import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';

const program = fileURLToPath(new URL('../../dist/lava.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lava-devices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const lava = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'device', ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'], LAVA_ROOT: folder } });
  return { status, stdout, stderr };
};

const good = put('bbb01.jinja2', "{% extends 'beaglebone-black.jinja2' %}\n{% set connection_command = 'telnet ser1 7001' %}\n");
const other = put('bbb02.jinja2', "{% extends 'beaglebone-black.jinja2' %}\n{% set connection_command = 'telnet ser1 7002' %}\n{% set power_on_command = 'on 2' %}\n");
const bad = put('bbb03.jinja2', "{% extends 'beaglebone-black.jinja2' %}\n{% set connection_command = 'x' %}\n{% set power_off_command = 4711 %}\n{% set failure_retry = 'twice' %}\n");

const complete = put('bbb04.jinja2', "{% extends 'beaglebone-black.jinja2' %}\n{% set connection_command = 'x' %}\n{% set hard_reset_command = 'r' %}\n{% set power_off_command = 'o' %}\n");

test('render prints what jobs get', () => {
  const { status, stdout } = lava('render', good, '-c', 'extra_kernel_args=quiet');
  expect(status).toBe(0);
  expect(loadYaml(stdout)).toMatchObject({ hostname: 'bbb01', devicetype: 'beaglebone-black', commands: { connect: 'telnet ser1 7001' } });
  expect(stdout).toContain(',tcp,hard quiet ip=dhcp');
});

test('check shows the line that is wrong', () => {
  const { status, stdout } = lava('check', good, bad);
  expect(status).toBe(1);
  expect(stdout).toContain(`${good}: warning: there is no command that switches the board off`);
  expect(stdout).toContain(`${bad}:3:28: error: commands.power_off must be a command, or a list of commands, not the number 4711 [device-configuration]\n`);
  expect(stdout).toContain('    {% set power_off_command = 4711 %}\n                               ^\n    if a text is meant, put quotes around it');
  expect(stdout).toContain(`${bad}:4:25: warning: constants.failure_retry must be a whole number, not the text "twice" [wrong-type]\n`);
  expect(lava('check', put('x.jinja2', "{% extends 'beaglebone-blak.jinja2' %}"))).toMatchObject({ status: 1, stdout: expect.stringContaining('Did you mean "beaglebone-black"?') });
});

test('check shows the line of a device type, and takes rendered configurations', () => {
  put('my-board.jinja2', "{% extends 'base-uboot.jinja2' %}\n{% set soft_reboot_command = 7 %}\n");
  const { status, stdout } = lava('check', put('b01.jinja2', "{% extends 'my-board.jinja2' %}\n{% set connection_command = 'x' %}\n"));
  expect(status).toBe(1);
  expect(stdout).toContain('my-board.jinja2:2:30: error: commands.soft_reboot must be');
  expect(stdout).toContain('    {% set soft_reboot_command = 7 %}\n                                 ^\n');
  const rendered = put('r.yaml', lava('render', complete).stdout);
  expect(lava('check', complete, rendered)).toEqual({ status: 0, stderr: '', stdout: `${complete}: valid\n${rendered}: valid\n` });
  expect(lava('check', put('s.yaml', 'commands: {conect: x}')).stdout).toMatch(/s\.yaml:1:12: warning: unknown key "conect" in commands \[unknown-key\].*\n.*\n.*\n {4}Did you mean "connect"\?/);
});

test('warnings count with --strict, and all is told as JSON', () => {
  expect(lava('check', good).status).toBe(0);
  expect(lava('check', '--strict', good).status).toBe(1);
  const { stdout } = spawnSync(process.execPath, [program, 'device', 'check', '--json', good, bad], { encoding: 'utf8', env: { PATH: process.env['PATH'], LAVA_ROOT: folder } });
  expect(JSON.parse(stdout)).toMatchObject([
    { file: good, valid: true, problems: [{ severity: 'warning', code: 'missing-command' }, { severity: 'warning' }] },
    { file: bad, valid: false, problems: [{ severity: 'error', path: ['commands', 'power_off'], at: { file: 'bbb03.jinja2', line: 3, column: 28 } }, {}, {}] },
  ]);
});

test('diff shows keys, and what other device types would change', () => {
  expect(lava('diff', good, other)).toEqual({ status: 1, stderr: '', stdout: 'commands/connect\n  - "telnet ser1 7001"\n  + "telnet ser1 7002"\ncommands/power_on\n  + "on 2"\n' });
  expect(lava('diff', good, good)).toMatchObject({ status: 0, stdout: '' });
  const types = mkdtempSync(join(folder, 'types-'));
  writeFileSync(join(types, 'beaglebone-black.jinja2'), "{% extends 'base-uboot.jinja2' %}\n{% set board = {'arch': 'arm', 'console': 'ttyO0', 'prompt': '=>'} %}\n");
  const { stdout } = lava('diff', good, '--with', types);
  expect(stdout).toContain('actions/boot/methods/u-boot/parameters/bootloader_prompt\n  - "U-Boot"\n  + "=>"\n');
  expect(lava('diff', good)).toMatchObject({ status: 2, stderr: expect.stringContaining('nothing to compare with') });
  expect(lava('diff', good, bad)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('commands.power_off must be a command') });
});
