import { charge, checkList } from '../limits.ts';
import { PyDict } from './dict.ts';
import { typeError, valueError } from './errors.ts';
import { dictMethods, listMethods, tupleMethods } from './container-methods.ts';
import { formatMethod, type Lookups } from './format.ts';
import { methods } from './call.ts';
import { PyRange } from './range.ts';
import { points, textLength } from './text.ts';
import { textMethods } from './text-methods.ts';
import { indexOf, isInt, isText, textOf, typeName, undefinedError } from './types.ts';
import { escape } from './html.ts';
import { Markup, PyFloat, PyFunction, PyObject, PyTuple, Undefined, orUndefined, tuple, type Value } from './values.ts';

const intMethods = methods<number | bigint>('int', {
  bit_count: [[], (n) => (BigInt(n) < 0n ? -BigInt(n) : BigInt(n)).toString(2).replaceAll('0', '').length],
  bit_length: [[], (n) => (n == 0 ? 0 : (BigInt(n) < 0n ? -BigInt(n) : BigInt(n)).toString(2).length)],
  conjugate: [[], (n) => n],
});
const floatMethods = methods<PyFloat>('float', {
  conjugate: [[], (n) => n],
  is_integer: [[], (n) => Number.isInteger(n.value)],
});

/** What every Python object has and a sandbox keeps from templates. */
const internal = /^__(class|doc|init|new|dict|module|mro|bases|base|subclasses|globals|code|self|func|call|len|getitem|iter|next|str|repr|hash|eq|ne|add|contains|getattribute|setattr|delattr|reduce|reduce_ex|sizeof|dir|format|init_subclass|subclasshook)__$/;

const lookups: Lookups = { getAttribute, getItem };

/** `getattr(value, name)`; undefined if there is no such attribute. */
function attributeOf(value: Value, name: string): Value | undefined {
  if (value instanceof Undefined) throw undefinedError(value);
  if (typeof value === 'string') {
    charge(value.length >> 6);
    return formatMethod(value, name, lookups) ?? textMethods.get(name)?.(value);
  } else if (value instanceof Markup) {
    return markupMethod(value, name);
  } else if (value instanceof PyDict) {
    return dictMethods.get(name)?.(value);
  } else if (value instanceof PyTuple) {
    const field = namedField(value, name);
    return field === undefined ? tupleMethods.get(name)?.(value) : field;
  } else if (Array.isArray(value)) {
    return listMethods.get(name)?.(value);
  } else if (isInt(value)) {
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (name === 'real' || name === 'numerator') return number;
    return name === 'imag' ? 0 : name === 'denominator' ? 1 : intMethods.get(name)?.(number);
  } else if (value instanceof PyFloat) {
    if (name === 'real') return value;
    return name === 'imag' ? new PyFloat(0) : floatMethods.get(name)?.(value);
  } else if (value instanceof PyObject) {
    return value.attribute(name);
  }
  return undefined;
}

/** Names of the fields of tuples that have some (groups of `|groupby`). */
export const tupleFields = new WeakMap<PyTuple, readonly string[]>();

function namedField(value: PyTuple, name: string): Value | undefined {
  const at = tupleFields.get(value)?.indexOf(name) ?? -1;
  return at < 0 ? undefined : value[at];
}

/** Methods of Markup: those of str, with arguments escaped and the result Markup again. */
function markupMethod(value: Markup, name: string): Value | undefined {
  const method = formatMethod(value.text, name, lookups, escape) ?? textMethods.get(name)?.(value.text);
  if (!method) return undefined;
  const safe = (arg: Value): Value => (isText(arg) ? escape(arg).text : arg);
  return new PyFunction(name, (args, kwargs) => {
    const result = name === 'format' ? method.call(args, kwargs) : method.call(args.map((arg) => (name === 'join' && Array.isArray(arg) ? arg.map(safe) : safe(arg))), kwargs);
    if (typeof result === 'string') return new Markup(result);
    if (Array.isArray(result)) return result instanceof PyTuple ? tuple(result.map(escape)) : result.map((item) => (typeof item === 'string' ? new Markup(item) : item));
    return result;
  });
}

