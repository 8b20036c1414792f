import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigurationError, lavaPaths } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { deviceTypeFolders, deviceTypeOf, findTemplate, listTemplates, lookupFolders, renderDevice } from './index.ts';

const ours = fileURLToPath(new URL('../../../device-types', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'lava-device-'));
const paths = lavaPaths(root);
const lookup = lookupFolders(paths);
afterAll(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  const file = join(paths.dispatcherConfig, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

function failure(dictionary: string, context = {}): ConfigurationError {
  try {
    renderDevice({ name: 'qemu01', dictionary, lookup, context });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error('it was rendered');
}

describe('renderDevice', () => {
  it('renders a dictionary with the job context', () => {
    const { text, configuration } = renderDevice({ name: 'qemu01', dictionary: "{% extends 'qemu.jinja2' %}\n{% set memory = 256 %}\n{% set no_kvm = True %}\n", lookup, context: { arch: 'amd64', model: 'model=e1000' } });
    expect(text).toContain('hostname: "qemu01"');
    expect(configuration['devicetype']).toBe('qemu');
    expect(mappingAt(configuration, 'actions', 'boot', 'methods', 'qemu', 'parameters')?.['options']).toEqual(['-nographic', '-net nic,model=e1000,macaddr=52:54:00:12:34:58 -net user', '-m 256', '-monitor none']);
  });

  it('takes the name of the device type from the database', () => {
    expect(renderDevice({ name: 'a', dictionary: "{% extends 'qemu.jinja2' %}", lookup, deviceType: 'my-qemu' }).configuration['devicetype']).toBe('my-qemu');
  });

  it('does not let the context say who the device is', () => {
    expect(renderDevice({ name: 'a', dictionary: "{% extends 'qemu.jinja2' %}", lookup, context: { scheduled_device_name: 'other' } }).configuration['hostname']).toBe('a');
  });

  it('lets dictionaries extend dictionaries, and labs shadow device types', () => {
    put('device-types/board.jinja2', "{% extends 'base.jinja2' %}{% block body %}actions: {deploy: {methods: {image: }}, boot: {connections: {serial: }, methods: {minimal: }}}\n{% endblock %}");
    put('devices/common.jinja2', "{% extends 'board.jinja2' %}{% set connection_command = 'telnet ' ~ server ~ ' 7001' %}");
    const { configuration } = renderDevice({ name: 'b', dictionary: "{% extends 'common.jinja2' %}{% set server = 'ser1' %}{% set power_off_command = ['a', 'b'] %}", lookup });
    expect(configuration['commands']).toEqual({ connect: 'telnet ser1 7001', power_off: ['a', 'b'] });
    put('device-types/base.jinja2', 'shadow: true\n');
    expect(findTemplate('base.jinja2', lookup)).toContain(root);
    rmSync(join(paths.dispatcherConfig, 'device-types/base.jinja2'));
    expect(findTemplate('base.jinja2', lookup)).toBe(join(ours, 'base.jinja2'));
  });

  it('ends a dictionary that loops for ever', () => {
    expect(failure("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")).toMatchObject({ code: 'template-limit-steps', at: { file: 'qemu01.jinja2', line: 1 } });
  });

  it.each([
    ['an unknown device type', "{% extends 'qmeu.jinja2' %}", {}, /qemu01\.jinja2, line 1: there is no template 'qmeu\.jinja2'/, 'Did you mean "qemu"?', 1],
    ['a syntax error', "{% extends 'qemu.jinja2' %}\n{% set a = %}", {}, /qemu01\.jinja2, line 2: /, undefined, 2],
    ['an unknown filter', "{% extends 'qemu.jinja2' %}\n\n{% set a = b|defualt(1) %}", {}, /line 3: No filter named 'defualt'/, 'Did you mean "default"?', 3],
    ['YAML that a value breaks', "{% extends 'qemu.jinja2' %}\n{% set connection_command = 'a: b: c' %}", {}, /not YAML/, /./, 2],
    ['a wrong type', "{% extends 'qemu.jinja2' %}\n{% set connection_command = 'x' %}\n{% set power_on_command = 12345 %}", {}, /commands\.power_on must be a command, or a list of commands, not the number 12345 \(rendered line \d+\)/, /./, 3],
    ['no device type', 'a: 1', {}, /constants is missing.*actions is missing/, /extend a device type/, undefined],
    ['nothing', '', {}, /gives no device configuration/, /extends/, 1],
    ['power commands beside an ssh host', "{% extends 'qemu.jinja2' %}{% set connection_command = 'x' %}{% set power_on_command = 'x' %}{% block body %}actions: {deploy: {methods: {ssh: {host: h}}}, boot: {connections: , methods: }}\n{% endblock %}", {}, /When primary connection is used, power control commands \(power_off, power_on, hard_reset\) should not be specified\./, /./, undefined],
    ['a path out of the folders', "{% extends '../devices/common.jinja2' %}", {}, /there is no template/, undefined, 1],
    ['an absolute path', "{% include '/etc/passwd' %}", {}, /there is no template/, undefined, 1],
    ['a YAML bomb', "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]", {}, /device qemu01: /, /./, undefined],
  ])('says what is wrong with %s', (_, dictionary, context, message, hint, line) => {
    const error = failure(dictionary, context);
    expect(error.message).toMatch(message);
    if (hint !== undefined) expect(error.hint).toEqual(typeof hint === 'string' ? hint : expect.stringMatching(hint));
    if (line !== undefined) expect(error.at).toMatchObject({ file: 'qemu01.jinja2', line });
  });
});

describe('our device types', () => {
  it.each([
    ["{% set environment = {'A': 'B: c'} %}", ['environment'], { A: 'B: c' }],
    ["{% set allow_test_services = True %}", ['parameters', 'allow_test_services'], true],
    ["{% set no_network = True %}", ['actions', 'boot', 'methods', 'qemu', 'parameters', 'options', 3], '-net none'],
    ["{% set static_ip = '10.0.0.2' %}{% set static_gateway = '10.0.0.1' %}{% set static_netmask = '255.0.0.0' %}{% set static_dns = '10.0.0.3' %}", ['actions', 'boot', 'methods', 'qemu-nfs', 'parameters', 'append', 'ipargs'], 'ip=10.0.0.2::10.0.0.1:255.0.0.0:::off:10.0.0.3:'],
    ["{% set uboot_extra_error_message = 'he said \"no\": #1' %}", ['constants', 'u-boot', 'error-messages', 18], 'he said "no": #1'],
    ['{% block qemu_method %}{% endblock %}', ['actions', 'boot', 'methods'], { minimal: null }],
  ])('%s', (lines, path, expected) => {
    const { configuration } = renderDevice({ name: 'q', dictionary: `{% extends 'qemu.jinja2' %}${lines}`, lookup: [ours], context: { arch: 'arm64', no_kvm: true } });
    const value = path.reduce<unknown>((at, part) => (isMapping(at) ? at[String(part)] : (at as unknown[])[Number(part)]), configuration);
    expect(JSON.parse(JSON.stringify(value))).toEqual(expected);
  });
});

describe('templates', () => {
  it('lists what can be extended', () => {
    expect(listTemplates(deviceTypeFolders(paths))).toEqual(expect.arrayContaining(['base', 'board', 'qemu']));
    expect(listTemplates([join(root, 'nowhere')])).toEqual([]);
  });

  it.each([
    ["{% extends 'qemu.jinja2' %}", 'qemu'], ['{# {% extends "x.jinja2" %} #}\n{%- extends "my-board.jinja2" -%}', 'my-board'], ['{% extends which %}', undefined], ['', undefined],
  ])('reads the device type of %s', (dictionary, type) => {
    expect(deviceTypeOf(dictionary)).toBe(type);
  });
});
