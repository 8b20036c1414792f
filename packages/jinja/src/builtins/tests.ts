import { binary } from '../python/operators.ts';
import { contains, equal, ordered } from '../python/compare.ts';
import { isInt, isText } from '../python/types.ts';
import { isIterable } from '../python/iterate.ts';
import { isLower, isUpper } from '../python/text-methods.ts';
import { PyDict } from '../python/dict.ts';
import { PyRange } from '../python/range.ts';
import { str } from '../python/repr.ts';
import { typeError } from '../python/errors.ts';
import { Markup, PyFloat, PyObject, Undefined, type Value } from '../python/values.ts';
import { scopedTest, test, type Test } from './define.ts';

const one = (check: (value: Value) => boolean): Test => test(['value'], (value = null) => check(value));
const two = (check: (a: Value, b: Value) => boolean): Test => test(['value', 'other'], (a = null, b = null) => check(a, b));

/** `value % by == rest`. */
function remainder(value: Value, by: Value, rest: number): boolean {
  if (isText(value)) throw typeError(`not all arguments converted during string formatting`, 'this test wants a number; turn a text into one with |int');
  return equal(binary('%', value, by), rest);
}

const eq = two(equal);
const ne = two((a, b) => !equal(a, b));
const gt = two((a, b) => ordered('>', a, b));
const ge = two((a, b) => ordered('>=', a, b));
const lt = two((a, b) => ordered('<', a, b));
const le = two((a, b) => ordered('<=', a, b));
const isNumber = (value: Value): boolean => isInt(value) || value instanceof PyFloat;

function isSequence(value: Value): boolean {
  return Array.isArray(value) || isText(value) || value instanceof PyDict || value instanceof PyRange || (value instanceof Undefined);
}

/** Tests that every template has. */
export const tests: ReadonlyMap<string, Test> = new Map<string, Test>(Object.entries({
  odd: one((value) => remainder(value, 2, 1)),
  even: one((value) => remainder(value, 2, 0)),
  divisibleby: test(['value', 'num'], (value = null, by = 1) => remainder(value, by, 0)),
  defined: one((value) => !(value instanceof Undefined)),
  undefined: one((value) => value instanceof Undefined),
  none: one((value) => value === null),
  boolean: one((value) => typeof value === 'boolean'),
  false: one((value) => value === false),
  true: one((value) => value === true),
  integer: one((value) => isInt(value) && typeof value !== 'boolean'),
  float: one((value) => value instanceof PyFloat),
  number: one(isNumber),
  lower: one((value) => isLower(str(value))),
  upper: one((value) => isUpper(str(value))),
  string: one(isText),
  mapping: one((value) => value instanceof PyDict),
  sequence: one(isSequence),
  iterable: one(isIterable),
  callable: one((value) => value instanceof Undefined || (value instanceof PyObject && value.call !== undefined)),
  // Identity; texts and numbers are identical when they are equal.
  sameas: two((a, b) => a === b),
  escaped: one((value) => value instanceof Markup),
  in: test(['value', 'seq'], (value = null, seq = null) => contains(seq, value)),
  '==': eq, eq, equalto: eq,
  '!=': ne, ne,
  '>': gt, gt, greaterthan: gt,
  '>=': ge, ge,
  '<': lt, lt, lessthan: lt,
  '<=': le, le,
  filter: scopedTest(['value'], ({ builtins }, value = '') => builtins.filters.has(str(value))),
  test: scopedTest(['value'], ({ builtins }, value = '') => builtins.tests.has(str(value))),
}));
