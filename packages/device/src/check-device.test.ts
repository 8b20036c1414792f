import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkConfiguration, checkDevice, deviceJsonSchema, renderDevice } from './index.ts';

const lookup = [fileURLToPath(new URL('../../../device-types', import.meta.url))];
const check = (dictionary: string, templates: Record<string, string> = {}) =>
  checkDevice({ name: 'board01', dictionary, lookup: [new Map(Object.entries(templates)), ...lookup] }).problems;

const whole = "{% extends 'beaglebone-black.jinja2' %}\n{% set connection_command = 'telnet serial1 7003' %}\n{% set hard_reset_command = 'reset' %}\n{% set power_off_command = 'power' %}\n";

describe('checkDevice', () => {
  it('has nothing to say of a good dictionary', () => {
    expect(check(whole)).toEqual([]);
  });

  it('says everything that is wrong at once, each where it was set', () => {
    const found = check(`${whole}{% set power_on_command = 4711 %}\n{% set device_info = [\n  'a board'\n] %}\n{% set spawn_maxread = '' %}{% set failure_retry = 'twice' %}\n`);
    expect(found.map(({ severity, code, path, at }) => [severity, code, path.join('.'), at?.line, at?.column])).toEqual([
      ['error', 'device-configuration', 'commands.power_on', 5, 27],
      ['error', 'device-configuration', 'device_info.0', 6, 22],
      ['warning', 'wrong-type', 'constants.failure_retry', 9, 53],
    ]);
  });

  it('finds the place in the type, not in the dictionary on which everything depends', () => {
    const board = "{# A board #}\n{% extends 'base-uboot.jinja2' %}\n{% set board = {'console': 'ttyS0'} %}\n{% set soft_reboot_command = 1 %}\n";
    expect(check(whole.replace('beaglebone-black', 'board'), { 'board.jinja2': board })).toMatchObject([{ path: ['commands', 'soft_reboot'], at: { file: 'board.jinja2', line: 4, column: 30 } }]);
  });

  it('finds the text that breaks the YAML', () => {
    expect(check(`${whole}{% set pre_os_command = 'a: b: c' %}\n`)).toMatchObject([{ code: 'device-yaml', at: { file: 'board01.jinja2', line: 5 } }]);
  });

  it('knows what was meant by a key', () => {
    const [found] = check(`${whole}{% block parameters %}\nparameters:\n  interfases: {}\n{% endblock %}`);
    expect(found).toMatchObject({ severity: 'warning', code: 'unknown-key', message: 'unknown key "interfases" in parameters', hint: 'Did you mean "interfaces"?', at: { file: 'board01.jinja2', line: 7, column: 3 } });
  });

  it.each([
    ['a console', "{% extends 'beaglebone-black.jinja2' %}", ['there is no way to the console: every job that boots the device fails']],
    ['power', "{% extends 'beaglebone-black.jinja2' %}{% set connection_command = 'x' %}", [expect.stringContaining('no command that resets the board'), expect.stringContaining('switches the board off')]],
    ['a primary connection', whole.replace("{% set connection_command = 'telnet serial1 7003' %}", "{% set connection_list = ['uart0'] %}{% set connection_commands = {'uart0': 'x'} %}"), [expect.stringContaining('none of the connections is the primary one')]],
    ['nothing that a virtual machine needs', "{% extends 'qemu.jinja2' %}", []],
    ['nothing that a machine needs that is always up', "{% extends 'ssh.jinja2' %}{% set ssh_host = 'build7' %}", []],
  ])('misses %s', (_, dictionary, messages) => {
    const found = check(dictionary);
    expect(found.map(({ message }) => message)).toEqual(messages);
    for (const { severity, code } of found) expect([severity, code]).toEqual(['warning', 'missing-command']);
    expect(() => renderDevice({ name: 'board01', dictionary, lookup })).not.toThrow();
  });

  it('never throws', () => {
    for (const dictionary of ['', 'a', '[]', '{% set', '{{ 1/0 }}', "{% extends 'qemu.jinja2' %}{% block body %}{% endblock %}", 'a: &a [*a]', 'actions: {boot: {methods: {u-boot: [1]}}}']) {
      expect(check(dictionary)[0]?.severity).toBe('error');
    }
  });
});

describe('checkConfiguration', () => {
  it('takes a configuration apart without its text', () => {
    expect(checkConfiguration({ constants: {}, parameters: {}, actions: { deploy: { methods: { tftp: null } }, boot: { connections: null, methods: { 'u-boot': { ramdisk: { comands: [] } } } } }, timeouts: { actions: { x: { minutes: 1 } }, connections: {} } }).map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'warning: unknown key "comands" in actions.boot.methods.u-boot.ramdisk', 'warning: actions.boot.methods.u-boot.ramdisk.commands is missing in actions.boot.methods.u-boot.ramdisk',
      'warning: there is no way to the console: every job that boots the device fails',
    ]);
  });
});

describe('deviceJsonSchema', () => {
  it('describes what editors complete', () => {
    expect(deviceJsonSchema()).toMatchObject({ title: 'LAVA device configuration', type: 'object', required: ['constants', 'parameters', 'actions', 'timeouts'], properties: { commands: { properties: { connect: { type: 'string' } } } } });
  });
});
