import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { deviceTypeOf, listTemplates, renderDevice } from './index.ts';

const folder = fileURLToPath(new URL('../../../device-types', import.meta.url));
const page = fileURLToPath(new URL('../../../docs/devices.md', import.meta.url));
const types = listTemplates([folder]);
const devices = types.filter((type) => type !== 'base');

describe('our device types', () => {
  it('are many', () => {
    expect(types.length).toBeGreaterThan(300);
  });

  it.each(devices)('%s gives a configuration that passes the checks', (type) => {
    const { configuration } = renderDevice({ name: 'board01', dictionary: `{% extends '${type}.jinja2' %}\n{% set connection_command = 'telnet localhost 7001' %}\n`, lookup: [folder] });
    expect(configuration['devicetype']).toBe(type);
    expect(configuration['commands']).toMatchObject({ connect: 'telnet localhost 7001' });
  });

  it('say in a comment what they are, and extend one of ours', () => {
    for (const type of types) {
      const text = readFileSync(`${folder}/${type}.jinja2`, 'utf8');
      expect(text, type).toMatch(/^\{# \S/);
      if (type !== 'base') expect(types, type).toContain(deviceTypeOf(text));
      expect(text, `${type} has trailing blanks or tabs`).not.toMatch(/[ \t]\n|\t/);
    }
  });

  it('do not let a text of the dictionary change the structure around it', () => {
    const { configuration } = renderDevice({ name: 'b', lookup: [folder], dictionary: "{% extends 'base.jinja2' %}{% set kernel_start_message = 'a: \"b\" #c' %}{% block body %}actions: {deploy: {methods: }, boot: {connections: , methods: }}\n{% endblock %}" });
    expect((configuration['constants'] as Record<string, unknown>)['kernel-start-message']).toBe('a: "b" #c');
  });
});

describe('docs/devices.md', () => {
  const examples = readFileSync(page, 'utf8').split('```jinja\n').slice(1).map((rest) => rest.slice(0, rest.indexOf('```')));

  it.each(examples.map((dictionary): [string, string] => [deviceTypeOf(dictionary) as string, dictionary]))('its example for %s is right', (type, dictionary) => {
    expect(renderDevice({ name: 'example', dictionary, lookup: [folder] }).configuration['devicetype']).toBe(type);
  });

  it('lists every device type', () => {
    const script = fileURLToPath(new URL('../../../scripts/list-device-types.mjs', import.meta.url));
    expect(spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});
