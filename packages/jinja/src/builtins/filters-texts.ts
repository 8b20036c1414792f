import { binary, unary } from '../python/operators.ts';
import { center } from '../python/text-methods.ts';
import { capitalize, repeatText, replaceText, sliceText, splitLines, splitTextRight, stripEnd, stripStart, textLength } from '../python/text.ts';
import { charge, checkText } from '../limits.ts';
import { escape } from '../python/html.ts';
import { floatBody } from '../python/format-spec.ts';
import { indexOf, isText, textOf, truth, undefinedError } from '../python/types.ts';
import { parseInt, toFloat, toInt, truncate, double, asNumber } from '../python/numbers.ts';
import { PyDict } from '../python/dict.ts';
import { percentFormat } from '../python/percent.ts';
import { PyError, typeError } from '../python/errors.ts';
import { roundFloat } from '../python/float.ts';
import { str } from '../python/repr.ts';
import { toList } from '../python/iterate.ts';
import { Markup, PyFloat, Undefined, tuple, type Value } from '../python/values.ts';
import { wrap } from './wrap.ts';
import { pretty } from './pretty.ts';
import { filter, scopedFilter, type Filter } from './define.ts';

/** A text filter on `soft_str(value)`: Markup in, Markup out. */
function onText(change: (text: string) => string): Filter {
  return filter(['s'], (value = '') => {
    const text = str(value);
    charge(text.length >> 6);
    return remark(value, change(text));
  });
}

function remark(original: Value, text: string): Value {
  return original instanceof Markup ? new Markup(text) : text;
}

