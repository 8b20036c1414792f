import { didYouMean } from '@lava/base';
import { hintOnName, hintOnValue, listOfKeys, lookalike } from './hints.ts';
import { isMapping, type Mapping } from '../mapping.ts';
import type { Path, ProblemCode } from '../problem.ts';
import { notList, notText } from './first-error.ts';
import type { EitherShape, Finding, MappingShape, Schema } from './schema.ts';

/** What the validator must know of the text beside its value. */
interface Source {
  /** Short YAML tag of the value at a path; tells `1.0` from `1`, which are the same number here. */
  tag(path: Path, part?: 'key' | 'value'): string | undefined;
}

/** A finding with its full path; `dictionaryValue` says that LAVA adds those words. */
export interface Found extends Finding {
  readonly severity: 'error' | 'warning';
  readonly dictionaryValue: boolean;
}

/** What was found, in the order of the text; missing keys come last in their mapping. */
export interface Findings {
  readonly errors: Found[];
  readonly warnings: Found[];
}

/** Nobody reads more, and a hostile text could have a million. */
const enough = 1000;

/** Everything in `value` that the schema does not allow; after a thousand of a kind the rest is not looked for. */
export function validate(schema: Schema, value: unknown, source: Source): Findings {
  const found: Findings = { errors: [], warnings: [] };
  check({ found, source, advice: false, inMapping: false }, schema, value, []);
  return found;
}

interface Run {
  readonly found: Findings;
  readonly source: Source;
  /** Problems do not refuse a job: they are warnings. */
  readonly advice: boolean;
  /** The value belongs to a key of a mapping. */
  readonly inMapping: boolean;
}

const isFull = ({ advice, found }: Run) => (advice ? found.warnings : found.errors).length >= enough;

function report(run: Run, at: Path, finding: Omit<Finding, 'path'> & { path?: Path }, dictionaryValue = false): void {
  const severity = run.advice ? 'warning' : (finding.severity ?? 'error');
  const list = severity === 'error' ? run.found.errors : run.found.warnings;
  if (list.length < enough) list.push({ ...finding, severity, path: [...at, ...(finding.path ?? [])], dictionaryValue });
}

function check(run: Run, schema: Schema, value: unknown, at: Path): void {
  if (isFull(run)) return;
  const wrong = (reason: string, code: ProblemCode = 'wrong-type', message = `${subject(at)} must be ${expected(schema)}, not ${shown(value)}`) =>
    report(run, at, { code, message, hint: hintOnValue(schema, value), reason }, run.inMapping);

  switch (schema.kind) {
    case 'any': return;
    case 'bool': if (typeof value !== 'boolean') wrong('expected bool'); return;
    case 'literal': if (value !== schema.value) wrong(schema.reason ?? 'not a valid value', 'wrong-value'); return;
    case 'text': {
      if (typeof value !== 'string') return wrong(notText(schema));
      // Characters, not UTF-16 units; much longer texts need no exact count.
      const length = Array.from(value.slice(0, 2 * ((schema.max ?? 0) + 1))).length;
      if (schema.min !== undefined && value.length < schema.min) wrong(`length of value must be at least ${schema.min}`, 'too-short', `${subject(at)} must not be empty`);
      else if (schema.max !== undefined && length > schema.max) wrong(`length of value must be at most ${schema.max}`, 'too-long', `${subject(at)} is too long: at most ${schema.max} characters are allowed`);
      else if (schema.not?.includes(value)) wrong(schema.reason ?? 'not a valid value', 'wrong-value', `${subject(at)} must not be ${shown(value)}`);
      else if (schema.pattern && !schema.pattern.test(value)) wrong(schema.reason ?? `does not match regular expression ${schema.pattern.source}`, 'wrong-value', `${subject(at)} has characters that are not allowed: ${shown(value)}`);
      return;
    }
    case 'number': {
      const whole = typeof value === 'bigint' || typeof value === 'boolean' || (Number.isInteger(value) && run.source.tag(at) !== 'float');
      if (schema.whole ? !whole : !whole && typeof value !== 'number') return wrong(schema.whole ? 'expected int' : schema.range ? 'invalid value or type (must have a partial ordering)' : 'expected float');
      if (schema.min !== undefined && Number(value) < schema.min) wrong(`value must be at least ${schema.min}`, 'too-small', `${subject(at)} must be at least ${schema.min}`);
      if (schema.max !== undefined && Number(value) > schema.max) wrong(`value must be at most ${schema.max}`, 'too-large', `${subject(at)} must be at most ${schema.max}`);
      return;
    }
    case 'list': {
      if (!Array.isArray(value)) return wrong(notList(schema));
      if (value.length < (schema.min ?? 0)) wrong(`length of value must be at least ${schema.min}`, 'too-short', `${subject(at)} must not be empty`);
      for (const [i, item] of value.entries()) check({ ...run, inMapping: false }, schema.item, item, [...at, i]);
      return;
    }
    case 'mapping': if (isMapping(value)) checkMapping(run, schema, value, at); else wrong(isOpen(schema) ? 'expected dict' : 'expected a dictionary'); return;
    case 'either': checkEither(run, schema, value, at);
  }
}

