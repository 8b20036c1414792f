import { PyDict } from './python/dict.ts';
import { int } from './python/numbers.ts';
import { typeError } from './python/errors.ts';
import { PyFloat, PyObject, type Value } from './python/values.ts';

/** The Python value of a JavaScript value. A number that is an integer becomes int; `PyFloat` keeps 1.0 apart from 1. */
export function fromNative(value: unknown): Value {
  switch (typeof value) {
    case 'string': case 'boolean': return value;
    case 'number': return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : new PyFloat(value);
    case 'bigint': return int(value);
    case 'undefined': return null;
    case 'object': break;
    default: throw typeError(`a template cannot hold a ${typeof value}`);
  }
  if (value === null || value instanceof PyFloat || value instanceof PyObject) return value;
  if (Array.isArray(value)) return value.map(fromNative);
  if (value instanceof Map) return new PyDict([...value].map(([key, item]) => [fromNative(key), fromNative(item)]));
  return new PyDict(Object.entries(value).map(([key, item]) => [key, fromNative(item)]));
}
