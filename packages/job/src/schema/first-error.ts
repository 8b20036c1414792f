import { pythonString } from '../python-text.ts';
import { isMapping, type Mapping } from '../mapping.ts';
import type { Path } from '../problem.ts';
import type { MappingShape, Schema } from './schema.ts';

/** One thing that is wrong, in the words of LAVA's published schema. */
export interface Refusal {
  readonly path: Path;
  readonly reason: string;
}

export interface Form {
  /** Keys that are not declared are refused. */
  readonly strict: boolean;
  /** Short YAML tag of the value at a path; tells `1.0` from `1` and the key `1` from `"1"`. */
  tag(path: Path, part?: 'key' | 'value'): string | undefined;
}

/**
 * The first thing that LAVA's validator has to say on `value`, or undefined. It differs from `validate`, which tells
 * people everything: of alternatives the one whose first error lies deepest speaks, and an error inside of a list's
 * item hides those of the items before. Keys that are `beyond` the published schema count as not declared.
 */
export function firstError(schema: Schema, value: unknown, at: Path, form: Form): Refusal | undefined {
  return errors(schema, value, at, form)?.[0];
}

type Errors = [Refusal, ...Refusal[]];

/** How a key that may be any text is written where one is missing. */
const anyText = "<class 'str'>";

function errors(schema: Schema, value: unknown, at: Path, form: Form): Errors | undefined {
  const wrong = (reason: string): Errors => [{ path: at, reason }];
  switch (schema.kind) {
    case 'any': return undefined;
    case 'bool': return typeof value === 'boolean' ? undefined : wrong('expected bool');
    case 'literal': return value === schema.value ? undefined : wrong(schema.reason ?? 'not a valid value');
    case 'text': {
      if (typeof value !== 'string') return wrong(notText(schema));
      const length = schema.min || schema.max ? Array.from(value.slice(0, 2 * ((schema.max ?? 0) + 1))).length : 0;
      if (schema.min && !value) return wrong(`length of value must be at least ${schema.min}`);
      if (schema.max && length > schema.max) return wrong(`length of value must be at most ${schema.max}`);
      if (schema.not?.includes(value)) return wrong(schema.reason ?? 'not a valid value');
      if (schema.pattern && !matches(schema.pattern, value)) return wrong(schema.reason ?? `does not match regular expression ${schema.pattern.source.replaceAll('\\/', '/')}`);
      return undefined;
    }
    case 'number': return number(schema, value, at, form);
    case 'list': return list(schema, value, at, form);
    case 'mapping': return mapping(schema, value, at, form);
    case 'either': {
      let best: Errors | undefined;
      for (const option of schema.options) {
        const found = errors(option, value, at, form);
        if (!found) return undefined;
        if (!best || found[0].path.length > best[0].path.length) best = found;
      }
      return best;
    }
  }
}

/** LAVA's words for a mapping of files that has none. */
const noImages = "'images' is empty";

/** LAVA's words for what should be a text. */
export const notText = ({ noText, pattern }: Extract<Schema, { kind: 'text' }>) => noText ?? (pattern ? 'expected string or buffer' : 'expected str');

/** LAVA's words for what should be a list. */
export const notList = ({ item }: Extract<Schema, { kind: 'list' }>) => (item.kind === 'any' ? 'expected list' : 'expected a list');

function number(schema: Extract<Schema, { kind: 'number' }>, value: unknown, at: Path, form: Form): Errors | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  const whole = isNumber && (typeof value !== 'number' || (Number.isInteger(value) && form.tag(at) !== 'float'));
  if (!isNumber && schema.range) return [{ path: at, reason: 'invalid value or type (must have a partial ordering)' }];
  if (schema.whole ? !whole : !isNumber) return [{ path: at, reason: schema.whole ? 'expected int' : 'expected float' }];
  if (schema.min !== undefined && !(Number(value) >= schema.min)) return [{ path: at, reason: `value must be at least ${schema.min}` }];
  if (schema.max !== undefined && !(Number(value) <= schema.max)) return [{ path: at, reason: `value must be at most ${schema.max}` }];
  return undefined;
}

function list(schema: Extract<Schema, { kind: 'list' }>, value: unknown, at: Path, form: Form): Errors | undefined {
  if (!Array.isArray(value)) return [{ path: at, reason: notList(schema) }];
  const found: Refusal[] = [];
  for (const [i, item] of value.entries()) {
    const ofItem = errors(schema.item, item, [...at, i], form);
    if (ofItem && ofItem[0].path.length > at.length + 1) return ofItem;
    if (ofItem) found.push(ofItem[0]);
  }
  if (value.length < (schema.min ?? 0)) found.push({ path: at, reason: `length of value must be at least ${schema.min}` });
  return some(found);
}

function mapping(schema: MappingShape, value: unknown, at: Path, form: Form): Errors | undefined {
  const open = schema.others === 'allow' && Object.keys(schema.fields).length === 0;
  if (!isMapping(value)) return [{ path: at, reason: open ? 'expected dict' : 'expected a dictionary' }];
  if (schema.exclusive) {
    const [group, keys] = schema.exclusive;
    if (keys.filter((key) => Object.hasOwn(value, key)).length > 1) return [{ path: [...at, `<${group}>`], reason: `two or more values in the same group of exclusion '${group}'` }];
  }
  const found: Refusal[] = [];
  let others = 0;
  for (const [key, item] of Object.entries(value)) {
    const path = [...at, key];
    const isText = form.tag(path, 'key') === 'str';
    const field = isText && Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
    if (field && !field.beyond) found.push(...(errors(field, item, path, form) ?? []));
    else if (typeof schema.others === 'object' && isText && !field && (!schema.keys || matches(schema.keys, key))) {
      others++;
      found.push(...(errors(schema.others, item, path, form) ?? []));
    } else if (schema.others === 'never' || (form.strict && schema.others !== 'allow')) found.push({ path, reason: 'extra keys not allowed' });
  }
  for (const [key, field] of Object.entries(schema.fields)) {
    if (field.required && !hasTextKey(value, key, at, form)) found.push({ path: [...at, key], reason: field.missing ?? 'required key not provided' });
  }
  if (schema.some && !others) found.push({ path: [...at, anyText], reason: noImages });
  if (!found.length && Object.keys(value).length < (schema.min ?? 0)) found.push({ path: at, reason: `length of value must be at least ${schema.min}` });
  return some(found);
}

const hasTextKey = (value: Mapping, key: string, at: Path, form: Form) => Object.hasOwn(value, key) && form.tag([...at, key], 'key') === 'str';
const some = (found: Refusal[]): Errors | undefined => (found.length ? (found as Errors) : undefined);

/** Python's `$` also stands before a line break at the end. */
const matches = (pattern: RegExp, value: string) => pattern.test(value) || (value.endsWith('\n') && pattern.test(value.slice(0, -1)));

/** The parts of a path from one of them on, as Python prints them in a list: `'actions'`, `1`, `True`. */
export function pythonParts(path: Path, form: Pick<Form, 'tag'>, from = 0): string[] {
  return path.slice(from).map((part, i) => {
    if (typeof part === 'number') return String(part);
    const kind = form.tag(path.slice(0, from + i + 1), 'key');
    if (part === anyText || kind === 'int' || kind === 'float') return part;
    return kind === 'bool' ? (part === 'true' ? 'True' : 'False') : kind === 'null' ? 'None' : pythonString(part);
  });
}