const isOpen = (schema: MappingShape) => Object.keys(schema.fields).length === 0 && schema.others === 'allow';

function checkMapping(run: Run, schema: Schema & MappingShape, value: Mapping, at: Path): void {
  const inner = { ...run, inMapping: true };
  const known = Object.keys(schema.fields);
  for (const [key, item] of Object.entries(value)) {
    const field = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
    if (isFull(run)) return;
    const gone = schema.gone && Object.hasOwn(schema.gone, key) ? schema.gone[key] : undefined;
    if (gone) report(run, at, { path: [key], part: 'key', code: 'removed-key', message: `LAVA has no ${JSON.stringify(key)}`, hint: gone, reason: 'extra keys not allowed' });
    else if (field && run.source.tag([...at, key], 'key') === 'str') check(inner, field, item, [...at, key]);
    else if (schema.keys && !schema.keys.test(key)) refuseKey(run, key, known, at, hintOnName(key, schema.keys));
    else if (typeof schema.others === 'object') check(inner, schema.others, item, [...at, key]);
    else if (schema.others !== 'allow') refuseKey(run, key, known, at);
  }
  for (const [key, field] of Object.entries(schema.fields)) {
    if (!field.required || Object.hasOwn(value, key)) continue;
    const instead = lookalike(key, value, known);
    report(run, at, {
      path: [key], instead, code: 'missing-key', message: `${subject([...at, key])} is missing${at.length ? ` in ${subject(at)}` : ''}`, reason: field.missing ?? 'required key not provided',
      hint: instead === undefined ? `Add "${key}:"${field.about ? `, ${field.about}` : ''}.` : `Write "${key}:" instead of "${instead}:".`,
    });
  }
  const others = Object.keys(value).length - known.filter((key) => Object.hasOwn(value, key)).length;
  if ((schema.some && !others) || (schema.min && !Object.keys(value).length)) report(run, at, { path: [], code: 'too-short', message: `${subject(at)} must not be empty`, hint: schema.about && `It is ${schema.about}.`, reason: 'required key not provided' });
  if (schema.exclusive) {
    const [group, keys] = schema.exclusive;
    const present = keys.filter((key) => Object.hasOwn(value, key));
    if (present.length > 1) {
      report(run, at, {
        path: [`<${group}>`], code: 'exclusive-keys', message: `${subject(at)} has ${present.map((k) => `"${k}"`).join(' and ')}, but only one of them may be given`, hint: 'Keep one of them.',
        reason: `two or more values in the same group of exclusion '${group}'`,
      });
    }
  }
  for (const rule of schema.rules ?? []) rule(value, (finding) => report(run, at, finding));
  if (schema.also) check(inner, schema.also, value, at);
  if (schema.method) checkMethod(run, schema.method, value, at);
  const sort = schema.sort?.name(value);
  const declared = sort === undefined ? undefined : schema.sort?.of[sort];
  if (declared) check({ ...run, advice: true }, declared, value, at);
}

