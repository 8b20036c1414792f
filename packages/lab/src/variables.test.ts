import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { YamlFloat } from '@lava/yaml';
import { emptyLab, readLab, writeLab } from './index.ts';
import { dictionaryOf, variablesOf } from './variables.ts';

const text = fc.oneof(fc.string(), fc.constantFrom('', "it's", '"', "'\"", 'a\nb', '\\', '%}', 'no', '1.0', '52:54', '\u00ad', 'tab\t', ' x ', 'é'));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => new YamlFloat(n)), fc.boolean(), fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }), fc.uniqueArray(fc.tuple(text, tie('value')), { selector: ([key]) => key, maxLength: 3 }).map((pairs) => new Map(pairs as [string, unknown][]))),
}));
const variables = fc.uniqueArray(fc.tuple(fc.constantFrom('memory', 'no_kvm', 'connection_command', 'x1'), value), { selector: ([name]) => name }).map((pairs) => new Map(pairs));

test('what variables a dictionary has is found again, and a lab file with them says the same', () => {
  fc.assert(fc.property(variables, fc.constantFrom('qemu', 'my-qemu'), (values, template) => {
    const dictionary = dictionaryOf({ template, values });
    const found = variablesOf(dictionary);
    expect(found && dictionaryOf(found)).toBe(dictionary);
    const lab = emptyLab();
    lab.devices.set('a', { device_type: 'qemu', dictionary });
    const written = writeLab(lab);
    expect(written).toContain('variables:');
    expect(readLab(written)).toMatchObject({ problems: [] });
    expect(readLab(written).lab!.devices.get('a')).toEqual({ device_type: 'qemu', dictionary });
  }), { numRuns: 300 });
});

test.each([
  "{% extends 'qemu.jinja2' %}", "{# why #}\n{% extends 'qemu.jinja2' %}\n", "{% extends 'qemu.jinja2' %}\n{% set a = b %}\n", "{% extends 'qemu.jinja2' %}\n{% set a = 1 %}\n{% set a = 2 %}\n",
  "{% extends 'qemu.jinja2' %}\n{% set a = 'x' ~ 'y' %}\n", "{% extends 'qemu.jinja2' %}\n{% set a = [1,2] %}\n", '{% extends "qemu.jinja2" %}\n', "{% extends 'qemu.jinja2' %}\n{% set a = 0x10 %}\n", '',
])('%j stays the text that it is', (dictionary) => {
  expect(variablesOf(dictionary)).toBeUndefined();
});