/** `value[key]`; undefined if Python would raise a TypeError or LookupError. */
function itemOf(value: Value, key: Value): Value | undefined {
  if (value instanceof PyDict) {
    if ((Array.isArray(key) && !(key instanceof PyTuple)) || key instanceof PyDict) return undefined;
    return value.get(key);
  }
  if (Array.isArray(value) || isText(value)) {
    if (typeof key === 'boolean') return itemOf(value, Number(key));
    if (typeof key !== 'number') return undefined;
    if (Array.isArray(value)) return value.at(key);
    const text = textOf(value);
    const one = Math.abs(key) > text.length ? undefined : points(text).at(key);
    return one !== undefined && value instanceof Markup ? new Markup(one) : one;
  }
  return value instanceof PyObject ? value.item(key) : undefined;
}

function unsafe(value: Value, name: string): Undefined {
  return new Undefined({ hint: `access to attribute '${name}' of '${typeName(value)}' object is unsafe.`, object: value, name, kind: 'SecurityError' });
}

function known(value: Value): () => Iterable<string> {
  return () => {
    if (value instanceof PyDict) return [...[...value.keys()].filter((k) => typeof k === 'string'), ...dictMethods.keys()];
    if (isText(value)) return textMethods.keys();
    return Array.isArray(value) ? listMethods.keys() : [];
  };
}

/** `value.name` in a template: the attribute, else the element of that name, else undefined. */
export function getAttribute(value: Value, name: string): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  if (name.startsWith('__') && internal.test(name)) return unsafe(value, name);
  const attribute = attributeOf(value, name);
  if (attribute !== undefined) return name.startsWith('_') ? unsafe(value, name) : attribute;
  return orUndefined(itemOf(value, name), { object: value, name, known: known(value) });
}

/** `value|attr(name)`: only the attribute. */
export function attributeOnly(value: Value, name: string): Value {
  if (name.startsWith('__') && internal.test(name)) return unsafe(value, name);
  return orUndefined(attributeOf(value, name), { object: value, name, known: known(value) });
}

/** `value[key]` in a template: the element, else the attribute of that name, else undefined. */
export function getItem(value: Value, key: Value): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  const item = itemOf(value, key);
  if (item !== undefined) return item;
  if (isText(key)) {
    const name = textOf(key);
    if (name.startsWith('__') && internal.test(name)) return unsafe(value, name);
    const attribute = attributeOf(value, name);
    if (attribute !== undefined) return name.startsWith('_') ? unsafe(value, name) : attribute;
  }
  return new Undefined({ object: value, name: key, known: known(value) });
}

/** `value[start:stop:step]`. */
export function getSlice(value: Value, start: Value, stop: Value, step: Value): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  if (!Array.isArray(value) && !isText(value) && !(value instanceof PyRange)) {
    throw typeError(value instanceof PyDict ? "unhashable type: 'slice'" : `'${typeName(value)}' object is not subscriptable`);
  }
  const size = lengthOf(value);
  const by = step === null ? 1 : indexOf(step);
  if (by === 0) throw valueError('slice step cannot be zero');
  const clamp = (given: Value, fallback: number) => {
    if (given === null) return fallback;
    const n = indexOf(given) < 0 ? indexOf(given) + size : indexOf(given);
    return by > 0 ? Math.max(0, Math.min(size, n)) : Math.max(-1, Math.min(size - 1, n));
  };
  const from = clamp(start, by > 0 ? 0 : size - 1);
  const to = clamp(stop, by > 0 ? size : -1);
  if (value instanceof PyRange) return new PyRange(value.at(from), value.at(to), value.step * by);
  const elements: Value[] = Array.isArray(value) ? value : points(textOf(value));
  const picked: Value[] = [];
  if (Array.isArray(value)) checkList(Math.max(0, Math.ceil((to - from) / by)));
  for (let i = from; by > 0 ? i < to : i > to; i += by) picked.push(elements[i] as Value);
  if (Array.isArray(value)) return value instanceof PyTuple ? tuple(picked) : picked;
  return value instanceof Markup ? new Markup(picked.join('')) : picked.join('');
}

/** `len(value)`. */
export function lengthOf(value: Value): number {
  if (isText(value)) return textLength(textOf(value));
  if (Array.isArray(value)) return value.length;
  const length = value instanceof PyObject ? value.length() : undefined;
  if (length === undefined) throw typeError(`object of type '${typeName(value)}' has no len()`);
  return length;
}

