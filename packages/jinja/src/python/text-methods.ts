import { charge, limitText } from '../limits.ts';
import { methods } from './call.ts';
import { PyDict } from './dict.ts';
import { typeError, valueError } from './errors.ts';
import { iterate } from './iterate.ts';
import { capitalize, findLastText, findText, points, pySpace, repeatText, replaceText, sliceText, splitLines, splitText, splitTextRight, stripEnd, stripStart, textLength, title } from './text.ts';
import { indexOf, isText, textOf, truth, typeName } from './types.ts';
import { PyTuple, tuple, type Value } from './values.ts';

const optional = (value: Value): string | undefined => (value === null ? undefined : textOf(value, 'the argument'));
const all = (pattern: RegExp) => (text: string) => text !== '' && pattern.test(text);
const predicate = (check: (text: string) => boolean) => [[], check] as const;

/** Start and end as Python clamps slice arguments. */
function span(length: number, start: Value, end: Value): [number, number] {
  const clamp = (n: number) => Math.max(0, Math.min(length, n < 0 ? n + length : n));
  return [start === null ? 0 : clamp(indexOf(start)), end === null ? length : clamp(indexOf(end))];
}

function find(text: string, part: Value, start: Value, end: Value, last: boolean): number {
  const length = textLength(text);
  const [from, to] = span(length, start, end);
  if (start !== null && indexOf(start) > length) return -1;
  if (from > to) return -1;
  const inside = sliceText(text, from, to);
  const at = last ? findLastText(inside, textOf(part)) : findText(inside, textOf(part));
  return at < 0 ? -1 : from + textLength(inside.slice(0, at));
}

function found(text: string, part: Value, start: Value, end: Value, last: boolean): number {
  const at = find(text, part, start, end, last);
  if (at < 0) throw valueError('substring not found');
  return at;
}

function edge(text: string, part: Value, start: Value, end: Value, test: (text: string, part: string) => boolean): boolean {
  const [from, to] = span(textLength(text), start, end);
  if (from > to) return false;
  const inside = start === null && end === null ? text : sliceText(text, from, to);
  return (part instanceof PyTuple ? [...part] : [part]).some((one) => {
    if (!isText(one)) throw typeError(`startswith first arg must be str or a tuple of str, not ${typeName(one)}`);
    return test(inside, textOf(one));
  });
}

/** Widens a text to `width`, `left` of the missing columns before it. */
function widen(text: string, width: Value, fill: Value, left: (missing: number) => number): string {
  const mark = textOf(fill);
  if (textLength(mark) !== 1) throw typeError('The fill character must be exactly one character long');
  const missing = indexOf(width) - textLength(text);
  if (missing <= 0) return text;
  const before = left(missing);
  return repeatText(mark, before) + text + repeatText(mark, missing - before);
}

/** `str.center`: which side gets the odd column depends on the width. */
export function center(text: string, width: Value, fill: Value = ' '): string {
  return widen(text, width, fill, (missing) => (missing >> 1) + (missing & indexOf(width) & 1));
}

const words = new RegExp(`[^${pySpace}]+`, 'g');

function splitWords(text: string, max: number): string[] {
  if (max < 0) return text.match(words) ?? [];
  const parts: string[] = [];
  let rest = stripStart(text);
  while (rest !== '') {
    if (parts.length === max) { parts.push(rest); break; }
    const word = (new RegExp(words.source).exec(rest) as RegExpExecArray)[0];
    parts.push(word);
    rest = stripStart(rest.slice(word.length));
  }
  return parts;
}

function splitWordsRight(text: string, max: number): string[] {
  const found = text.match(words) ?? [];
  if (max < 0 || found.length <= max) return found;
  let rest = stripEnd(text);
  const parts: string[] = [];
  while (parts.length < max) {
    const word = found.pop() as string;
    parts.unshift(word);
    rest = stripEnd(rest.slice(0, rest.length - word.length));
  }
  return rest ? [rest, ...parts] : parts;
}

function separator(value: Value): string | undefined {
  const text = optional(value);
  if (text === '') throw valueError('empty separator');
  return text;
}

function partition(text: string, sep: Value, last: boolean): PyTuple {
  const mark = separator(sep) ?? '';
  const at = last ? findLastText(text, mark) : findText(text, mark);
  if (at < 0) return tuple(last ? ['', '', text] : [text, '', '']);
  return tuple([text.slice(0, at), mark, text.slice(at + mark.length)]);
}

/** `separator.join(items)`. */
export function joinTexts(mark: string, items: Value): string {
  let result = '';
  let index = 0;
  for (const item of iterate(items)) {
    if (!isText(item)) throw typeError(`sequence item ${index}: expected str instance, ${typeName(item)} found`, 'the filter join takes numbers too');
    result += (index++ === 0 ? '' : mark) + textOf(item);
    limitText(result.length);
  }
  return result;
}

function titled(text: string): string {
  charge(text.length >> 3);
  let inside = false;
  return points(text).map((c) => {
    const letter = /\p{L}/u.test(c) && c.toLowerCase() !== c.toUpperCase();
    const cased = letter ? (inside ? c.toLowerCase() : title(c)) : c;
    inside = letter;
    return cased;
  }).join('');
}

const hasCase = (text: string) => /[\p{Lu}\p{Lt}\p{Ll}]/u.test(text);
const identifier = /^[\p{XID_Start}_]\p{XID_Continue}*$/u;

export function isLower(text: string): boolean { return hasCase(text) && !/[\p{Lu}\p{Lt}]/u.test(text); }
export function isUpper(text: string): boolean { return hasCase(text) && !/[\p{Ll}\p{Lt}]/u.test(text); }

