import { charge, checkList } from '../limits.ts';
import { callValue, methods } from './call.ts';
import { equal, sorted } from './compare.ts';
import { PyDict, PyDictView } from './dict.ts';
import { PyError, typeError, valueError } from './errors.ts';
import { isIterable, iterate, toList } from './iterate.ts';
import { repr } from './repr.ts';
import { indexOf, truth } from './types.ts';
import { noKwargs, tuple, type Value } from './values.ts';

const count = (list: Value[], value: Value) => [...iterate(list)].filter((item) => equal(item, value)).length;

function index(list: Value[], value: Value, start: Value, stop: Value): number {
  charge(list.length >> 3);
  const clamp = (n: number) => (n < 0 ? Math.max(0, n + list.length) : n);
  for (let i = clamp(indexOf(start)); i < Math.min(list.length, clamp(indexOf(stop))); i++) if (equal(list[i] as Value, value)) return i;
  throw valueError(`${repr(value)} is not in list`);
}

/** Methods of list. As in LAVA's sandbox lists and dicts may be changed. */
export const listMethods = methods<Value[]>('list', {
  append: [['object'], (list, item = null) => { checkList(list.length + 1); list.push(item); return null; }],
  clear: [[], (list) => { list.length = 0; return null; }],
  copy: [[], (list) => toList(list)],
  count: [['value'], (list, value = null) => count(list, value)],
  extend: [['iterable'], (list, items = null) => {
    const more = toList(items);
    checkList(list.length + more.length);
    for (const item of more) list.push(item);
    return null;
  }],
  index: [['value', ['start', 0], ['stop', Number.MAX_SAFE_INTEGER]], (list, value = null, start = 0, stop = 0) => index(list, value, start, stop)],
  insert: [['index', 'object'], (list, at = 0, item = null) => { checkList(list.length + 1); list.splice(indexOf(at), 0, item); return null; }],
  pop: [[['index', -1]], (list, at = -1) => {
    if (list.length === 0) throw new PyError('IndexError', 'pop from empty list');
    const place = indexOf(at) < 0 ? indexOf(at) + list.length : indexOf(at);
    if (place < 0 || place >= list.length) throw new PyError('IndexError', 'pop index out of range');
    return list.splice(place, 1)[0] as Value;
  }],
  remove: [['value'], (list, value = null) => {
    charge(list.length >> 3);
    const at = list.findIndex((item) => equal(item, value));
    if (at < 0) throw valueError('list.remove(x): x not in list');
    list.splice(at, 1);
    return null;
  }],
  reverse: [[], (list) => { list.reverse(); return null; }],
  sort: [[['key', null], ['reverse', false]], (list, key = null, reverse = false) => {
    const ordered = sorted(list, key === null ? (item) => item : (item) => callValue(key, [item], noKwargs), truth(reverse));
    list.splice(0, list.length, ...ordered);
    return null;
  }],
});

export const tupleMethods = methods<Value[]>('tuple', {
  count: [['value'], (list, value = null) => count(list, value)],
  index: [['value', ['start', 0], ['stop', Number.MAX_SAFE_INTEGER]], (list, value = null, start = 0, stop = 0) => index(list, value, start, stop)],
});

const missingKey = (key: Value) => new PyError('KeyError', repr(key));

export const dictMethods = methods<PyDict>('dict', {
  clear: [[], (dict) => { dict.clear(); return null; }],
  copy: [[], (dict) => new PyDict(dict.entries())],
  fromkeys: [['iterable', ['value', null]], (_, keys = [], value = null) => new PyDict([...iterate(keys)].map((key) => [key, value]))],
  get: [['key', ['default', null]], (dict, key = null, fallback = null) => dict.get(key) ?? (dict.has(key) ? null : fallback)],
  items: [[], (dict) => new PyDictView('dict_items', dict)],
  keys: [[], (dict) => new PyDictView('dict_keys', dict)],
  pop: [['key', '*default'], (dict, key = null, fallback = []) => {
    const value = dict.get(key);
    if (value === undefined) {
      const given = Array.isArray(fallback) ? fallback[0] : undefined;
      if (given === undefined) throw missingKey(key);
      return given;
    }
    dict.delete(key);
    return value;
  }],
  popitem: [[], (dict) => {
    charge(dict.size >> 3);
    const last = [...dict.entries()].at(-1);
    if (!last) throw new PyError('KeyError', "'popitem(): dictionary is empty'");
    dict.delete(last[0]);
    return tuple(last);
  }],
  setdefault: [['key', ['default', null]], (dict, key = null, fallback = null) => {
    if (!dict.has(key)) { checkList(dict.size + 1); dict.set(key, fallback); }
    return dict.get(key) ?? null;
  }],
  update: [['*others', '**more'], (dict, others = [], more = null) => {
    for (const other of [...iterate(others), more]) for (const [key, value] of pairs(other)) dict.set(key, value);
    checkList(dict.size);
    return null;
  }],
  values: [[], (dict) => new PyDictView('dict_values', dict)],
});

/** Entries of what `dict()` takes: a dict or an iterable of pairs. */
export function pairs(source: Value): [Value, Value][] {
  if (source instanceof PyDict) return [...source.entries()];
  return [...iterate(source)].map((pair, i) => {
    if (!isIterable(pair)) throw typeError(`cannot convert dictionary update sequence element #${i} to a sequence`);
    const [key, value, ...rest] = toList(pair);
    if (key === undefined || value === undefined || rest.length) throw valueError(`dictionary update sequence element #${i} has length ${toList(pair).length}; 2 is required`);
    return [key, value];
  });
}

