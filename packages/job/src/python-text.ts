import { YamlDate, YamlFloat, pythonFloat } from '@lava/yaml';

/** A value as Python's `repr` prints it: `{'case': 'x', 'n': 1, 'ok': True}`. Some texts of LAVA's interfaces have that form. */
export function pythonRepr(value: unknown): string {
  if (typeof value === 'string') return pythonString(value);
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : pythonFloat(value);
  if (value instanceof YamlFloat) return pythonFloat(value.value);
  if (value instanceof YamlDate) return pythonString(value.text);
  // A pattern prints as the text the user wrote.
  if (value instanceof RegExp) return pythonString(value.source);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value).filter(([, v]) => v !== undefined);
  return `{${entries.map(([k, v]) => `${pythonRepr(k)}: ${pythonRepr(v)}`).join(', ')}}`;
}

/** A text as Python's `repr` prints it. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`)
    .replace(/[\p{Cc}\u00a0\u00ad]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return quote + escaped + quote;
}
