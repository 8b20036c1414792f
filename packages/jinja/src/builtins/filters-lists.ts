import { attributeOnly, getItem, lengthOf, tupleFields } from '../python/attributes.ts';
import { binary } from '../python/operators.ts';
import { charge, checkList } from '../limits.ts';
import { equal, ordered, sorted } from '../python/compare.ts';
import { escape } from '../python/html.ts';
import { indexOf, isText, textOf, truth, typeName } from '../python/types.ts';
import { isIterable, iterate, toList } from '../python/iterate.ts';
import { PyDict, sameKey } from '../python/dict.ts';
import { points } from '../python/text.ts';
import { PyError, typeError } from '../python/errors.ts';
import { str } from '../python/repr.ts';
import { joinTexts } from '../python/text-methods.ts';
import { Markup, PyIterator, PyTuple, Undefined, orUndefined, tuple, type Kwargs, type Value } from '../python/values.ts';
import { filter, scopedFilter, type Filter, type Scope } from './define.ts';

const filterError = (message: string, hint?: string) => new PyError('FilterArgumentError', message, { hint });

const ignoreCase = (value: Value): Value => (isText(value) ? textOf(value).toLowerCase() : value);

/** Parts of `attribute='a.b.0'`. */
function parts(attribute: Value): Value[] {
  if (attribute === null) return [];
  return isText(attribute) ? textOf(attribute).split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : [attribute];
}

/** Reads an attribute path of an item. */
function getter(attribute: Value, options: { ignoringCase?: boolean; fallback?: Value } = {}): (item: Value) => Value {
  const path = parts(attribute);
  const fallback = options.fallback ?? null;
  return (item) => {
    let value = item;
    for (const part of path) {
      value = getItem(value, part);
      if (fallback !== null && value instanceof Undefined) value = fallback;
    }
    return options.ignoringCase ? ignoreCase(value) : value;
  };
}

function firstOf(items: Value): Value {
  for (const item of iterate(items)) return item;
  return new Undefined({ hint: 'No first item, sequence was empty.' });
}

function lastOf(items: Value): Value {
  if (items instanceof PyIterator) throw typeError(`'${items.type}' object is not reversible`, 'write |list before |last');
  return orUndefined(toList(items).at(-1), { hint: 'No last item, sequence was empty.' });
}

function extreme(items: Value, caseSensitive: Value, attribute: Value, op: '<' | '>'): Value {
  const key = getter(attribute, { ignoringCase: !truth(caseSensitive) });
  let best: { item: Value; key: Value } | undefined;
  for (const item of iterate(items)) {
    const candidate = { item, key: key(item) };
    if (!best || ordered(op, candidate.key, best.key)) best = candidate;
  }
  return best ? best.item : new Undefined({ hint: 'No aggregated item, sequence was empty.' });
}

function* unique(items: Value, caseSensitive: Value, attribute: Value): Generator<Value> {
  const key = getter(attribute, { ignoringCase: !truth(caseSensitive) });
  const seen = new Set<unknown>();
  for (const item of iterate(items)) {
    const mark = sameKey(key(item));
    if (seen.has(mark)) continue;
    seen.add(mark);
    yield item;
  }
}

function* batch(items: Value, count: Value, fill: Value): Generator<Value> {
  const size = indexOf(count);
  let row: Value[] = [];
  for (const item of iterate(items)) {
    if (row.length === size) { yield row; row = []; }
    row.push(item);
  }
  if (row.length === 0) return;
  if (fill !== null) checkList(size);
  while (fill !== null && row.length < size) row.push(fill);
  yield row;
}

function* slices(items: Value, count: Value, fill: Value): Generator<Value> {
  const all = toList(items);
  const number = indexOf(count);
  if (number === 0) throw new PyError('ZeroDivisionError', 'integer division or modulo by zero');
  const size = Math.floor(all.length / number);
  const extra = all.length - size * number;
  let offset = 0;
  for (let i = 0; i < number; i++) {
    charge();
    const start = offset + i * size;
    if (i < extra) offset++;
    const row = all.slice(start, offset + (i + 1) * size);
    if (fill !== null && i >= extra) row.push(fill);
    yield row;
  }
}