/** Methods of str. `format`, `format_map` stand elsewhere: they look into their arguments. */
export const textMethods = methods<string>('str', {
  capitalize: [[], capitalize],
  casefold: [[], (s) => s.replaceAll('ß', 'ss').toLowerCase()],
  center: [['width', ['fillchar', ' ']], (s, width = 0, fill = ' ') => center(s, width, fill)],
  count: [['sub', ['start', null], ['end', null]], (s, sub = '', start = null, end = null) => {
    const [from, to] = span(textLength(s), start, end);
    const inside = sliceText(s, from, to);
    return textOf(sub) === '' ? (from > to ? 0 : textLength(inside) + 1) : splitText(inside, textOf(sub)).length - 1;
  }],
  endswith: [['suffix', ['start', null], ['end', null]], (s, part = '', start = null, end = null) => edge(s, part, start, end, (t, p) => t.endsWith(p))],
  expandtabs: [[['tabsize', 8]], (s, size = 8) => {
    let column = 0;
    const width = Math.max(0, indexOf(size));
    return points(s).map((c) => {
      if (c === '\n' || c === '\r') { column = 0; return c; }
      if (c !== '\t') { column++; return c; }
      const fill = width === 0 ? 0 : width - (column % width);
      column += fill;
      return repeatText(' ', fill);
    }).join('');
  }],
  find: [['sub', ['start', null], ['end', null]], (s, sub = '', start = null, end = null) => find(s, sub, start, end, false)],
  index: [['sub', ['start', null], ['end', null]], (s, sub = '', start = null, end = null) => found(s, sub, start, end, false)],
  isalnum: predicate(all(/^[\p{L}\p{N}]+$/u)),
  isalpha: predicate(all(/^\p{L}+$/u)),
  // oxlint-disable-next-line no-control-regex
  isascii: predicate((s) => /^[\0-\x7f]*$/.test(s)),
  isdecimal: predicate(all(/^\p{Nd}+$/u)),
  isdigit: predicate(all(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨]+$/u)),
  isidentifier: predicate(all(identifier)),
  islower: predicate(isLower),
  isnumeric: predicate(all(/^\p{N}+$/u)),
  isprintable: predicate((s) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(s)),
  isspace: predicate(all(new RegExp(`^[${pySpace}]+$`))),
  istitle: predicate((s) => hasCase(s) && titled(s) === s),
  isupper: predicate(isUpper),
  join: [['iterable'], (s, items = []) => joinTexts(s, items)],
  ljust: [['width', ['fillchar', ' ']], (s, width = 0, fill = ' ') => widen(s, width, fill, () => 0)],
  lower: [[], (s) => s.toLowerCase()],
  lstrip: [[['chars', null]], (s, chars = null) => stripStart(s, optional(chars))],
  partition: [['sep'], (s, sep = '') => partition(s, sep, false)],
  removeprefix: [['prefix'], (s, prefix = '') => (s.startsWith(textOf(prefix)) ? s.slice(textOf(prefix).length) : s)],
  removesuffix: [['suffix'], (s, suffix = '') => (textOf(suffix) !== '' && s.endsWith(textOf(suffix)) ? s.slice(0, -textOf(suffix).length) : s)],
  replace: [['old', 'new', ['count', -1]], (s, old = '', by = '', count = -1) => replaceText(s, textOf(old), textOf(by), indexOf(count))],
  rfind: [['sub', ['start', null], ['end', null]], (s, sub = '', start = null, end = null) => find(s, sub, start, end, true)],
  rindex: [['sub', ['start', null], ['end', null]], (s, sub = '', start = null, end = null) => found(s, sub, start, end, true)],
  rjust: [['width', ['fillchar', ' ']], (s, width = 0, fill = ' ') => widen(s, width, fill, (missing) => missing)],
  rpartition: [['sep'], (s, sep = '') => partition(s, sep, true)],
  rsplit: [[['sep', null], ['maxsplit', -1]], (s, sep = null, max = -1) => {
    const mark = separator(sep);
    return mark === undefined ? splitWordsRight(s, indexOf(max)) : splitTextRight(s, mark, indexOf(max));
  }],
  rstrip: [[['chars', null]], (s, chars = null) => stripEnd(s, optional(chars))],
  split: [[['sep', null], ['maxsplit', -1]], (s, sep = null, max = -1) => {
    const mark = separator(sep);
    return mark === undefined ? splitWords(s, indexOf(max)) : splitText(s, mark, indexOf(max));
  }],
  splitlines: [[['keepends', false]], (s, keep = false) => splitLines(s, truth(keep))],
  startswith: [['prefix', ['start', null], ['end', null]], (s, part = '', start = null, end = null) => edge(s, part, start, end, (t, p) => t.startsWith(p))],
  strip: [[['chars', null]], (s, chars = null) => stripEnd(stripStart(s, optional(chars)), optional(chars))],
  swapcase: [[], (s) => points(s).map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('')],
  title: [[], titled],
  translate: [['table'], (s, table = null) => points(s).map((c) => {
    const to = table instanceof PyDict ? table.get(c.codePointAt(0) as number) : undefined;
    if (to === undefined) return c;
    return to === null ? '' : typeof to === 'number' ? String.fromCodePoint(to) : textOf(to);
  }).join('')],
  upper: [[], (s) => s.toUpperCase()],
  zfill: [['width'], (s, width = 0) => {
    const missing = indexOf(width) - textLength(s);
    const sign = /^[+-]/.test(s) ? s.slice(0, 1) : '';
    return sign + repeatText('0', missing) + s.slice(sign.length);
  }],
});
