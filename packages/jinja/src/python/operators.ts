import { checkList, checkText } from '../limits.ts';
import { PyError, typeError } from './errors.ts';
import { asNumber, double, int, tooBig } from './numbers.ts';
import { percentFormat } from './percent.ts';
import { PyDict, PyDictView } from './dict.ts';
import { iterate } from './iterate.ts';
import { repeatText } from './text.ts';
import { indexOf, isInt, isText, typeName, undefinedError } from './types.ts';
import { escapeHtml } from './html.ts';
import { Markup, PyFloat, PyTuple, Undefined, tuple, type Value } from './values.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** `a op b` as Python computes it. @throws PyError TypeError with Python's message */
export function binary(op: BinaryOperator, a: Value, b: Value): Value {
  // The common cases of templates first: texts and lists are joined with +.
  if (op === '+' && typeof a === 'string' && typeof b === 'string') {
    checkText(a.length + b.length);
    return a + b;
  }
  if (op === '%' && isText(a)) return percentFormat(a, b);
  if (a instanceof Undefined) throw undefinedError(a);
  if (op === '-' && (isSetLike(a) || isSetLike(b))) return difference(a, b);
  if (b instanceof Undefined) throw undefinedError(b);
  const x = asNumber(a);
  const y = asNumber(b);
  if (x !== undefined && y !== undefined) return arithmetic(op, x, y);
  if (op === '*' && (isSequence(a) || isSequence(b))) return isSequence(a) ? repeat(a, b) : repeat(b as Sequence, a);
  if (op === '+') {
    if (isText(a) && isText(b)) return joinMarkup(a, b);
    if (Array.isArray(a) && Array.isArray(b) && a instanceof PyTuple === b instanceof PyTuple) {
      checkList(a.length + b.length);
      return a instanceof PyTuple ? tuple([...a, ...b]) : [...a, ...b];
    }
    const hint = isText(a) || isText(b) ? 'join a text and a number with ~ instead of +' : undefined;
    if (isText(a)) throw typeError(`can only concatenate str (not "${typeName(b)}") to str`, hint);
    if (Array.isArray(a)) throw typeError(`can only concatenate ${typeName(a)} (not "${typeName(b)}") to ${typeName(a)}`);
    throw unsupported('+', a, b, hint);
  }
  throw unsupported(op === '**' ? '** or pow()' : op, a, b);
}

function unsupported(op: string, a: Value, b: Value, hint?: string): PyError {
  return typeError(`unsupported operand type(s) for ${op}: '${typeName(a)}' and '${typeName(b)}'`, hint);
}

const isSetLike = (value: Value): value is PyDictView => value instanceof PyDictView && value.type !== 'dict_values';

/** The elements of `a` that are not in `b`; one of them is a view of a dict, the other anything with elements. */
function difference(a: Value, b: Value): Value {
  if ([a, b].some((one) => isSetLike(one) && one.type === 'set') && !(isSetLike(a) && isSetLike(b))) throw unsupported('-', a, b);
  const left = new PyDict(Array.from(iterate(a), (item) => [item, null] as const));
  for (const item of iterate(b)) left.delete(item);
  return new PyDictView('set', left);
}

type Sequence = string | Markup | Value[];
function isSequence(value: Value): value is Sequence {
  return isText(value) || Array.isArray(value);
}

function joinMarkup(a: string | Markup, b: string | Markup): Value {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  const safe = (t: string | Markup) => (typeof t === 'string' ? escapeHtml(t) : t.text);
  checkText(safe(a).length + safe(b).length);
  return new Markup(safe(a) + safe(b));
}

function repeat(sequence: Sequence, times: Value): Value {
  if (!isInt(times)) throw typeError(`can't multiply sequence by non-int of type '${typeName(times)}'`);
  const count = Math.max(0, indexOf(times));
  if (typeof sequence === 'string') return repeatText(sequence, count);
  if (sequence instanceof Markup) return new Markup(repeatText(sequence.text, count));
  if (sequence.length === 0) return sequence instanceof PyTuple ? tuple([]) : [];
  checkList(sequence.length * count);
  const all = Array.from({ length: sequence.length * count }, (_, i) => sequence[i % sequence.length] as Value);
  return sequence instanceof PyTuple ? tuple(all) : all;
}

