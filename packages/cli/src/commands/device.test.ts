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
const bad = put('bbb03.jinja2', "{% extends 'beaglebone-black.jinja2' %}\n{% set connection_command = 'x' %}\n{% set power_off_command = 4711 %}\n");

test('render prints what jobs get', () => {
  const { status, stdout } = lava('render', good, '-c', 'extra_kernel_args=quiet');
  expect(status).toBe(0);
  expect(loadYaml(stdout)).toMatchObject({ hostname: 'bbb01', devicetype: 'beaglebone-black', commands: { connect: 'telnet ser1 7001' } });
  expect(stdout).toContain(',tcp,hard quiet ip=dhcp');
});

test('check shows the line that is wrong', () => {
  const { status, stdout } = lava('check', good, bad);
  expect(status).toBe(1);
  expect(stdout).toContain(`${good}: valid\n`);
  expect(stdout).toContain(`${bad}:3:28: error: device bbb03: its configuration is wrong: commands.power_off must be a command`);
  expect(stdout).toContain('    {% set power_off_command = 4711 %}\n                               ^\n    put quotes around it');
  expect(lava('check', put('x.jinja2', "{% extends 'beaglebone-blak.jinja2' %}"))).toMatchObject({ status: 1, stdout: expect.stringContaining('Did you mean "beaglebone-black"?') });
});

test('diff shows keys, and what other device types would change', () => {
  expect(lava('diff', good, other)).toEqual({ status: 1, stderr: '', stdout: 'commands/connect\n  - "telnet ser1 7001"\n  + "telnet ser1 7002"\ncommands/power_on\n  + "on 2"\n' });
  expect(lava('diff', good, good)).toMatchObject({ status: 0, stdout: '' });
  const types = mkdtempSync(join(folder, 'types-'));
  writeFileSync(join(types, 'beaglebone-black.jinja2'), "{% extends 'base-uboot.jinja2' %}\n{% set board = {'arch': 'arm', 'console': 'ttyO0', 'prompt': '=>'} %}\n");
  const { stdout } = lava('diff', good, '--with', types);
  expect(stdout).toContain('actions/boot/methods/u-boot/parameters/bootloader_prompt\n  - "U-Boot"\n  + "=>"\n');
  expect(lava('diff', good)).toMatchObject({ status: 2, stderr: expect.stringContaining('nothing to compare with') });
});
