import { pythonString } from '@lava/job';
import { YamlDate, YamlFloat, pythonFloat } from '@lava/yaml';
import type { ExportedCase } from './cases.ts';

/** Columns of LAVA's CSV; `duration` and `timeout` are always empty. */
export const csvColumns = [
  'job', 'suite', 'result', 'measurement', 'unit', 'duration', 'timeout', 'logged', 'level', 'metadata', 'url', 'name', 'id', 'log_start_line', 'log_end_line',
] as const;

type Quoting = 'minimal' | 'all';

/** One line of CSV with its line end. */
export function csvLine(fields: readonly string[], quoting: Quoting): string {
  const quoted = fields.map((f) => (quoting === 'all' || /[",\r\n]/.test(f) ? `"${f.replaceAll('"', '""')}"` : f));
  return `${quoted.join(',')}\r\n`;
}

/** A header and a line for each case. */
export async function* casesAsCsv(cases: AsyncIterable<ExportedCase>, quoting: Quoting): AsyncGenerator<string> {
  yield csvLine(csvColumns, quoting);
  for await (const c of cases) {
    yield csvLine(csvColumns.map((k) => (k === 'metadata' ? pythonRepr(c.metadata) : k === 'duration' || k === 'timeout' ? '' : c[k])), quoting);
  }
}

/** A value as Python prints it: `{'case': 'x', 'n': 1.0}`. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return pythonString(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : pythonFloat(value);
  if (value instanceof YamlFloat) return pythonFloat(value.value);
  if (value instanceof YamlDate) return value.text;
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (value instanceof Map) return `{${[...value].map(([k, v]) => `${pythonRepr(k)}: ${pythonRepr(v)}`).join(', ')}}`;
  return typeof value === 'object' ? pythonRepr(new Map(Object.entries(value))) : String(value);
}
