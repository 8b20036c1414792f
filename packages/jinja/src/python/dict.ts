import { typeError } from './errors.ts';
import { Markup, PyFloat, PyObject, PyTuple, Undefined, tuple, type Value } from './values.ts';

type Key = string | number | bigint | null | PyObject;

/** What a Map needs to find a key as Python does: 1, 1.0 and True are one key, equal tuples too. */
function hashKey(key: Value): Key {
  if (typeof key === 'string') return key.charCodeAt(0) === 0 ? `\0${key}` : key;
  if (typeof key === 'boolean') return Number(key);
  if (key instanceof PyFloat) return key.value;
  if (key instanceof Markup) return hashKey(key.text);
  if (key instanceof PyTuple) return `\0t${JSON.stringify(key.map((item) => { const k = hashKey(item); return [typeof k, String(k)]; }))}`;
  if (Array.isArray(key)) throw unhashable('list');
  if (key instanceof PyDict) throw unhashable('dict');
  return key;
}

function unhashable(type: string) {
  return typeError(`unhashable type: '${type}'`, `a ${type} cannot be the key of a dict`);
}

/** A Python dict: keeps the order of insertion. */
export class PyDict extends PyObject {
  readonly type = 'dict';
  private readonly map = new Map<Key, [Value, Value]>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    super();
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number { return this.map.size; }
  get(key: Value): Value | undefined { return this.map.get(hashKey(key))?.[1]; }
  has(key: Value): boolean { return this.map.has(hashKey(key)); }
  delete(key: Value): boolean { return this.map.delete(hashKey(key)); }
  clear(): void { this.map.clear(); }
  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    const entry = this.map.get(hash);
    if (entry) entry[1] = value;
    else this.map.set(hash, [key, value]);
  }
  entries(): IterableIterator<[Value, Value]> { return this.map.values(); }
  *keys(): Generator<Value> { for (const [key] of this.map.values()) yield key; }
  *values(): Generator<Value> { for (const [, value] of this.map.values()) yield value; }

  override length(): number { return this.map.size; }
  override iterate(): Iterator<Value> { return this.keys(); }
  override item(key: Value): Value | undefined { return this.get(key); }
}

/** `dict.keys()`, `.values()`, `.items()`: follow later changes of the dict. A set, which is what is left of such a view less another, is one of a dict of its own. */
export class PyDictView extends PyObject {
  readonly type: 'dict_keys' | 'dict_values' | 'dict_items' | 'set';
  readonly dict: PyDict;
  constructor(type: PyDictView['type'], dict: PyDict) {
    super();
    this.type = type;
    this.dict = dict;
  }
  override length(): number { return this.dict.size; }
  override iterate(): Iterator<Value> {
    if (this.type === 'dict_keys' || this.type === 'set') return this.dict.keys();
    if (this.type === 'dict_values') return this.dict.values();
    return items(this.dict);
  }
}

function* items(dict: PyDict): Generator<Value> {
  for (const entry of dict.entries()) yield tuple(entry);
}

/** A key for "have I seen an equal value": the hash of a hashable value. */
export function sameKey(value: Value): unknown {
  return value instanceof Undefined ? Undefined : hashKey(value);
}
