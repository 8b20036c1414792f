import { any, eitherMeant, empty, mapping, record, required, text, toJsonSchema, type JsonSchema, type Schema } from '@lava/job';
import { kindNames, kindOf, fieldsOf, type Kind } from './kinds.ts';

/** Key beside a text of many lines that names a file with it. */
export const fileKey = (field: string) => `${field}_file`;

/** Declaration of a whole lab file. */
export const labSchema: Schema = mapping(
  Object.fromEntries(kindNames.map((kind) => [kind, orNothing(record(objectSchema(kind), { keys: kindOf(kind).names }), kindOf(kind).about)])),
  { about: 'a lab' },
);

/** JSON Schema (draft 7) of lab files, for editors: of the same declarations that the check reads. */
export function labJsonSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'LAVA lab', ...toJsonSchema(labSchema, definitions), definitions };
}

function objectSchema(kind: Kind): Schema {
  const keys: Record<string, Schema> = {};
  const levels: Record<string, Record<string, Schema>> = {};
  for (const [name, field] of fieldsOf(kind)) {
    const [level, inner] = name.split('.') as [string, string?];
    if (inner !== undefined) {
      (levels[level] ??= {})[inner] = field.schema;
      continue;
    }
    keys[name] = kind === 'devices' && name === 'device_type' ? required(field.schema) : field.schema;
    if (field.lines) keys[fileKey(name)] = text({ min: 1, about: `a file with the ${name}, relative to this one` });
  }
  for (const [level, fields] of Object.entries(levels)) keys[level] = mapping(fields, { about: 'groups by what they may do; LAVA gives each the weaker rights too' });
  if (kind === 'devices') {
    keys['extends'] = text({ min: 1, about: 'the template below the variables; without it that of the device type' });
    keys['variables'] = record(any(), { keys: /^[A-Za-z_]\w*$/, about: 'variables of the device dictionary, as plain YAML' });
  }
  const object = mapping(keys, { rules: [oneSource(kind)], about: `a ${kindOf(kind).noun}` });
  // A name alone is an object of which nothing is said.
  return kind === 'devices' ? object : orNothing(object, `a ${kindOf(kind).noun}`);
}

function orNothing(schema: Schema, about: string): Schema {
  return { ...eitherMeant((value) => (value === null ? 1 : 0), schema, empty()), about };
}

/** A text comes from one place only. */
function oneSource(kind: Kind): NonNullable<Extract<Schema, { kind: 'mapping' }>['rules']>[number] {
  const texts = fieldsOf(kind).filter(([, field]) => field.lines).map(([name]) => [name, fileKey(name), ...(name === 'dictionary' ? ['variables'] : [])]);
  return (value, report) => {
    for (const [name, ...others] of texts) {
      const given = [name!, ...others].filter((key) => Object.hasOwn(value, key));
      for (const key of given.slice(1)) {
        report({ path: [key], part: 'key', code: 'exclusive-keys', message: `"${given[0]}" and "${key}" both give the ${name}, but only one of them may`, hint: 'Keep one of them.' });
      }
    }
    if (Object.hasOwn(value, 'extends') && !Object.hasOwn(value, 'variables')) {
      report({ path: ['extends'], part: 'key', code: 'missing-key', message: '"extends" does nothing without "variables"', hint: 'Add "variables:", even if empty ({}), or remove "extends:".' });
    }
  };
}
