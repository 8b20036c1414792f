import { YamlDate, YamlFloat, pythonFloat } from './values.ts';
import { resolvePlain } from './scalars.ts';

export interface DumpOptions {
  /** Texts of several lines become literal blocks (`|`) where that is exact. Default: true. */
  readonly literalBlocks?: boolean;
}

/** Deeper values are surely circular. */
const deepest = 400;

/**
 * Writes a value as block-style YAML, keys in their order, that PyYAML reads back equal; ends with a line feed.
 * Takes what `loadYaml` gives (also with `exact`): plain objects, Maps, arrays, Sets, strings, numbers, bigints,
 * booleans, null, `YamlDate`, `YamlFloat`, bytes. Entries that are undefined are left out.
 * @throws TypeError for anything else (functions, symbols, circular values)
 */
export function dumpYaml(value: unknown, options: DumpOptions = {}): string {
  const literal = options.literalBlocks ?? true;
  const out: string[] = [];

  /** Writes a value after `lead` (`key:` or `-`, with its indentation); a collection goes on the next lines. */
  const entry = (lead: string, item: unknown, indent: number, inList: boolean) => {
    const pairs = pairsOf(item);
    if (Array.isArray(item) && item.length) {
      if (inList) nestInline(lead, indent, () => list(item, indent + 2));
      else { out.push(lead); list(item, indent); }
    } else if (pairs?.length) {
      const tag = item instanceof Set ? ' !!set' : '';
      if (inList && !tag) nestInline(lead, indent, () => mapping(pairs, indent + 2));
      else { out.push(lead + tag); mapping(pairs, indent + 2); }
    } else out.push(`${lead} ${scalar(item, indent + 2, literal)}`);
  };
  /** `- a: 1`: the first line of the inner collection follows the dash. */
  const nestInline = (lead: string, indent: number, write: () => void) => {
    const first = out.length;
    write();
    out[first] = `${lead} ${(out[first] ?? '').slice(indent + 2)}`;
  };
  const guard = (indent: number) => { if (indent > deepest * 2) throw new TypeError('this value is circular or too deep for YAML'); };
  const list = (items: unknown[], indent: number) => {
    guard(indent);
    for (const item of items) entry(`${' '.repeat(indent)}-`, item === undefined ? null : item, indent, true);
  };
  const mapping = (pairs: [unknown, unknown][], indent: number) => {
    guard(indent);
    for (const [key, item] of pairs) {
      const text = scalar(key, 0, false);
      // Longer simple keys are not allowed.
      const lead = text.length < 1000 ? `${' '.repeat(indent)}${text}:` : `${' '.repeat(indent)}? ${text}\n${' '.repeat(indent)}:`;
      entry(lead, item, indent, false);
    }
  };

  const pairs = pairsOf(value);
  if (Array.isArray(value) && value.length) list(value, 0);
  else if (pairs?.length) { if (value instanceof Set) out.push('!!set'); mapping(pairs, 0); }
  else out.push(scalar(value, 0, false));
  return `${out.join('\n')}\n`;
}

function pairsOf(value: unknown): [unknown, unknown][] | undefined {
  if (value instanceof Map) return [...value].filter(([, v]) => v !== undefined);
  if (value instanceof Set) return [...value].map((key) => [key, null]);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (value instanceof YamlDate || value instanceof YamlFloat || value instanceof Uint8Array) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw new TypeError(`YAML cannot hold a ${value.constructor.name}`);
  return Object.entries(value).filter(([, v]) => v !== undefined);
}

function scalar(value: unknown, indent: number, literal: boolean): string {
  if (typeof value === 'string') return dumpString(value, indent, literal);
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : dumpFloat(value);
  if (value instanceof YamlFloat) return dumpFloat(value.value);
  if (value instanceof YamlDate) return value.text;
  if (value instanceof Uint8Array) return `!!binary ${JSON.stringify(btoa(Array.from(value, (b) => String.fromCharCode(b)).join('')))}`;
  if (Array.isArray(value)) return '[]';
  if (value instanceof Set) return '!!set {}';
  if (typeof value === 'object') return '{}';
  throw new TypeError(`YAML cannot hold a ${typeof value}`);
}

/** YAML 1.1 wants a point in a float with an exponent. */
function dumpFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  const text = pythonFloat(value);
  return text.includes('.') ? text : text.replace('e', '.0e');
}

// Texts that need no quotes: no indicator first, no ": " or " #", nothing that a reader could take for structure.
const plainText = /^[^\s\-?:,[\]{}#&*!|>'"%@`\p{C}\p{Z}](?:[^\p{C}\p{Z}:#]| (?=[^ #])|:(?=[^\s,[\]{}\p{Z}])|(?<=[^\s])#)*$/u;
const printable = /^[\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;
const unusual = /[\u2028\u2029\u0085]/;

function dumpString(value: string, indent: number, literal: boolean): string {
  const shown = printable.test(value) && !unusual.test(value);
  if (shown && !/[\t\n]/.test(value)) {
    if (plainText.test(value) && resolvePlain(value) === 'str' && !/^(?:---|\.\.\.)/.test(value)) return value;
    return `'${value.replaceAll("'", "''")}'`;
  }
  if (literal && shown && isBlock(value)) {
    const lines = value.replace(/\n+$/, '').split('\n').map((line) => (line ? ' '.repeat(indent) + line : ''));
    const rest = /\n*$/.exec(value)?.[0].length ?? 0;
    return `|${rest === 0 ? '-' : rest === 1 ? '' : '+'}\n${lines.join('\n')}${'\n'.repeat(Math.max(0, rest - 1))}`;
  }
  return JSON.stringify(value.toWellFormed()).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** True if a literal block gives exactly this text: several lines, the first not indented, none of blanks only. */
function isBlock(value: string): boolean {
  return value.includes('\n') && /^[^\s]/.test(value) && !/^[ \t]+$/m.test(value) && !value.includes('\t');
}