const wordStart = /([-\s({[<]+)/;

function indent(value: Value, width: Value, first: Value, blank: Value): Value {
  const text = textOf(value, 'what indent gets');
  const by = isText(width) ? textOf(width) : repeatText(' ', indexOf(width));
  const lines = splitLines(`${text}\n`);
  checkText(text.length + lines.length * by.length);
  const [head = '', ...rest] = lines;
  const others = rest.map((line) => (line || truth(blank) ? by + line : line));
  return remark(value, (truth(first) ? by : '') + [head, ...others].join('\n'));
}

function truncateText(value: Value, length: Value, killWords: Value, end: Value, leeway: Value): Value {
  const text = textOf(value, 'what truncate gets');
  const most = indexOf(length);
  const slack = leeway === null ? 5 : indexOf(leeway);
  const tail = textOf(end);
  if (most < textLength(tail)) throw new PyError('AssertionError', `expected length >= ${textLength(tail)}, got ${most}`);
  if (slack < 0) throw new PyError('AssertionError', `expected leeway >= 0, got ${slack}`);
  if (textLength(text) <= most + slack) return value;
  const cut = sliceText(text, 0, most - textLength(tail));
  return remark(value, (truth(killWords) ? cut : splitTextRight(cut, ' ', 1)[0] ?? '') + tail);
}

function fileSize(value: Value, binaryUnits: Value): string {
  const bytes = toFloat(value);
  const base = truth(binaryUnits) ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${truncate(bytes)} Bytes`;
  const units = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'].map((unit) => (base === 1024 ? `${unit.toUpperCase()}iB` : `${unit}B`));
  const at = units.findIndex((_, i) => bytes < base ** (i + 2));
  const index = at < 0 ? units.length - 1 : at;
  return `${floatBody((base * bytes) / base ** (index + 2), 'f', 1, false)} ${units[index]}`;
}

function round(value: Value, precision: Value, method: Value): Value {
  if (method !== 'common' && method !== 'ceil' && method !== 'floor') throw new PyError('FilterArgumentError', 'method must be common, ceil or floor');
  if (value instanceof Undefined) throw undefinedError(value);
  const number = asNumber(value);
  if (number === undefined) throw typeError('round needs a number', 'turn a text into one with |float');
  const digits = indexOf(precision);
  if (method === 'common') {
    if (number instanceof PyFloat) return new PyFloat(roundFloat(number.value, digits));
    if (digits >= 0) return number;
    if (digits < -1000) return 0;
    const unit = 10n ** BigInt(-digits);
    const big = BigInt(number);
    const rest = ((big % unit) + unit) % unit;
    const down = big - rest;
    const up = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n !== 0n);
    return toInt(parseInt(String(up ? down + unit : down)));
  }
  const factor = binary('**', 10, digits);
  const scaled = double(asNumber(binary('*', number, factor)) ?? 0);
  return binary('/', truncate(method === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)), factor);
}

function int(value: Value, fallback: Value, base: Value): Value {
  try {
    return isText(value) ? parseInt(textOf(value), indexOf(base)) : toInt(value);
  } catch (error) {
    if (!(error instanceof PyError && ['TypeError', 'ValueError'].includes(error.kind))) throw error;
    try {
      return truncate(toFloat(value));
    } catch (second) {
      if (second instanceof PyError && ['TypeError', 'ValueError', 'OverflowError'].includes(second.kind)) return fallback;
      throw second;
    }
  }
}

function float(value: Value, fallback: Value): Value {
  try {
    return new PyFloat(toFloat(value));
  } catch (error) {
    if (error instanceof PyError && ['TypeError', 'ValueError'].includes(error.kind)) return fallback;
    throw error;
  }
}

/** Filters of texts and numbers. */
export const textFilters: Record<string, Filter> = {
  abs: filter(['x'], (value = null) => {
    if (value instanceof Undefined) throw undefinedError(value);
    const number = asNumber(value);
    if (number === undefined) throw typeError('bad operand type for abs()');
    if (number instanceof PyFloat) return new PyFloat(Math.abs(number.value));
    return number < 0 ? unary('-', number) : number;
  }),
  capitalize: onText(capitalize),
  center: filter(['value', ['width', 80]], (value = '', width = 80) => remark(value, center(str(value), width))),
  default: filter(['value', ['default_value', ''], ['boolean', false]], (value = null, fallback = '', falsy = false) => (value instanceof Undefined || (truth(falsy) && !truth(value)) ? fallback : value)),
  filesizeformat: filter(['value', ['binary', false]], (value = null, binaryUnits = false) => fileSize(value, binaryUnits)),
  float: filter(['value', ['default', new PyFloat(0)]], (value = null, fallback = 0) => float(value, fallback)),
  format: filter(['value', '*args', '**kwargs'], (value = '', args = [], kwargs = null) => {
    const named = kwargs instanceof PyDict && kwargs.size > 0;
    const list = toList(args);
    if (named && list.length) throw new PyError('FilterArgumentError', "can't handle positional and keyword arguments at the same time");
    return percentFormat(value instanceof Markup ? value : str(value), named ? kwargs : tuple(list));
  }),
  indent: filter(['s', ['width', 4], ['first', false], ['blank', false]], (value = '', width = 4, first = false, blank = false) => indent(value, width, first, blank)),
  int: filter(['value', ['default', 0], ['base', 10]], (value = null, fallback = 0, base = 10) => int(value, fallback, base)),
  lower: onText((text) => text.toLowerCase()),
  pprint: filter(['value'], (value = null) => pretty(value)),
  replace: scopedFilter(['s', 'old', 'new', ['count', null]], ({ autoescape }, value = '', old = '', by = '', count = null) => {
    const most = count === null ? -1 : indexOf(count);
    if (!autoescape) return replaceText(str(value), str(old), str(by), most);
    const markup = value instanceof Markup || old instanceof Markup || by instanceof Markup;
    if (!markup) return replaceText(str(value), str(old), str(by), most);
    const text = old instanceof Markup || by instanceof Markup ? escape(value).text : str(value);
    return new Markup(replaceText(text, escape(old).text, escape(by).text, most));
  }),
  round: filter(['value', ['precision', 0], ['method', 'common']], (value = null, precision = 0, method = 'common') => round(value, precision, method)),
  string: filter(['value'], (value = null) => (value instanceof Markup ? value : str(value))),
  title: onText((text) => text.split(wordStart).filter(Boolean).map((word) => {
    const [first = '', ...rest] = Array.from(word);
    return first.toUpperCase() + rest.join('').toLowerCase();
  }).join('')),
  trim: filter(['value', ['chars', null]], (value = '', chars = null) => {
    const set = chars === null ? undefined : textOf(chars);
    return remark(value, stripEnd(stripStart(str(value), set), set));
  }),
  truncate: filter(['s', ['length', 255], ['killwords', false], ['end', '...'], ['leeway', null]], (value = '', length = 255, kill = false, end = '...', leeway = null) => truncateText(value, length, kill, end, leeway)),
  upper: onText((text) => text.toUpperCase()),
  wordcount: filter(['s'], (value = '') => (str(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  wordwrap: filter(['s', ['width', 79], ['break_long_words', true], ['wrapstring', null], ['break_on_hyphens', true]], (value = '', width = 79, breakWords = true, wrapString = null, breakHyphens = true) => {
    const mark = wrapString === null ? '\n' : textOf(wrapString);
    const options = { width: indexOf(width), breakLongWords: truth(breakWords), breakOnHyphens: truth(breakHyphens) };
    return splitLines(textOf(value)).map((line) => wrap(line, options).join(mark)).join(mark);
  }),
};

