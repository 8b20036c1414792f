import { typeError, valueError } from './errors.ts';
import { exponentText, fixed, floatRepr, significant } from './float.ts';
import { double } from './numbers.ts';
import { repeatText, sliceText, textLength } from './text.ts';
import { str } from './repr.ts';
import { isText, textOf, typeName, undefinedError } from './types.ts';
import { PyFloat, Undefined, type Value } from './values.ts';

interface Spec {
  fill: string;
  align: string;
  sign: string;
  negativeZero: boolean;
  alternate: boolean;
  width: number;
  grouping: string;
  precision: number | undefined;
  type: string;
}

/** Widths and precisions beyond this are refused before anything of that size is made. */
const widest = 100_000;

function parseSpec(spec: string): Spec {
  const m = /^(?:(.)?([<>=^]))?([+\- ]?)(z?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?(.?)$/su.exec(spec);
  if (!m) throw valueError(`Invalid format specifier '${spec}'`);
  const [, fill, align, sign = '', z, alternate, zero, width, grouping = '', precision, type = ''] = m;
  for (const size of [width, precision]) if (Number(size ?? 0) > widest) throw valueError('Too many decimal digits in format string');
  return {
    fill: fill ?? (zero ? '0' : ' '), align: align ?? (zero ? '=' : ''), sign, negativeZero: z === 'z', alternate: alternate === '#',
    width: Number(width || 0), grouping, precision: precision === undefined ? undefined : Number(precision), type,
  };
}

/** `format(value, spec)`: the mini-language of `{:>10.2f}`. */
export function format(value: Value, spec: string): string {
  if (spec === '') return str(value);
  const wanted = parseSpec(spec);
  if (isText(value)) return formatText(textOf(value), wanted);
  if (typeof value === 'number' || typeof value === 'bigint') return formatInt(BigInt(value), wanted);
  if (typeof value === 'boolean') return wanted.type === '' && !wanted.grouping ? formatInt(BigInt(value), wanted) : formatInt(BigInt(value), wanted);
  if (value instanceof PyFloat) return formatFloat(value.value, wanted);
  if (value instanceof Undefined) throw undefinedError(value);
  throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
}

function unknownCode(spec: Spec, type: string) {
  return valueError(`Unknown format code '${spec.type}' for object of type '${type}'`);
}

function formatText(text: string, spec: Spec): string {
  if (spec.type !== '' && spec.type !== 's') throw unknownCode(spec, 'str');
  if (spec.sign) throw valueError('Sign not allowed in string format specifier');
  if (spec.align === '=' && spec.fill !== '0') throw valueError("'=' alignment not allowed in string format specifier");
  if (spec.grouping) throw valueError(`Cannot specify '${spec.grouping}' with 's'.`);
  const cut = spec.precision === undefined ? text : sliceText(text, 0, spec.precision);
  return pad(cut, '', { ...spec, align: spec.align === '=' || !spec.align ? '<' : spec.align });
}

function pad(body: string, sign: string, spec: Spec): string {
  const missing = spec.width - textLength(body) - sign.length;
  if (missing <= 0) return sign + body;
  if (spec.align === '=') return sign + repeatText(spec.fill, missing) + body;
  const left = spec.align === '<' ? 0 : spec.align === '^' ? missing >> 1 : missing;
  return repeatText(spec.fill, left) + sign + body + repeatText(spec.fill, missing - left);
}

function signOf(negative: boolean, spec: Spec): string {
  return negative ? '-' : spec.sign === '+' || spec.sign === ' ' ? spec.sign : '';
}

/** Puts separators into the digits before the point; zero padding is grouped too. */
function group(digits: string, spec: Spec, size: number, room: number): string {
  if (!spec.grouping) return digits;
  let whole = digits;
  if (spec.align === '=' && spec.fill === '0') while (whole.length + Math.floor((whole.length - 1) / size) < room) whole = `0${whole}`;
  return whole.replace(new RegExp(`\\B(?=([0-9a-fA-F]{${size}})+$)`, 'g'), spec.grouping);
}

function formatInt(value: bigint, spec: Spec): string {
  const radix = { '': 10, d: 10, n: 10, b: 2, o: 8, x: 16, X: 16 }[spec.type];
  if (radix === undefined) {
    if ('eEfFgG%'.includes(spec.type)) return formatFloat(double(value), spec);
    if (spec.type === 'c') return pad(String.fromCodePoint(Number(value)), '', { ...spec, align: spec.align || '<' });
    throw unknownCode(spec, 'int');
  }
  if (spec.precision !== undefined) throw valueError('Precision not allowed in integer format specifier');
  const negative = value < 0n;
  const plain = (negative ? -value : value).toString(radix);
  const prefix = spec.alternate && radix !== 10 ? `0${spec.type}` : '';
  const sign = signOf(negative, spec) + prefix;
  const digits = group(spec.type === 'X' ? plain.toUpperCase() : plain, spec, radix === 10 ? 3 : 4, spec.width - sign.length);
  return pad(digits, sign, { ...spec, align: spec.align || '>' });
}

function formatFloat(value: number, spec: Spec): string {
  if (!'eEfFgGn%'.includes(spec.type)) throw unknownCode(spec, 'float');
  let body = floatBody(value, spec.type, spec.precision, spec.alternate);
  const negative = (value < 0 || Object.is(value, -0)) && !(spec.negativeZero && /^[0.]*$/.test(body.replace(/e.*$/i, '')));
  const sign = signOf(negative, spec);
  const m = /^\d+/.exec(body);
  if (m) body = group(m[0], spec, 3, spec.width - sign.length - (body.length - m[0].length)) + body.slice(m[0].length);
  return pad(body, sign, { ...spec, align: spec.align || '>' });
}

/** The text of |value| by a format letter, as `%` and `format()` share it. */
export function floatBody(value: number, type: string, precision: number | undefined, alternate: boolean): string {
  const size = Math.abs(value);
  const upper = type !== '' && type === type.toUpperCase() && type !== '%';
  const cased = (text: string) => (upper ? text.toUpperCase() : text);
  if (!Number.isFinite(value)) return cased(Number.isNaN(value) ? 'nan' : 'inf') + (type === '%' ? '%' : '');
  const digits = precision ?? 6;
  switch (type.toLowerCase()) {
    case 'f': return fixed(size, digits) + (alternate && digits === 0 ? '.' : '');
    case '%': return `${fixed(size * 100, digits)}${alternate && digits === 0 ? '.' : ''}%`;
    case 'e': return cased(exponential(significant(size, digits + 1), alternate));
    case '': if (precision === undefined) return floatRepr(size);
      return general(size, precision, alternate, true);
    default: return cased(general(size, digits, alternate, false));
  }
}

function exponential({ digits, power }: { digits: string; power: number }, alternate: boolean): string {
  const point = digits.length > 1 || alternate ? '.' : '';
  return `${digits[0]}${point}${digits.slice(1)}${exponentText(power)}`;
}

/** `g`; `keepPoint` is the variant of an empty letter with precision (at least one digit after the point). */
function general(size: number, precision: number, alternate: boolean, keepPoint: boolean): string {
  const count = Math.max(1, precision);
  const { digits, power } = significant(size, count);
  const trim = (text: string) => (alternate ? text : text.replace(/0+$/, ''));
  if (power < -4 || power >= count - (keepPoint ? 1 : 0)) {
    return exponential({ digits: digits.slice(0, 1) + trim(digits.slice(1)), power }, alternate);
  }
  const whole = power < 0 ? '0' : digits.slice(0, power + 1);
  const rest = trim(power < 0 ? '0'.repeat(-power - 1) + digits : digits.slice(power + 1));
  return rest ? `${whole}.${rest}` : whole + (alternate ? '.' : keepPoint ? '.0' : '');
}
