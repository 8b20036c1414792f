import { charge, checkText } from '../limits.ts';

// Python's texts are sequences of code points, JavaScript's of UTF-16 units. Texts without surrogates take the short way.
const astral = /[\ud800-\udbff][\udc00-\udfff]/;

/** As `text.indexOf`, but in time linear in the text for long patterns too, where V8's search is quadratic. */
export function findText(text: string, part: string, from = 0): number {
  if (part.length > 32 && text.length - from > 1000) return walk(text, part, from, () => true);
  const at = text.indexOf(part, from);
  charge(((at < 0 ? text.length : at) - from) >> 6);
  return at;
}

/** As `text.lastIndexOf(part)`. */
export function findLastText(text: string, part: string): number {
  let last = -1;
  if (part.length > 32 && text.length > 1000) walk(text, part, 0, (at) => { last = at; return false; });
  else {
    last = text.lastIndexOf(part);
    charge((text.length - last) >> 6);
  }
  return last;
}

/** Knuth, Morris, Pratt: calls `found` for each occurrence until it says stop; the place of that one, else -1. */
function walk(text: string, part: string, from: number, found: (at: number) => boolean): number {
  charge((text.length + part.length) >> 5);
  const borders = new Int32Array(part.length);
  for (let i = 1, k = 0; i < part.length; i++) {
    while (k > 0 && part.charCodeAt(i) !== part.charCodeAt(k)) k = borders[k - 1] as number;
    if (part.charCodeAt(i) === part.charCodeAt(k)) k++;
    borders[i] = k;
  }
  for (let i = from, k = 0; i < text.length; i++) {
    while (k > 0 && text.charCodeAt(i) !== part.charCodeAt(k)) k = borders[k - 1] as number;
    if (text.charCodeAt(i) === part.charCodeAt(k)) k++;
    if (k < part.length) continue;
    if (found(i - k + 1)) return i - k + 1;
    k = borders[k - 1] as number;
  }
  return -1;
}

/** Code points of a text. */
export function points(text: string): string[] {
  charge(text.length >> 4);
  return astral.test(text) ? Array.from(text) : text.split('');
}

/** `len()` of a text. */
export function textLength(text: string): number {
  return astral.test(text) ? Array.from(text).length : text.length;
}

/** Slice by code points, with indices already inside the text. */
export function sliceText(text: string, start: number, end: number): string {
  return astral.test(text) ? Array.from(text).slice(start, end).join('') : text.slice(start, end);
}

/** `text * count`. */
export function repeatText(text: string, count: number): string {
  if (count <= 0 || text === '') return '';
  checkText(text.length * count);
  return text.repeat(count);
}

/** What Python's `str.isspace` calls white space, for use inside a character class. */
export const pySpace = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const leading = new RegExp(`^[${pySpace}]+`);
const notSpace = new RegExp(`[^${pySpace}]`);

/** `str.lstrip`; `chars` undefined means white space. */
export function stripStart(text: string, chars?: string): string {
  if (chars === undefined) return text.replace(leading, '');
  const set = new Set(points(chars));
  const all = points(text);
  let i = 0;
  while (i < all.length && set.has(all[i] as string)) i++;
  return all.slice(i).join('');
}

/** `str.rstrip`. Walks from the end, so that long white space inside costs nothing. */
export function stripEnd(text: string, chars?: string): string {
  const all = chars === undefined ? text : points(text);
  const set = chars === undefined ? undefined : new Set(points(chars));
  let end = all.length;
  while (end > 0 && (set ? set.has(all[end - 1] as string) : !notSpace.test(all[end - 1] as string))) end--;
  return typeof all === 'string' ? all.slice(0, end) : all.slice(0, end).join('');
}

/** `str.splitlines()`. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  // oxlint-disable-next-line no-control-regex
  const ends = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;
  let from = 0;
  for (let m = ends.exec(text); m; m = ends.exec(text)) {
    lines.push(text.slice(from, keepEnds ? ends.lastIndex : m.index));
    from = ends.lastIndex;
  }
  if (from < text.length) lines.push(text.slice(from));
  charge(lines.length);
  return lines;
}

/** `str.capitalize`. */
export function capitalize(text: string): string {
  const [first = '', ...rest] = points(text);
  return title(first) + rest.join('').toLowerCase();
}

/** Upper case of a first letter; a few ligatures have a title case of their own. */
export function title(letter: string): string {
  const digraph = 'ǆǅǉǈǌǋǳǲ'.indexOf(letter);
  if (letter !== '' && digraph >= 0) return 'ǅǅǈǈǋǋǲǲ'[digraph] as string;
  const upper = letter.toUpperCase();
  // Ligatures become two letters, of which the second stays small.
  return /[ßﬀ-ﬆևﬓ-ﬗ]/.test(letter) ? upper.slice(0, 1) + upper.slice(1).toLowerCase() : upper;
}

/** `text.replace(old, by, count)`; count below 0 replaces all. */
export function replaceText(text: string, old: string, by: string, count = -1): string {
  if (count === 0) return text;
  if (old === '') {
    const all = points(text);
    const places = count < 0 ? all.length + 1 : Math.min(count, all.length + 1);
    checkText(text.length + places * by.length);
    return all.map((c, i) => (i < places ? by + c : c)).join('') + (places > all.length ? by : '');
  }
  const parts = splitText(text, old, count);
  checkText(text.length + (parts.length - 1) * (by.length - old.length));
  return parts.join(by);
}

/** `text.split(separator, max)`; max below 0 means all. */
export function splitText(text: string, separator: string, max = -1): string[] {
  const parts: string[] = [];
  let from = 0;
  while (max < 0 || parts.length < max) {
    const at = findText(text, separator, from);
    if (at < 0) break;
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  parts.push(text.slice(from));
  charge(parts.length);
  return parts;
}

/** `text.rsplit(separator, max)`. */
export function splitTextRight(text: string, separator: string, max = -1): string[] {
  const parts: string[] = [];
  let to = text.length;
  while (max < 0 || parts.length < max) {
    const at = findLastText(text.slice(0, to), separator);
    if (at < 0) break;
    parts.push(text.slice(at + separator.length, to));
    to = at;
  }
  parts.push(text.slice(0, to));
  charge(parts.length);
  return parts.toReversed();
}