function checkMethod(run: Run, { key, of }: NonNullable<MappingShape['method']>, value: Mapping, at: Path): void {
  const name = Object.hasOwn(value, key) ? value[key] : undefined;
  if (typeof name !== 'string') return;
  const declared = Object.hasOwn(of, name) ? of[name] : undefined;
  if (declared) check({ ...run, advice: true }, declared, value, at);
  if (Object.hasOwn(of, name)) return;
  report(run, at, {
    path: [key], severity: 'warning', code: 'unknown-method', message: `unknown method ${JSON.stringify(cut(name))}: the job will fail when it runs`,
    hint: suggestion(run, name, Object.keys(of)) ?? `Known methods: ${Object.keys(of).join(', ')}.`,
  });
}

/** Comparing words takes time; nobody reads this many hints. */
const enoughHints = 100;

const suggestion = ({ found }: Run, word: string, known: readonly string[]) =>
  (found.errors.length + found.warnings.length < enoughHints ? didYouMean(word, known) : undefined);

function refuseKey(run: Run, key: string, known: readonly string[], at: Path, rule?: string): void {
  report(run, at, {
    path: [key], part: 'key', code: 'unknown-key', message: `unknown key ${JSON.stringify(cut(key))}${at.length ? ` in ${subject(at)}` : ''}`,
    hint: suggestion(run, key, known) ?? rule ?? listOfKeys(known), reason: 'extra keys not allowed',
  });
}

/** Reports what the alternative that was meant has to say, or the one whose first problem lies deepest; among equals the first. */
function checkEither(run: Run, schema: Schema & EitherShape, value: unknown, at: Path): void {
  const meantOption = schema.meant?.(value);
  const options = meantOption === undefined ? schema.options : [...schema.options.slice(meantOption, meantOption + 1), ...schema.options.toSpliced(meantOption, 1)];
  let best: { deepest: number; found: Findings } | undefined;
  for (const option of options) {
    const found: Findings = { errors: [], warnings: [] };
    check({ ...run, found }, option, value, at);
    const wrong = run.advice ? found.warnings : found.errors;
    if (!wrong.length) { take(run, found); return; }
    const deepest = wrong[0]?.path.length ?? 0;
    if (!best || (meantOption === undefined && deepest > best.deepest)) best = { deepest, found };
  }
  if (!best) return;
  if (best.deepest > at.length) { take(run, best.found); return; }
  const first = (run.advice ? best.found.warnings : best.found.errors)[0];
  report(run, at, {
    code: first?.code ?? 'wrong-value', message: `${subject(at)} must be ${expected(schema)}, not ${shown(value)}`,
    hint: hintOnValue(schema, value), reason: first?.reason,
  }, run.inMapping);
}

function take({ found }: Run, { errors, warnings }: Findings): void {
  found.errors.push(...errors.slice(0, enough - found.errors.length));
  found.warnings.push(...warnings.slice(0, enough - found.warnings.length));
}

/** `"priority"`, or `the job definition` for the top. List items are named by their list. */
function subject(at: Path): string {
  const last = at.at(-1);
  if (last === undefined) return 'the job definition';
  if (typeof last === 'string') return JSON.stringify(cut(last));
  const name = at.findLast((part) => typeof part === 'string');
  return `entry ${last + 1} of ${name === undefined ? 'the list' : JSON.stringify(name)}`;
}

function expected(schema: Schema): string {
  switch (schema.kind) {
    case 'any': return 'anything';
    case 'text': return 'a text';
    case 'number': return schema.whole ? 'a whole number' : 'a number';
    case 'bool': return 'true or false';
    case 'literal': return schema.value === null ? 'empty' : `"${schema.value}"`;
    case 'list': return 'a list';
    case 'mapping': return 'a mapping';
    case 'either': {
      const names = [...new Set(schema.options.map(expected))];
      return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : (names[0] ?? 'something else');
    }
  }
}

/** A value in an error message: short values as they are, others by their type. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  if (typeof value === 'string') return `the text ${JSON.stringify(cut(value))}`;
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${cut(String(value))}`;
  return typeof value === 'boolean' ? String(value) : value instanceof Uint8Array ? 'bytes' : `the date ${cut(String(value))}`;
}

const cut = (value: string) => (value.length > 60 ? `${value.slice(0, 57)}...` : value);
