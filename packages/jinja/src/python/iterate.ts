import { charge, checkList } from '../limits.ts';
import { typeError } from './errors.ts';
import { points } from './text.ts';
import { isText, textOf, typeName } from './types.ts';
import { PyObject, type Value } from './values.ts';

/** `iter(value)`; each element costs a step. @throws PyError TypeError if it cannot be iterated */
export function* iterate(value: Value): Generator<Value, undefined> {
  const walk = iterator(value);
  for (let next = walk.next(); !next.done; next = walk.next()) {
    charge();
    yield next.value;
  }
  return undefined;
}

function iterator(value: Value): Iterator<Value> {
  if (Array.isArray(value)) return value.values();
  if (isText(value)) return points(textOf(value)).values();
  const walk = value instanceof PyObject ? value.iterate() : undefined;
  if (!walk) throw typeError(`'${typeName(value)}' object is not iterable`);
  return walk;
}

export function isIterable(value: Value): boolean {
  return Array.isArray(value) || isText(value) || (value instanceof PyObject && value.iterate() !== undefined);
}

/** `list(value)`: always a new array. */
export function toList(value: Value): Value[] {
  if (Array.isArray(value)) { checkList(value.length); return Array.from(value); }
  const list: Value[] = [];
  for (const item of iterate(value)) {
    list.push(item);
    if ((list.length & 1023) === 0) checkList(list.length);
  }
  return list;
}
