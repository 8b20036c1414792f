import * as fc from 'fast-check';
import { normalised, emptyLab, fieldsOf, kindNames, type Field, type Fields, type FieldValue, type Kind, type Lab } from './kinds.ts';

const names = ['a', 'b-1', 'c.d', '007', 'constructor'] as const;
const tagNames = ['a', 'b-1', '007'];
const texts = ['', 'x', 'with: colon', "it's", 'no', '1.0', 'ünïcode', 'two words'];
const longTexts = ["{% extends 'qemu.jinja2' %}\n{% set memory = 256 %}\n", 'a\n\n  b', '\n\nx\n', 'tab\there', ' lead\n'];

const valueOf = (field: Field): fc.Arbitrary<FieldValue> => {
  const free = field.lines ? fc.option(fc.constantFrom(...longTexts))
    : typeof field.initial === 'boolean' ? fc.boolean()
    : typeof field.initial === 'number' ? fc.integer({ min: 1, max: 100 })
    : Array.isArray(field.initial) ? fc.subarray(tagNames)
    : field.initial === null ? fc.option(fc.constantFrom(...tagNames))
    : field.initial === 'hours' ? fc.constantFrom('hours', 'jobs')
    : fc.constantFrom(...texts);
  return free.map((value) => normalised(field, value as FieldValue));
};

const fieldsOfKind = (kind: Kind, complete: boolean): fc.Arbitrary<Fields> => fc.record(
  Object.fromEntries(fieldsOf(kind).map(([name, field]) => [name, kind === 'devices' && name === 'device_type' ? fc.constantFrom('a', '007') : valueOf(field)])),
  { requiredKeys: complete ? undefined : kind === 'devices' ? ['device_type'] : [] },
);

/** Labs for property tests: all fields of each object, or only some as a file may have them. */
export function labs({ complete }: { complete: boolean }): fc.Arbitrary<Lab> {
  return fc.tuple(...kindNames.map((kind) => fc.uniqueArray(fc.tuple(fc.constantFrom(...(kind === 'tags' ? tagNames : names)), fieldsOfKind(kind, complete)), { selector: ([name]) => name, maxLength: 4 })))
    .map((objects) => {
      const lab = emptyLab();
      for (const [i, kind] of kindNames.entries()) for (const [name, fields] of objects[i]!) lab[kind].set(name, fields);
      return lab;
    });
}

/** A lab as plain data in one order, to compare. */
export const plain = (lab: Lab): unknown => Object.fromEntries(kindNames.map((kind) => [kind, [...lab[kind]].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, fields]) => [name, Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))])]));
