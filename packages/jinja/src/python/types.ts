import { didYouMean } from '@lava/base';
import { PyError, typeError } from './errors.ts';
import { Markup, PyFloat, PyObject, PyTuple, Undefined, type Value } from './values.ts';

/** Name of the Python class of a value, as Python's messages name it. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (typeof value === 'string') return 'str';
  if (value instanceof PyFloat) return 'float';
  if (value instanceof PyTuple) return 'tuple';
  if (Array.isArray(value)) return 'list';
  return value.type;
}

export function isText(value: Value): value is string | Markup {
  return typeof value === 'string' || value instanceof Markup;
}

/** bool counts as int, as in Python. */
export function isInt(value: Value): value is number | bigint | boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

/** The text of a str or Markup. */
export function textOf(value: Value, what = 'a text'): string {
  if (typeof value === 'string') return value;
  if (value instanceof Markup) return value.text;
  throw typeError(`${what} must be str, not ${typeName(value)}`);
}

/** An index or count: an int that fits a JavaScript number (bigger ones are cut to its range). */
export function indexOf(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'bigint') return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  if (value instanceof Undefined) throw undefinedError(value);
  throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
}

/** Python's truth of a value. */
export function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  if (value instanceof PyFloat) return value.value !== 0;
  if (value instanceof Markup) return value.text !== '';
  if (value instanceof PyObject) return value.truth();
  if (Array.isArray(value)) return value.length > 0;
  return Boolean(value);
}

function ownerName(object: Value): string {
  if (object === null) return 'None';
  return `${typeName(object)} object`;
}

/** The error of using an undefined value. */
export function undefinedError(value: Undefined): PyError {
  const { hint, object, name, kind, known } = value.facts;
  const fix = typeof name === 'string' && known ? didYouMean(name, known()) : undefined;
  let message = hint ?? '';
  if (!message) {
    if (object === undefined) message = `'${String(name)}' is undefined`;
    else if (typeof name === 'string') message = `'${ownerName(object)}' has no attribute '${name}'`;
    else message = `${ownerName(object)} has no element ${String(name)}`;
  }
  const advice = fix ?? (object === undefined && typeof name === 'string' && !hint ? `set ${name} in the device dictionary or the job's context, or write ${name}|default(…)` : undefined);
  return new PyError(kind ?? 'UndefinedError', message, { hint: advice, code: 'template-undefined' });
}
