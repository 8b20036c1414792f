import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkDevice, deviceTypeOf, listTemplates, renderDevice } from './index.ts';

const folder = fileURLToPath(new URL('../../../device-types', import.meta.url));
const types = listTemplates([folder]);
const devices = types.filter((type) => type !== 'base');

describe('our device types', () => {
  it('are many', () => {
    expect(types.length).toBeGreaterThan(300);
  });

  it.each(devices)('%s gives a configuration of which there is nothing to say', (type) => {
    const dictionary = `{% extends '${type}.jinja2' %}\n{% set connection_command = 'telnet localhost 7001' %}\n{% set hard_reset_command = 'reset' %}\n{% set power_off_command = 'power' %}\n`;
    const { problems, configuration } = checkDevice({ name: 'board01', dictionary, lookup: [folder] });
    expect(problems).toEqual([]);
    expect(configuration).toMatchObject({ devicetype: type, commands: { connect: 'telnet localhost 7001' } });
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
