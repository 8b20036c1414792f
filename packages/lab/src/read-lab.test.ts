import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { labJsonSchema, readLab } from './index.ts';

const lines = (text: string) => text.split('\n').map((line) => line.slice(8)).join('\n');
const said = (text: string, readFile?: (path: string) => string | undefined) => readLab(lines(text), readFile).problems.map((p) => `${p.file ?? ''}${p.line}:${p.column} ${p.code} ${p.message} | ${p.hint ?? ''}`);

describe('what a lab file says', () => {
  test('objects, with those fields that stand there', () => {
    const { lab, problems } = readLab(lines(`
        tags: {usb: , hdmi: {description: a screen}}
        groups: {kernel: }
        workers:
          lab1:
            job_limit: 4
        device_types:
          qemu: {aliases: [kvm, kvm], permissions: {submit: [kernel]}, template: ''}
        devices:
          '007': {device_type: qemu, worker: null}
`));
    expect(problems).toEqual([]);
    expect([...lab!.tags]).toEqual([['usb', {}], ['hdmi', { description: 'a screen' }]]);
    expect(lab!.workers.get('lab1')).toEqual({ job_limit: 4 });
    expect(lab!.device_types.get('qemu')).toEqual({ 'aliases': ['kvm'], 'permissions.submit': ['kernel'], 'template': null });
    expect(lab!.devices.get('007')).toEqual({ device_type: 'qemu', worker: null });
  });

  test('plain variables become a dictionary, as Python writes their values', () => {
    const { lab } = readLab(lines(`
        devices:
          a:
            device_type: qemu
            variables:
              memory: 256
              cpu: 1.0
              no_kvm: yes
              nothing:
              command: "it's 100 % \\"quoted\\" %}"
              list: [a, {b: 2}]
          b: {device_type: qemu, extends: my-qemu, variables: {}}
`));
    expect(lab!.devices.get('a')!['dictionary']).toBe(`{% extends 'qemu.jinja2' %}
{% set memory = 256 %}
{% set cpu = 1.0 %}
{% set no_kvm = True %}
{% set nothing = None %}
{% set command = 'it\\'s 100 % "quoted" %}' %}
{% set list = ['a', {'b': 2}] %}
`);
    expect(lab!.devices.get('b')!['dictionary']).toBe("{% extends 'my-qemu.jinja2' %}\n");
  });

  test('variables that several devices share', () => {
    const { lab, problems } = readLab(lines(`
        devices:
          a: {device_type: qemu, variables: &common {memory: 256, no_kvm: yes}}
          b: {device_type: qemu, variables: {<<: *common, memory: 512}}
`));
    expect(problems).toEqual([]);
    expect(lab!.devices.get('b')!['dictionary']).toMatch(/^\{% extends 'qemu.jinja2' %\}\n(?=.*set memory = 512)(?=.*set no_kvm = True).*/s);
    expect(lab!.devices.get('b')!['dictionary']).not.toContain('256');
  });

  test('texts in files of their own', () => {
    const text = `
        device_types:
          qemu: {template_file: types/qemu.jinja2, health_check_file: missing.yaml}
`;
    expect(readLab(lines(text).replace(', health_check_file: missing.yaml', ''), (path) => `text of ${path}`).lab!.device_types.get('qemu')).toEqual({ template: 'text of types/qemu.jinja2' });
    expect(said(text, (path) => (path.startsWith('types/') ? 'x' : undefined))).toEqual([
      '3:63 lab-file the file "missing.yaml" cannot be read | Paths are relative to the lab file.',
    ]);
  });
});

test('everything that is wrong is said at once, with its place and what was meant', () => {
  expect(said(`
        wokers: {}
        workers:
          lab1: {job_limt: 4}
          a b: {}
        device_types:
          qemu:
            health_denominator: hour
            permissions: {submitt: [kernel]}
        devices:
          a: {worker: lab1, dictionary: x, variables: {}}
          b: {device_type: qemu, tags: usb, extends: qemu}
        users: {lava-health: {is_superuser: 1}}
`)).toEqual([
    '2:1 unknown-key unknown key "wokers" | Did you mean "workers"?',
    '4:10 unknown-key unknown key "job_limt" in "lab1" | Did you mean "job_limit"?',
    '5:3 unknown-key unknown key "a b" in "workers" | Allowed are names that match ^(?!\\.+$)[-_a-zA-Z0-9.]{1,200}$.',
    '8:25 wrong-value "health_denominator" must be "hours" or "jobs", not the text "hour" | Did you mean "hours"?',
    '9:19 unknown-key unknown key "submitt" in "permissions" | Did you mean "submit"?',
    '11:3 missing-key "device_type" is missing in "a" | Add "device_type:", the name of its device type.',
    '11:36 exclusive-keys "dictionary" and "variables" both give the dictionary, but only one of them may | Keep one of them.',
    '12:32 wrong-type "tags" must be a list, not the text "usb" | It is a list of tags: features that jobs may ask for.',
    '12:37 missing-key "extends" does nothing without "variables" | Add "variables:", even if empty ({}), or remove "extends:".',
    '13:37 wrong-type "is_superuser" must be true or false, not the number 1 | It is true if the user may do everything.',
  ]);
});

test.each([['', 'the lab file is empty'], ['[]', 'a lab file is a mapping'], ['a: [', 'unexpected end'], ['devices: {a: {device_type: x}, a: {device_type: y}}', 'stands twice']])('%j is refused', (text, message) => {
  const { problems, lab } = readLab(text);
  expect(lab).toBeUndefined();
  expect(problems[0]!.message).toContain(message);
});

test('names of the server itself are refused', () => {
  expect(said('\n        users: {lava-health: {}}')).toEqual([expect.stringContaining('2:9 lab-name the user lava-health belongs to the server itself')]);
});

test('characters that cannot be stored are refused', () => {
  expect(said(`
        tags: {usb: {description: "a\\0b"}}
`)).toEqual([expect.stringContaining('2:27 lab-text the description of tag usb has a NUL character')]);
});

test('the JSON Schema takes what the check takes, and refuses what it refuses', () => {
  const fits = new Ajv({ strict: false, allErrors: true }).compile(labJsonSchema());
  expect(fits(loadYaml('workers: {lab1: }\ndevices: {a: {device_type: qemu, variables: {memory: 1}, permissions: {view: [x]}}}\ntags:'))).toBe(true);
  for (const wrong of ['wokers: {}', 'workers: {a b: {}}', 'devices: {a: {}}', 'devices: {a: {device_type: 1}}', 'device_types: {a: {health_denominator: days}}', 'users: {a: {groups: b}}']) {
    expect(fits(loadYaml(wrong)), wrong).toBe(false);
  }
});
