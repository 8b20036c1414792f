import { charge, limitText } from '../limits.ts';
import { floatRepr } from './float.ts';
import { PyDict, PyDictView } from './dict.ts';
import { valueError } from './errors.ts';
import { Markup, PyFloat, PyTuple, type Value } from './values.ts';

/** `str(value)`: what `{{ value }}` prints. */
export function str(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return bigText(value);
  if (value instanceof PyFloat) return floatRepr(value.value);
  if (Array.isArray(value) || value instanceof PyDict || value instanceof PyDictView) return repr(value);
  return value.str();
}

/** `repr(value)`, as values inside lists and dicts are printed. */
export function repr(value: Value): string {
  return write(value, []);
}

function write(value: Value, outer: Value[]): string {
  charge();
  if (typeof value === 'string') return quote(value);
  if (value instanceof Markup) return `Markup(${quote(value.text)})`;
  const list = Array.isArray(value);
  if (!list && !(value instanceof PyDict) && !(value instanceof PyDictView)) {
    return value !== null && typeof value === 'object' && !(value instanceof PyFloat) ? value.repr() : str(value);
  }
  if (outer.includes(value)) return list ? (value instanceof PyTuple ? '(...)' : '[...]') : '{...}';
  outer.push(value);
  let text: string;
  if (list) {
    const inner = join(value.values(), (item) => write(item, outer));
    if (value instanceof PyTuple) text = value.length === 1 ? `(${inner},)` : `(${inner})`;
    else text = `[${inner}]`;
  } else if (value instanceof PyDict) {
    text = `{${join(value.entries(), ([k, v]) => `${write(k, outer)}: ${write(v, outer)}`)}}`;
  } else {
    const inner = join(iterator(value), (item) => write(item, outer));
    text = value.type !== 'set' ? `${value.type}([${inner}])` : inner ? `{${inner}}` : 'set()';
  }
  outer.pop();
  return text;
}

function* iterator(view: PyDictView): Generator<Value> {
  const walk = view.iterate();
  for (let next = walk.next(); !next.done; next = walk.next()) yield next.value;
}

function join<T>(items: Iterable<T>, each: (item: T) => string): string {
  let text = '';
  let first = true;
  for (const item of items) {
    text += first ? each(item) : `, ${each(item)}`;
    first = false;
    limitText(text.length);
  }
  return text;
}

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
// What str.isprintable denies: control, format, surrogate, private, unassigned characters and every separator but space.
const unprintable = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = text.replace(unprintable, (c) => escapes[c] ?? codeEscape(c));
  if (mark === "'") body = body.replaceAll("'", "\\'");
  return mark + body + mark;
}

/** `\x07`, `\u2028`, `\U0001f600`. */
export function codeEscape(char: string): string {
  const code = char.codePointAt(0) as number;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** CPython refuses to print ints of more digits (a defence against quadratic work). */
export const mostDigits = 4300;

function bigText(value: bigint): string {
  const text = String(value);
  if (text.length > mostDigits + (value < 0n ? 1 : 0)) throw valueError(`Exceeds the limit (${mostDigits} digits) for integer string conversion`);
  return text;
}
