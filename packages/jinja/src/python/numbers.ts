import { PyError, typeError, valueError } from './errors.ts';
import { mostDigits } from './repr.ts';
import { PyFloat, Undefined, type Value } from './values.ts';
import { isInt, isText, textOf, typeName, undefinedError } from './types.ts';

/** Ints beyond this many bits are refused: no template needs them and their arithmetic can eat a minute. */
const mostBits = 20_000;

/** The smallest form of an int. */
export function int(value: bigint): number | bigint {
  if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value);
  if (value > 1n << BigInt(mostBits) || -value > 1n << BigInt(mostBits)) throw tooBig();
  return value;
}

export const tooBig = (): PyError => new PyError('OverflowError', `the number has more than ${mostBits} bits`, { code: 'template-limit-number' });

/** The number of an int or float value; undefined for anything else. */
export function asNumber(value: Value): number | bigint | PyFloat | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof PyFloat) return value;
  return typeof value === 'boolean' ? Number(value) : undefined;
}

/** A number as double. */
export function double(value: number | bigint | PyFloat): number {
  if (value instanceof PyFloat) return value.value;
  const number = Number(value);
  if (!Number.isFinite(number)) throw new PyError('OverflowError', 'int too large to convert to float');
  return number;
}

/** A finite double cut to an int, exactly. */
export function truncate(value: number): number | bigint {
  if (Number.isNaN(value)) throw valueError('cannot convert float NaN to integer');
  if (!Number.isFinite(value)) throw new PyError('OverflowError', 'cannot convert float infinity to integer');
  const whole = Math.trunc(value);
  return Number.isSafeInteger(whole) ? whole + 0 : int(BigInt(whole));
}

const digitsOf = (base: number) => (base <= 10 ? `[0-${base - 1}]` : `[0-9a-${String.fromCharCode(86 + base)}]`);

/** Decimal digits of any script as ASCII ones. They come in runs of ten. */
function asciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) as number;
    let first = code;
    while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
    return String((code - first) % 10);
  });
}

/** `int(text, base)`. @throws PyError ValueError */
export function parseInt(text: string, base = 10): number | bigint {
  const wrong = () => valueError(`invalid literal for int() with base ${base}: '${text}'`);
  if (base !== 0 && (base < 2 || base > 36)) throw valueError('int() base must be >= 2 and <= 36, or 0');
  const m = /^([+-]?)(0[xob])?(.*)$/is.exec(asciiDigits(text.trim()));
  const prefix = m?.[2]?.toLowerCase();
  const prefixBase = prefix === '0x' ? 16 : prefix === '0o' ? 8 : prefix === '0b' ? 2 : undefined;
  const usePrefix = prefixBase !== undefined && (base === 0 || base === prefixBase);
  const radix = usePrefix ? prefixBase : base === 0 ? 10 : base;
  const body = usePrefix ? (m?.[3] ?? '').replace(/^_/, '') : (m?.[2] ?? '') + (m?.[3] ?? '');
  if (!new RegExp(`^${digitsOf(radix)}+(_${digitsOf(radix)}+)*$`, 'i').test(body)) throw wrong();
  const digits = body.replaceAll('_', '');
  if (base === 0 && !usePrefix && /^0+[1-9]/.test(digits)) throw wrong();
  if (digits.length > mostDigits) throw valueError(`Exceeds the limit (${mostDigits} digits) for integer string conversion: value has ${digits.length} digits`);
  let value = 0n;
  if (radix === 10) value = BigInt(digits);
  else if ([2, 8, 16].includes(radix)) value = BigInt({ 2: '0b', 8: '0o', 16: '0x' }[radix] + digits);
  else for (const digit of digits) value = value * BigInt(radix) + BigInt(Number.parseInt(digit, 36));
  return int(m?.[1] === '-' ? -value : value);
}

/** `float(text)`. @throws PyError ValueError */
function parseFloat(text: string): number {
  const plain = asciiDigits(text.trim());
  if (plain.length > 5000) throw valueError('the text is too long for a number');
  const special = /^([+-]?)(inf(inity)?|nan)$/i.exec(plain);
  if (special) return special[2]?.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i.test(plain)) throw valueError(`could not convert string to float: '${text}'`);
  return Number(plain.replaceAll('_', ''));
}

/** `float(value)`. */
export function toFloat(value: Value): number {
  if (value instanceof Undefined) throw undefinedError(value);
  const number = asNumber(value);
  if (number !== undefined) return double(number);
  if (isText(value)) return parseFloat(textOf(value));
  throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`);
}

/** `int(value)`. */
export function toInt(value: Value): number | bigint {
  if (value instanceof Undefined) throw undefinedError(value);
  if (typeof value === 'boolean') return Number(value);
  if (isInt(value)) return value;
  if (value instanceof PyFloat) return truncate(value.value);
  if (isText(value)) return parseInt(textOf(value));
  throw typeError(`int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`);
}
