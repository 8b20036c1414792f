import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { applyPlan, checkLab, emptyLab, planLab, readLab, type Lab } from './index.ts';

const ours = [fileURLToPath(new URL('../../../device-types', import.meta.url))];
const none = emptyLab();
/** The lab that a file makes of another. */
const made = (text: string, of: Lab = none, readFile?: (path: string) => string | undefined) => applyPlan(of, planLab(of, readLab(text, readFile).lab!));
const check = async (text: string, current: Lab = none, readFile?: (path: string) => string | undefined) => {
  const { lab, problems, places } = readLab(text, readFile);
  expect(problems).toEqual([]);
  return (await checkLab(lab!, current, places, ours)).map((p) => `${p.severity} ${p.file ?? ''}${p.line}:${p.column} ${p.code} ${p.message} | ${p.hint ?? ''}`);
};

describe('names', () => {
  test('that are nowhere are told with what was meant, those of the server are known', async () => {
    const text = `
users: {ada: {groups: [kernl]}}
groups: {kernel: }
devices:
  a:
    device_type: qmu
    worker: lab1
    tags: [usb, hdmi]
    physical_owner: adda
    retired: true
    permissions: {view: [kernel, nobody]}
`;
    expect(await check(text, made('device_types: {qemu: }\ntags: {usb: }\nworkers: {lab1: }'))).toEqual([
      'error 2:24 lab-unknown there is no group "kernl", in this file or on the server | Did you mean "kernel"? A new one must be added to "groups:" in this file.',
      'error 6:18 lab-unknown there is no device type "qmu", in this file or on the server | Did you mean "qemu"? A new one must be added to "device_types:" in this file.',
      'error 8:17 lab-unknown there is no tag "hdmi", in this file or on the server | Add it to "tags:" in this file.',
      'error 9:21 lab-unknown there is no user "adda", in this file or on the server | Did you mean "ada"? A new one must be added to "users:" in this file.',
      'error 11:34 lab-unknown there is no group "nobody", in this file or on the server | Add it to "groups:" in this file.',
    ]);
  });

  test('that name two device types', async () => {
    const current = made('device_types: {pi4: {aliases: [pi]}}');
    expect(await check('device_types: {pi5: {aliases: [pi]}}', current)).toEqual(['error 1:32 lab-alias "pi" names two device types, pi4 and pi5 | A name means one device type.']);
    expect(await check('device_types: {pi5: {aliases: [pi]}, pi4: {aliases: []}}', current)).toEqual([]);
    expect(await check('device_types: {pi: }', current)).toEqual(['error 1:16 lab-alias "pi" is a device type and cannot be another name of pi4 | A name means one device type.']);
    expect(await check('device_types: {x: {aliases: [y]}, y: }')).toEqual(['error 1:30 lab-alias "y" is a device type and cannot be another name of x | A name means one device type.']);
  });
});

describe('dictionaries', () => {
  const wrong = `device_types: {beaglebone-black: }
devices:
  in-a-block:
    device_type: beaglebone-black
    dictionary: |
      {% extends 'beaglebone-black.jinja2' %}
      {% set connection_command = 'telnet a 1' %}
      {% set power_on_command = 4712 %}

      {% set power_off_command = 4711 %}
  by-variables:
    device_type: beaglebone-black
    variables:
      connection_command: telnet a 1
      power_off_command: 4711
  in-a-file: {device_type: beaglebone-black, dictionary_file: devices/x.jinja2}
  without-template: {device_type: beaglebone-black, extends: beaglebone-blak, variables: {}}
  good: {device_type: beaglebone-black, variables: {connection_command: telnet a 1}}
`;
  const readFile = () => "{% extends 'beaglebone-black.jinja2' %}\n{% if %}\n";

  test('are rendered, and what is wrong is told where it stands', async () => {
    expect(await check(wrong, none, readFile)).toEqual([
      expect.stringMatching(/^error 8:\d+ lab-device device in-a-block: commands.power_on must be a command/),
      expect.stringMatching(/^error 10:\d+ lab-device device in-a-block: commands.power_off must be a command/),
      expect.stringMatching(/^error 15:26 lab-device device by-variables: commands.power_off/),
      expect.stringMatching(/^error 17:62 lab-device device without-template: .*beaglebone-blak.* \| Did you mean "beaglebone-black"/i),
      expect.stringMatching(/^error devices\/x.jinja22:\d+ lab-device device in-a-file: in-a-file.jinja2, line 2/),
    ]);
  });

  test('that were wrong before are no reason to refuse the file', async () => {
    expect((await check(wrong, made(wrong, none, readFile), readFile)).map((p) => p.slice(0, 9))).toEqual(['warning 8', 'warning 1', 'warning 1', 'warning 1', 'warning d']);
  });

  test('that the file leaves alone are no reason to refuse it', async () => {
    const current = made("device_types: {qemu: , beaglebone-black: }\ndevices: {bad: {device_type: qemu, dictionary: '{% if %}'}}\n");
    expect((await check('devices: {bad: {device_type: qemu, description: x}}', current)).map((p) => p.slice(0, 23))).toEqual(['warning 1:11 lab-device']);
    expect((await check('devices: {bad: {device_type: qemu, dictionary: "{% for %}"}}', current)).map((p) => p.slice(0, 21))).toEqual(['error 1:48 lab-device']);
  });

  test('are rendered with the templates of the file, also those of devices that it does not name', async () => {
    const current = made(`
device_types: {box: {template: "{% extends 'beaglebone-black.jinja2' %}\\n"}}
devices: {box01: {device_type: box, variables: {connection_command: x}}, box02: {device_type: box, dictionary: "{% if %}"}}
`);
    const file = (line: string) => `device_types:\n  box:\n    template: |\n      {% extends 'beaglebone-black.jinja2' %}\n      ${line}\n`;
    expect(await check(file('{% set usb_sleep = 5 %}'), current)).toEqual([]);
    expect(await check(file('{% set power_on_command = 4711 %}'), current)).toEqual([
      expect.stringMatching(/^error 5:\d+ lab-device device box01: commands.power_on must be a command/),
    ]);
    expect(await check('device_types: {box: }\ndevices: {box04: {device_type: box}, box05: {device_type: box, retired: true}}', current)).toEqual([
      'warning 2:11 lab-dictionary device box04 has no dictionary: no job can run on it | Add "variables:" or "dictionary:".',
    ]);
    expect(await check(`${file('{% set usb_sleep = 5 %}')}devices: {box03: {device_type: box, variables: {connection_command: x, power_on_command: 4711}}}`, current)).toEqual([
      expect.stringMatching(/^error 6:90 lab-device device box03/),
    ]);
  });
});

test('health checks must be jobs, and settings of workers YAML', async () => {
  expect(await check(`
workers: {lab1: {env: "a: ["}}
device_types:
  qemu:
    health_check: |
      job_name: health
      device_type: qemu
      visibility: publik
      timeouts: {job: {minutes: 5}}
      actions: []
`)).toEqual([
    expect.stringMatching(/^error 2:23 lab-text the env of worker lab1 is not YAML: /),
    expect.stringMatching(/^error 8:19 lab-health-check the health check of qemu: "visibility" must be .* \[wrong-value\] \| Did you mean "public"/),
  ]);
});