function groupBy(items: Value, attribute: Value, fallback: Value, caseSensitive: Value): Value {
  const exact = getter(attribute, { fallback });
  const key = getter(attribute, { fallback, ignoringCase: !truth(caseSensitive) });
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(toList(items), key, false)) {
    const group = groups.at(-1);
    if (group && equal(group.key, key(item))) group.items.push(item);
    else groups.push({ key: key(item), items: [item] });
  }
  return groups.map((group) => {
    const made = tuple([truth(caseSensitive) ? group.key : exact(group.items[0] as Value), group.items]);
    tupleFields.set(made, ['grouper', 'list']);
    return made;
  });
}

function sum(items: Value, attribute: Value, start: Value): Value {
  const key = getter(attribute);
  if (isText(start)) throw typeError("sum() can't sum strings [use ''.join(seq) instead]", 'join texts with |join');
  let total: Value = start;
  for (const item of iterate(items)) total = binary('+', total, key(item));
  return total;
}

function join(scope: Scope, items: Value, separator: Value, attribute: Value): Value {
  const key = getter(attribute);
  const values = toList(items).map(key);
  if (!scope.autoescape) return joinTexts(str(separator), values.map(str));
  const markup = separator instanceof Markup || values.some((value) => value instanceof Markup);
  if (!markup) return joinTexts(str(separator), values.map(str));
  return new Markup(joinTexts(escape(separator).text, values.map((value) => escape(value).text)));
}

function reverse(value: Value): Value {
  if (isText(value)) return points(textOf(value)).toReversed().join('');
  if (!isIterable(value)) throw filterError('argument must be iterable');
  const items = toList(value).toReversed();
  return value instanceof PyIterator ? items : new PyIterator(items, 'reversed');
}

function dictSort(value: Value, caseSensitive: Value, by: Value, backwards: Value): Value {
  if (value instanceof Undefined || !(value instanceof PyDict)) throw typeError(`dictsort needs a dict, not ${typeName(value)}`);
  if (by !== 'key' && by !== 'value') throw filterError('You can only sort by either "key" or "value"');
  const at = by === 'key' ? 0 : 1;
  const items = [...value.entries()].map((entry): Value => tuple(entry));
  return sorted(items, (item) => { const part = (item as PyTuple)[at] as Value; return truth(caseSensitive) ? part : ignoreCase(part); }, truth(backwards));
}

function toKwargs(extra: Value): Map<string, Value> {
  return new Map(extra instanceof PyDict ? [...extra.entries()].map(([key, value]) => [str(key), value]) : []);
}

function* map(scope: Scope, items: Value, args: Value[], kwargs: Map<string, Value>): Generator<Value> {
  if (!truth(items)) return;
  let apply: (item: Value) => Value;
  const attribute = kwargs.get('attribute');
  if (args.length === 0 && attribute !== undefined) {
    const unexpected = [...kwargs.keys()].find((name) => name !== 'attribute' && name !== 'default');
    if (unexpected) throw filterError(`Unexpected keyword argument '${unexpected}'`);
    apply = getter(attribute, { fallback: kwargs.get('default') ?? null });
  } else {
    const [name, ...rest] = args;
    if (name === undefined) throw filterError('map requires a filter argument', "write map('upper') or map(attribute='name')");
    apply = (item) => scope.builtins.filter(str(name), scope, [item, ...rest], kwargs as Kwargs);
  }
  for (const item of iterate(items)) yield apply(item);
}

