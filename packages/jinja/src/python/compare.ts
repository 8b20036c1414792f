import { charge } from '../limits.ts';
import { PyDict, PyDictView } from './dict.ts';
import { typeError } from './errors.ts';
import { iterate } from './iterate.ts';
import { asNumber } from './numbers.ts';
import { PyRange } from './range.ts';
import { findText } from './text.ts';
import { isText, textOf, typeName, undefinedError } from './types.ts';
import { PyFloat, PyTuple, Undefined, type Value } from './values.ts';

/** `a == b`. */
export function equal(a: Value, b: Value): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  if (a instanceof Undefined) return b instanceof Undefined;
  const x = asNumber(a);
  if (x !== undefined) {
    const y = asNumber(b);
    // JavaScript compares bigint and number exactly, as Python does.
    // oxlint-disable-next-line eqeqeq
    return y !== undefined && (x instanceof PyFloat ? x.value : x) == (y instanceof PyFloat ? y.value : y);
  }
  if (isText(a)) return isText(b) && textOf(a) === textOf(b);
  if (a === b) return true;
  charge();
  if (Array.isArray(a)) {
    charge(a.length >> 3);
    return Array.isArray(b) && a instanceof PyTuple === b instanceof PyTuple && a.length === b.length
      && a.every((item, i) => same(item, b[i] as Value));
  }
  if (a instanceof PyDict && b instanceof PyDict) {
    if (a.size !== b.size) return false;
    for (const [key, value] of a.entries()) {
      const other = b.get(key);
      if (other === undefined || !same(value, other)) return false;
    }
    return true;
  }
  if (a instanceof PyRange && b instanceof PyRange) {
    return a.size === b.size && (a.size === 0 || (a.start === b.start && (a.size === 1 || a.step === b.step)));
  }
  if (a instanceof PyDictView && b instanceof PyDictView && a.type !== 'dict_values' && b.type !== 'dict_values') {
    const others = [...iterate(b)];
    return a.length() === b.length() && [...iterate(a)].every((item) => others.some((other) => equal(item, other)));
  }
  return false;
}

/** Identity or equality, as containers compare (NaN in a list equals itself). */
function same(a: Value, b: Value): boolean {
  return a === b || equal(a, b);
}

type Order = '<' | '<=' | '>' | '>=';

/** `a < b` and its like. @throws PyError TypeError for things without an order */
export function ordered(op: Order, a: Value, b: Value): boolean {
  if (a instanceof Undefined) throw undefinedError(a);
  if (b instanceof Undefined) throw undefinedError(b);
  const x = asNumber(a);
  const y = asNumber(b);
  if (x !== undefined && y !== undefined) return decide(op, x instanceof PyFloat ? x.value : x, y instanceof PyFloat ? y.value : y);
  if (isText(a) && isText(b)) return decide(op, compareTexts(textOf(a), textOf(b)), 0);
  if (Array.isArray(a) && Array.isArray(b) && a instanceof PyTuple === b instanceof PyTuple) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      charge();
      if (!same(a[i] as Value, b[i] as Value)) return ordered(op, a[i] as Value, b[i] as Value);
    }
    return decide(op, a.length, b.length);
  }
  throw typeError(`'${op}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

function decide(op: Order, a: number | bigint, b: number | bigint): boolean {
  if (op === '<') return a < b;
  if (op === '<=') return a <= b;
  return op === '>' ? a > b : a >= b;
}

/** Order by code points: UTF-16 puts surrogates before the private area. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    return (a.codePointAt(i) as number) - (b.codePointAt(i) as number);
  }
  return a.length - b.length;
}

/** Python's stable sort. */
export function sorted(items: Value[], key: (item: Value) => Value, reverse: boolean): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  charge(items.length);
  keyed.sort((a, b) => {
    charge();
    const [x, y] = reverse ? [b.key, a.key] : [a.key, b.key];
    return ordered('<', x, y) ? -1 : ordered('<', y, x) ? 1 : 0;
  });
  return keyed.map((entry) => entry.item);
}

/** `needle in container`. */
export function contains(container: Value, needle: Value): boolean {
  if (isText(container)) {
    if (needle instanceof Undefined || !isText(needle)) throw typeError(`'in <string>' requires string as left operand, not ${typeName(needle)}`);
    return findText(textOf(container), textOf(needle)) >= 0;
  }
  if (container instanceof PyDict) return container.has(needle);
  if (container instanceof PyDictView && (container.type === 'dict_keys' || container.type === 'set')) return container.dict.has(needle);
  if (!Array.isArray(container) && (container === null || typeof container !== 'object' || container instanceof PyFloat || !container.iterate())) {
    throw typeError(`argument of type '${typeName(container)}' is not iterable`);
  }
  for (const item of iterate(container)) if (same(item, needle)) return true;
  return false;
}
