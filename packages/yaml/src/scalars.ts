import { YamlDate, YamlFloat } from './values.ts';

/** `tag:yaml.org,2002:`, the prefix of the standard tags. */
export const yamlTag = 'tag:yaml.org,2002:';

// The implicit types of YAML 1.1 as PyYAML's resolver tries them (its regular expressions define the language here).
const float = new RegExp([
  String.raw`[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?`,
  String.raw`\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?`,
  String.raw`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*`,
  String.raw`[-+]?\.(?:inf|Inf|INF)`,
  String.raw`\.(?:nan|NaN|NAN)`,
].map((r) => `(?:^${r}$)`).join('|'));
const int = new RegExp([
  '[-+]?0b[01_]+', '[-+]?0[0-7_]+', '[-+]?(?:0|[1-9][0-9_]*)', '[-+]?0x[0-9a-fA-F_]+', '[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+',
].map((r) => `(?:^${r}$)`).join('|'));
const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const dateTime = /^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9][0-9]?)(?::([0-9]{2}))?))?$/;
const bools: Record<string, boolean> = { __proto__: null as never, yes: true, no: false, true: true, false: false, on: true, off: false };
const boolWord = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const nullWord = /^(?:~|null|Null|NULL|)$/;

/** Longest text that can be a number, date or word; numbers of more digits are refused rather than computed for seconds. */
const longestNumber = 4300;

/** Short tag (`int`, `str` …) that an unquoted scalar has. */
export function resolvePlain(text: string): string {
  if (text === '') return 'null';
  // Only these first characters can begin anything but a string.
  if (!/^[-+.0-9yYnNtTfFoO~<=]/.test(text)) return 'str';
  if (boolWord.test(text)) return 'bool';
  if (float.test(text)) return 'float';
  if (int.test(text)) return 'int';
  if (text === '<<') return 'merge';
  if (nullWord.test(text)) return 'null';
  if (date.test(text) || dateTime.test(text)) return 'timestamp';
  if (text === '=') return 'value';
  return 'str';
}

/** Integer below 2^53 in size as number, otherwise exactly as bigint. Undefined if the text is none. */
function parseInt11(source: string): number | bigint | undefined {
  let text = source.replaceAll('_', '');
  if (text.length > longestNumber) return undefined;
  const negative = text.startsWith('-');
  if (/^[-+]/.test(text)) text = text.slice(1);
  let value: bigint;
  if (text === '0') value = 0n;
  else if (/^0b[01]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) value = BigInt(text);
  else if (/^0[0-7]+$/.test(text)) value = BigInt(`0o${text.slice(1)}`);
  else if (/^[0-9]+(?::[0-9]+)+$/.test(text)) value = text.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  else if (/^[1-9][0-9]*$/.test(text)) value = BigInt(text);
  else return undefined;
  if (negative) value = -value;
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** Undefined if the text is no float. */
function parseFloat11(source: string): number | undefined {
  let text = source.replaceAll('_', '').toLowerCase();
  const sign = text.startsWith('-') ? -1 : 1;
  if (/^[-+]/.test(text)) text = text.slice(1);
  if (text === '.inf') return sign * Infinity;
  if (text === '.nan') return NaN;
  if (text.includes(':')) {
    const parts = text.split(':').map(Number).toReversed();
    if (parts.some(Number.isNaN)) return undefined;
    let base = 1;
    let value = 0;
    for (const part of parts) { value += part * base; base *= 60; }
    return sign * value;
  }
  if (!/^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/.test(text)) return undefined;
  return sign * Number(text);
}

/** Undefined if the text is no date or names a day or time that does not exist. */
function parseDate(source: string): YamlDate | undefined {
  if (date.test(source)) {
    const [y = 0, m = 0, d = 0] = source.split('-').map(Number);
    return validDay(y, m, d) ? new YamlDate(source) : undefined;
  }
  const match = dateTime.exec(source);
  if (!match) return undefined;
  const [, y, mo, d, h, mi, s, fraction = '', zone, zoneSign, zoneHours = '0', zoneMinutes = '0'] = match;
  if (!validDay(Number(y), Number(mo), Number(d)) || Number(h) > 23 || Number(mi) > 59 || Number(s) > 59) return undefined;
  const two = (n: string | number = 0) => String(Number(n)).padStart(2, '0');
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  let offset = zone === undefined ? '' : '+00:00';
  if (zoneSign) {
    const minutes = Number(zoneHours) * 60 + Number(zoneMinutes);
    if (minutes >= 24 * 60) return undefined;
    offset = `${minutes === 0 ? '+' : zoneSign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }
  return new YamlDate(`${y}-${two(mo)}-${two(d)} ${two(h)}:${two(mi)}:${two(s)}${Number(micros) ? `.${micros}` : ''}${offset}`);
}

function validDay(y: number, m: number, d: number): boolean {
  if (y < 1 || m < 1 || m > 12 || d < 1) return false;
  const at = new Date(Date.UTC(2000, m, 0)); // last day of the month, leap year
  const leap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
  return d <= (m === 2 && !leap ? 28 : at.getUTCDate());
}

function parseBinary(source: string): Uint8Array | undefined {
  const text = source.replace(/\s/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/**
 * Value of a scalar with a standard tag (short name); undefined if the text does not fit the tag or the tag is unknown.
 * @param exact floats become `YamlFloat`
 */
export function constructScalar(tag: string, text: string, exact: boolean): unknown {
  switch (tag) {
    case 'str': return text;
    case 'null': return null;
    case 'bool': return bools[text.toLowerCase()];
    case 'int': return parseInt11(text);
    case 'float': { const value = parseFloat11(text); return value === undefined || !exact ? value : new YamlFloat(value); }
    case 'timestamp': return parseDate(text);
    case 'binary': return parseBinary(text);
    default: return undefined;
  }
}
