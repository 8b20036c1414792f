import { charge, checkText } from '../limits.ts';
import { sorted } from '../python/compare.ts';
import { escape, escapeHtml } from '../python/html.ts';
import { floatRepr } from '../python/float.ts';
import { indexOf, isText, textOf, truth, typeName } from '../python/types.ts';
import { isIterable, iterate, toList } from '../python/iterate.ts';
import { PyDict } from '../python/dict.ts';
import { typeError, valueError } from '../python/errors.ts';
import { repr, str } from '../python/repr.ts';
import { Markup, PyFloat, PyTuple, Undefined, tuple, type Value } from '../python/values.ts';
import { filter, scopedFilter, type Filter } from './define.ts';
import { urlize } from './links.ts';

function quoteUrl(value: Value, inQuery: boolean): string {
  const keep = inQuery ? /[^A-Za-z0-9_.~-]/gu : /[^A-Za-z0-9_.~/-]/gu;
  const quoted = str(value).toWellFormed().replace(keep, (c) => Array.from(new TextEncoder().encode(c), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''));
  checkText(quoted.length);
  return inQuery ? quoted.replaceAll('%20', '+') : quoted;
}

function urlEncode(value: Value): string {
  if (isText(value) || !isIterable(value)) return quoteUrl(value, false);
  const pairs = value instanceof PyDict ? [...value.entries()] : [...iterate(value)].map((pair) => toList(pair) as [Value, Value]);
  return pairs.map(([key, item]) => `${quoteUrl(key, true)}=${quoteUrl(item, true)}`).join('&');
}

function xmlAttributes(value: Value, space: Value): string {
  if (!(value instanceof PyDict)) throw typeError(`xmlattr needs a dict, not ${typeName(value)}`);
  const parts: string[] = [];
  for (const [key, item] of value.entries()) {
    if (item === null || item instanceof Undefined) continue;
    if (/[\s/>=]/.test(str(key))) throw valueError(`Invalid character in attribute name: ${repr(key)}`);
    parts.push(`${escape(key).text}="${escape(item).text}"`);
  }
  return (truth(space) && parts.length ? ' ' : '') + parts.join(' ');
}

/** JSON as Python's `json.dumps(value, sort_keys=True)` writes it. */
function json(value: Value, step: number | undefined, column: number): string {
  charge();
  if (value === null) return 'null';
  if (isText(value)) return JSON.stringify(textOf(value)).replace(/[^\0-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (typeof value !== 'object') return String(value);
  if (value instanceof PyFloat) return Number.isNaN(value.value) ? 'NaN' : Number.isFinite(value.value) ? floatRepr(value.value) : value.value > 0 ? 'Infinity' : '-Infinity';
  const list = Array.isArray(value);
  if (!list && !(value instanceof PyDict)) throw typeError(`Object of type ${typeName(value)} is not JSON serializable`);
  const inner = column + (step ?? 0);
  const items = list ? Array.from(value, (item) => json(item, step, inner)) : sortedEntries(value).map(([key, item]) => `${json(key, step, inner)}: ${json(item, step, inner)}`);
  const [open, close] = list ? ['[', ']'] : ['{', '}'];
  if (items.length === 0) return open + close;
  const text = step === undefined ? open + items.join(', ') + close
    : `${open}\n${' '.repeat(inner)}${items.join(`,\n${' '.repeat(inner)}`)}\n${' '.repeat(column)}${close}`;
  checkText(text.length);
  return text;
}

function sortedEntries(dict: PyDict): [string, Value][] {
  const keyText = (key: Value): string => {
    if (isText(key)) return textOf(key);
    if (key === null || typeof key !== 'object' || key instanceof PyFloat) return json(key, undefined, 0);
    throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
  };
  const entries = sorted([...dict.entries()].map((entry) => tuple(entry)), (entry) => (entry as PyTuple)[0] as Value, false) as PyTuple[];
  return entries.map(([key, item]): [string, Value] => [keyText(key as Value), item as Value]);
}

const entityNames: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\xa0', copy: '©', reg: '®', hellip: '…', mdash: '—', ndash: '–', laquo: '«', raquo: '»' };

/** A text without its parts from `open` to the next `close`. */
function without(text: string, open: string, close: string): string {
  const kept: string[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf(open, from);
    const end = start < 0 ? -1 : text.indexOf(close, start + open.length);
    if (end < 0) break;
    kept.push(text.slice(from, start));
    from = end + close.length;
  }
  return kept.join('') + text.slice(from);
}

function stripTags(text: string): string {
  const bare = without(without(text, '<!--', '-->'), '<', '>').split(/\s+/).filter(Boolean).join(' ');
  return bare.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]+));/g, (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
    if (name !== undefined) return entityNames[name] ?? whole;
    const code = Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

const escaping = filter(['value'], (value = null) => escape(value));

/** Filters that make or undo HTML, URLs and JSON. */
export const webFilters: Record<string, Filter> = {
  e: escaping,
  escape: escaping,
  forceescape: filter(['value'], (value = null) => new Markup(escapeHtml(str(value)))),
  safe: filter(['value'], (value = null) => (value instanceof Markup ? value : new Markup(str(value)))),
  striptags: filter(['value'], (value = null) => stripTags(str(value))),
  tojson: filter(['value', ['indent', null]], (value = null, step = null) => {
    const text = json(value, step === null ? undefined : indexOf(step), 0);
    return new Markup(text.replace(/[<>&']/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`));
  }),
  urlencode: filter(['value'], (value = null) => urlEncode(value)),
  urlize: scopedFilter(['value', ['trim_url_limit', null], ['nofollow', false], ['target', null], ['rel', null], ['extra_schemes', null]], ({ autoescape }, value = '', limit = null, nofollow = false, target = null, rel = null, extra = null) => {
    const text = urlize(value, limit, nofollow, target, rel, extra);
    return autoescape ? new Markup(text) : text;
  }),
  xmlattr: scopedFilter(['d', ['autospace', true]], ({ autoescape }, value = null, space = true) => {
    const text = xmlAttributes(value, space);
    return autoescape ? new Markup(text) : text;
  }),
};