const zeroDivision = (message: string) => new PyError('ZeroDivisionError', message);

function arithmetic(op: BinaryOperator, a: number | bigint | PyFloat, b: number | bigint | PyFloat): Value {
  if (op === '/') {
    const divisor = double(b);
    if (divisor === 0) throw zeroDivision(a instanceof PyFloat || b instanceof PyFloat ? 'float division by zero' : 'division by zero');
    return new PyFloat(divideInts(a, b) ?? double(a) / divisor);
  }
  if (a instanceof PyFloat || b instanceof PyFloat) return floatArithmetic(op, double(a), double(b));
  if (op === '**') return power(a, b);
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : undefined;
    if (quick !== undefined && Number.isSafeInteger(quick)) return quick + 0;
  }
  const x = BigInt(a);
  const y = BigInt(b);
  if (op === '+') return int(x + y);
  if (op === '-') return int(x - y);
  if (op === '*') return int(x * y);
  if (y === 0n) throw zeroDivision(op === '%' ? 'integer modulo by zero' : 'integer division or modulo by zero');
  const rest = x % y;
  const modulo = rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
  return op === '%' ? int(modulo) : int((x - modulo) / y);
}

/** Big ints are divided exactly and rounded once; doubles of them would have lost digits. */
function divideInts(a: number | bigint | PyFloat, b: number | bigint | PyFloat): number | undefined {
  if (typeof a !== 'bigint' && typeof b !== 'bigint') return undefined;
  if (a instanceof PyFloat || b instanceof PyFloat) return undefined;
  const [x, y] = [BigInt(a), BigInt(b)];
  const shift = Math.max(0, y.toString(2).length - x.toString(2).length + 66);
  const shifted = x << BigInt(shift);
  const quotient = shifted / y;
  // A lowest bit of 1 tells the rounding that something follows.
  return Number(shifted % y === 0n ? quotient : quotient | 1n) / 2 ** shift;
}

function floatArithmetic(op: BinaryOperator, a: number, b: number): PyFloat {
  switch (op) {
    case '+': return new PyFloat(a + b);
    case '-': return new PyFloat(a - b);
    case '*': return new PyFloat(a * b);
    case '**': {
      if (a === 0 && b < 0) throw zeroDivision('0.0 cannot be raised to a negative power');
      if (a < 0 && Number.isFinite(b) && !Number.isInteger(b)) throw typeError('complex numbers are not supported in templates');
      const result = a ** b;
      if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b)) throw new PyError('OverflowError', "(34, 'Numerical result out of range')");
      return new PyFloat(a === 1 ? 1 : result);
    }
    default: {
      if (b === 0) throw zeroDivision(op === '%' ? 'float modulo' : 'float floor division by zero');
      let rest = a % b;
      if (rest !== 0 && rest < 0 !== b < 0) rest += b;
      else if (rest === 0) rest = b < 0 ? -0 : 0;
      if (op === '%') return new PyFloat(rest);
      const quotient = (a - rest) / b;
      const floor = Math.floor(quotient);
      return new PyFloat(quotient === 0 ? (Object.is(a / b, -0) || a / b < 0 ? -0 : 0) : quotient - floor > 0.5 ? floor + 1 : floor);
    }
  }
}

function power(a: number | bigint, b: number | bigint): Value {
  if (b < 0) {
    if (Number(a) === 0) throw zeroDivision('0.0 cannot be raised to a negative power');
    return new PyFloat(Number(a) ** Number(b));
  }
  const base = BigInt(a);
  if (base >= -1n && base <= 1n) return int(base === -1n ? (BigInt(b) % 2n === 0n ? 1n : -1n) : b == 0 ? 1n : base);
  const bits = base.toString(2).length;
  if (typeof b === 'bigint' || bits * b > 40_000) throw tooBig();
  return int(base ** BigInt(b));
}

/** `+a` and `-a`. */
export function unary(op: '+' | '-', a: Value): Value {
  if (a instanceof Undefined) throw undefinedError(a);
  const number = asNumber(a);
  if (number === undefined) throw typeError(`bad operand type for unary ${op}: '${typeName(a)}'`);
  if (op === '+') return number;
  if (number instanceof PyFloat) return new PyFloat(-number.value);
  return typeof number === 'number' ? 0 - number : int(-number);
}
