import { pythonRepr } from '@lava/job';
import { YamlFloat } from '@lava/yaml';

/** A device dictionary that says nothing but its template and variables. */
export interface Variables {
  /** Name of the template, without `.jinja2`. */
  readonly template: string;
  readonly values: ReadonlyMap<string, unknown>;
}

/**
 * The dictionary of plain variables: one line for the template and one for each variable, in their order.
 * @param values as `loadYaml` gives them with `exact`, so that 1.0 stays a float
 */
export function dictionaryOf({ template, values }: Variables): string {
  const lines = [`{% extends ${pythonRepr(`${template}.jinja2`)} %}`];
  for (const [name, value] of values) lines.push(`{% set ${name} = ${pythonRepr(value)} %}`);
  return `${lines.join('\n')}\n`;
}

/** The variables of a dictionary, if it is written exactly as `dictionaryOf` writes them. */
export function variablesOf(dictionary: string): Variables | undefined {
  const [first = '', ...rest] = dictionary.replace(/\n$/, '').split('\n');
  const template = /^\{% extends '([\w.+-]+)\.jinja2' %\}$/.exec(first)?.[1];
  if (template === undefined) return undefined;
  const values = new Map<string, unknown>();
  for (const line of rest) {
    const [, name, text] = /^\{% set ([A-Za-z_]\w*) = (.*) %\}$/.exec(line) ?? [];
    const value = text === undefined ? undefined : literal(text);
    if (name === undefined || value === undefined || values.has(name)) return undefined;
    values.set(name, value);
  }
  return dictionaryOf({ template, values }) === dictionary ? { template, values } : undefined;
}

const words: Readonly<Record<string, unknown>> = { True: true, False: false, None: null };
const token = /\s*(?:(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<number>-?\d+(?:\.\d+)?(?:e[-+]\d+)?)|(?<word>True|False|None)|(?<sign>[[\]{}:,]))/y;
const deepest = 20;

/** The value of a literal of Python; undefined if the text is anything else. */
function literal(text: string): unknown {
  let at = 0;
  const next = () => {
    token.lastIndex = at;
    const groups = token.exec(text)?.groups;
    if (groups) at = token.lastIndex;
    return groups;
  };
  const isNext = (sign: string) => {
    const before = at;
    if (next()?.['sign'] === sign) return true;
    at = before;
    return false;
  };
  /** Items up to a closing sign; undefined if one of them is none. */
  const items = <T>(end: string, item: () => T | undefined): T[] | undefined => {
    const found: T[] = [];
    while (!isNext(end)) {
      if (found.length > 0 && !isNext(',')) return undefined;
      const one = item();
      if (one === undefined) return undefined;
      found.push(one);
    }
    return found;
  };
  const value = (depth: number): unknown => {
    const { text: string, number, word, sign } = next() ?? {};
    if (string !== undefined) return unescaped(string.slice(1, -1));
    if (number !== undefined) return numeral(number);
    if (word !== undefined) return words[word];
    if (depth > deepest) return undefined;
    if (sign === '[') return items(']', () => value(depth + 1));
    if (sign !== '{') return undefined;
    const pairs = items('}', () => {
      const key = value(depth + 1);
      if (key === undefined || !isNext(':')) return undefined;
      const item = value(depth + 1);
      return item === undefined ? undefined : [key, item] as const;
    });
    return pairs && new Map(pairs);
  };
  const found = value(0);
  return at === text.length ? found : undefined;
}

function numeral(text: string): unknown {
  if (!/^-?\d+$/.test(text)) return new YamlFloat(Number(text));
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const unescaped = (text: string) => text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, code: string | undefined, char: string) => (code ? String.fromCharCode(Number.parseInt(code, 16)) : escapes[char] ?? char));
