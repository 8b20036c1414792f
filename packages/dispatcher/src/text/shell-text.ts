import { isMapping, pythonRepr } from '@lava/job';
import { YamlDate, YamlFloat, pythonFloat } from '@lava/yaml';

/** A text as one word of a POSIX shell: as it is when nothing in it is special, otherwise in single quotes. */
export function shellQuote(text: string): string {
  if (text !== '' && /^[A-Za-z0-9@%+=:,./_-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** A value of YAML as Python prints it: `True`, `1.5`, `['a']`; null is empty. Parameters of tests are written so. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof YamlDate || value instanceof YamlFloat) return value.toString();
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : pythonFloat(value);
  return pythonRepr(value instanceof Map ? Object.fromEntries(value) : value);
}

/**
 * Variables of a value: mappings append `_<key>` to the name and lists `_<index>`; booleans are 1 or 0.
 * @returns pairs of a name and a word ready for the shell
 */
export function flatten(name: string, value: unknown): [name: string, word: string][] {
  if (value === null || value === undefined) return [[name, "''"]];
  if (typeof value === 'boolean') return [[name, value ? '1' : '0']];
  if (Array.isArray(value)) return value.flatMap((item, index) => flatten(`${name}_${index}`, item));
  if (isMapping(value)) return Object.entries(value).flatMap(([key, item]) => flatten(`${name}_${key}`, item));
  return [[name, shellQuote(pythonText(value))]];
}

