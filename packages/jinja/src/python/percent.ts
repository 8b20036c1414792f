import { charge, limitText } from '../limits.ts';
import { PyDict } from './dict.ts';
import { PyError, typeError, valueError } from './errors.ts';
import { format, floatBody } from './format-spec.ts';
import { asNumber, double, truncate } from './numbers.ts';
import { repr, str, codeEscape } from './repr.ts';
import { indexOf, isText, textOf, typeName } from './types.ts';
import { escape } from './html.ts';
import { Markup, PyFloat, PyObject, PyTuple, type Value } from './values.ts';

const directive = /%(?:\(([^()]*)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?(.)?/gsu;

/** `template % values`. */
export function percentFormat(template: Value, values: Value): Value {
  const safe = template instanceof Markup;
  const result = formatPercent(textOf(template), values, safe);
  return safe ? new Markup(result) : result;
}

function formatPercent(template: string, values: Value, safe: boolean): string {
  charge(template.length >> 6);
  const list = values instanceof PyTuple ? values : undefined;
  let used = 0;
  const next = (): Value => {
    if (list ? used >= list.length : used > 0) throw typeError('not enough arguments for format string');
    used++;
    return list ? (list[used - 1] as Value) : values;
  };
  const size = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const number = text === '*' ? indexOf(next()) : Number(text);
    if (Math.abs(number) > 100_000) throw new PyError('OverflowError', 'width or precision too big in format string');
    return number;
  };
  let total = 0;
  const result = template.replace(directive, (whole: string, key: string | undefined, flags: string, width: string | undefined, precision: string | undefined, letter: string | undefined) => {
    if (letter === undefined) throw valueError('incomplete format');
    if (letter === '%' && key === undefined) return '%';
    let keyed: Value | undefined;
    if (key !== undefined) {
      if (!(values instanceof PyDict)) throw typeError('format requires a mapping');
      keyed = values.get(key);
      if (keyed === undefined) throw new PyError('KeyError', repr(key));
    }
    const columns = size(width) ?? 0;
    const digits = /\.(?:\*|\d+)?[hlL]?.$/su.test(whole) && whole.includes('.') ? size(precision) ?? 0 : undefined;
    const value = keyed === undefined ? next() : keyed;
    const text = convert(value, letter, flags, digits, safe);
    const padded = fit(text, columns, flags);
    limitText(total += padded.length);
    return padded;
  });
  const spare = list ? used < list.length : used === 0 && !(values instanceof PyDict) && !(Array.isArray(values) && !list) && !(values instanceof PyObject && !(values instanceof Markup));
  if (spare) throw typeError('not all arguments converted during string formatting');
  return result;
}

interface Converted { sign: string; body: string; numeric: boolean }

function convert(value: Value, letter: string, flags: string, digits: number | undefined, safe: boolean): Converted {
  const plain = (body: string): Converted => ({ sign: '', body: digits === undefined ? body : Array.from(body).slice(0, digits).join(''), numeric: false });
  switch (letter) {
    case 's': return plain(safe ? escape(value).text : str(value));
    case 'r': return plain(repr(value));
    case 'a': return plain(ascii(value));
    case 'c': {
      if (isText(value) && Array.from(textOf(value)).length === 1) return plain(textOf(value));
      if (typeof value === 'number') return plain(String.fromCodePoint(value));
      throw typeError('%c requires int or char');
    }
    case 'd': case 'i': case 'u': case 'x': case 'X': case 'o': return integer(value, letter, flags, digits);
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': {
      const number = asNumber(value);
      if (number === undefined) throw typeError(`must be real number, not ${typeName(value)}`);
      const real = double(number);
      return { sign: signFor(real < 0 || Object.is(real, -0), flags), body: floatBody(real, letter, digits, flags.includes('#')), numeric: true };
    }
    default: throw valueError(`unsupported format character '${letter}' (0x${(letter.codePointAt(0) as number).toString(16)})`);
  }
}

function integer(value: Value, letter: string, flags: string, digits: number | undefined): Converted {
  let number = asNumber(value);
  const decimal = 'diu'.includes(letter);
  if (number === undefined || (number instanceof PyFloat && !decimal)) {
    throw typeError(decimal ? `%${letter} format: a real number is required, not ${typeName(value)}` : `%${letter} format: an integer is required, not ${typeName(value)}`);
  }
  if (number instanceof PyFloat) number = truncate(number.value);
  const big = BigInt(number);
  const text = format(big < 0n ? -big : big, decimal ? 'd' : letter).padStart(digits ?? 0, '0');
  const prefix = flags.includes('#') && !decimal ? `0${letter}` : '';
  return { sign: signFor(big < 0n, flags) + prefix, body: text, numeric: true };
}

function signFor(negative: boolean, flags: string): string {
  return negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
}

function fit({ sign, body, numeric }: Converted, width: number, flags: string): string {
  const missing = Math.abs(width) - Array.from(body).length - sign.length;
  if (missing <= 0) return sign + body;
  if (flags.includes('-') || width < 0) return sign + body + ' '.repeat(missing);
  return numeric && flags.includes('0') ? sign + '0'.repeat(missing) + body : ' '.repeat(missing) + sign + body;
}

/** `ascii(value)`. */
export function ascii(value: Value): string {
  return repr(value).replace(/[^\0-\x7f]/gu, codeEscape);
}