/** `select`, `reject`, `selectattr`, `rejectattr`. */
function selection(keep: boolean, byAttribute: boolean): Filter {
  function* select(scope: Scope, items: Value, args: Value[], kwargs: Kwargs): Generator<Value> {
    if (!truth(items)) return;
    const [attribute] = args;
    if (byAttribute && attribute === undefined) throw filterError('Missing parameter for attribute name');
    const key = byAttribute ? getter(attribute as Value) : (item: Value) => item;
    const [name, ...rest] = byAttribute ? args.slice(1) : args;
    for (const item of iterate(items)) {
      const value = key(item);
      const holds = name === undefined ? truth(value) : scope.builtins.test(str(name), scope, [value, ...rest], kwargs);
      if (holds === keep) yield item;
    }
  }
  return scopedFilter(['value', '*args', '**kwargs'], (scope, items = null, args = [], kwargs = null) =>
    new PyIterator(select(scope, items, toList(args), toKwargs(kwargs))));
}

/** Filters of lists and dicts. */
export const listFilters: Record<string, Filter> = {
  attr: filter(['obj', 'name'], (value = null, name = '') => attributeOnly(value, textOf(name))),
  batch: filter(['value', 'linecount', ['fill_with', null]], (items = null, count = 1, fill = null) => new PyIterator(batch(items, count, fill))),
  count: filter(['value'], (value = null) => lengthOf(value)),
  dictsort: filter(['value', ['case_sensitive', false], ['by', 'key'], ['reverse', false]], (value = null, cased = false, by = 'key', backwards = false) => dictSort(value, cased, by, backwards)),
  first: filter(['seq'], (items = null) => firstOf(items)),
  groupby: filter(['value', 'attribute', ['default', null], ['case_sensitive', false]], (items = null, attribute = null, fallback = null, cased = false) => groupBy(items, attribute, fallback, cased)),
  items: filter(['value'], (value = null) => {
    if (!(value instanceof Undefined) && !(value instanceof PyDict)) throw typeError('Can only get item pairs from a mapping.');
    return new PyIterator(value instanceof PyDict ? [...value.entries()].map((entry) => tuple(entry)) : []);
  }),
  join: scopedFilter(['value', ['d', ''], ['attribute', null]], (scope, items = null, separator = '', attribute = null) => join(scope, items, separator, attribute)),
  last: filter(['seq'], (items = null) => lastOf(items)),
  length: filter(['value'], (value = null) => lengthOf(value)),
  list: filter(['value'], (value = null) => toList(value)),
  map: scopedFilter(['value', '*args', '**kwargs'], (scope, items = null, args = [], kwargs = null) => new PyIterator(map(scope, items, toList(args), toKwargs(kwargs)))),
  max: filter(['value', ['case_sensitive', false], ['attribute', null]], (items = null, cased = false, attribute = null) => extreme(items, cased, attribute, '>')),
  min: filter(['value', ['case_sensitive', false], ['attribute', null]], (items = null, cased = false, attribute = null) => extreme(items, cased, attribute, '<')),
  random: filter(['seq'], (items = null) => {
    const all = toList(items);
    return orUndefined(all[Math.floor(Math.random() * all.length)], { hint: 'No random item, sequence was empty.' });
  }),
  reject: selection(false, false),
  rejectattr: selection(false, true),
  reverse: filter(['value'], (value = null) => reverse(value)),
  select: selection(true, false),
  selectattr: selection(true, true),
  slice: filter(['value', 'slices', ['fill_with', null]], (items = null, count = 1, fill = null) => new PyIterator(slices(items, count, fill))),
  sort: filter(['value', ['reverse', false], ['case_sensitive', false], ['attribute', null]], (items = null, backwards = false, cased = false, attribute = null) => {
    const keys = (isText(attribute) ? textOf(attribute).split(',') : [attribute]).map((one) => getter(one, { ignoringCase: !truth(cased) }));
    return sorted(toList(items), (item) => keys.map((key) => key(item)), truth(backwards));
  }),
  sum: filter(['iterable', ['attribute', null], ['start', 0]], (items = null, attribute = null, start = 0) => sum(items, attribute, start)),
  unique: filter(['value', ['case_sensitive', false], ['attribute', null]], (items = null, cased = false, attribute = null) => new PyIterator(unique(items, cased, attribute))),
};

