import { dumpYaml, loadYaml } from '@lava/yaml';
import { pythonRepr } from './python-text.ts';
import type { TestResult } from './states.ts';

/** A stored test case as the exports need it. */
export interface StoredCase {
  readonly id: number;
  readonly job: number;
  readonly suite: string;
  readonly name: string;
  readonly result: TestResult;
  /** Decimal text with ten decimals, as the database gives it. */
  readonly measurement: string | null;
  readonly units: string;
  /** YAML text of the result record. */
  readonly metadata: string | null;
  /** Content of the file that `extra` of the metadata names. */
  readonly extra?: unknown;
  readonly startLine: number | null;
  readonly endLine: number | null;
  /** UTC. */
  readonly logged: Date;
}

/** One exported case, keys in the order of the exports; callbacks contain the same. */
export function exportedCase(stored: StoredCase): Map<string, unknown> {
  const loaded = stored.metadata ? loadYaml(stored.metadata, { exact: true }) : undefined;
  const metadata = loaded instanceof Map ? loaded : new Map<string, unknown>();
  const level = metadata.get('level');
  if (metadata.has('extra') && stored.extra !== undefined) {
    const extra = stored.extra instanceof Map ? [...stored.extra] : typeof stored.extra === 'object' && stored.extra !== null ? Object.entries(stored.extra) : [];
    metadata.set('extra', extra.map(([key, value]) => new Map([[key, value]])));
  }
  // A line number of 0 has always been left out.
  const line = (number: number | null) => (number ? String(number) : '');
  return new Map<string, unknown>([
    ['name', stored.name], ['job', String(stored.job)], ['suite', stored.suite], ['result', stored.result],
    ['measurement', stored.measurement ?? 'None'], ['unit', stored.units], ['level', level === undefined || level === null ? '' : String(level)],
    ['url', `/results/testcase/${stored.id}`], ['id', String(stored.id)], ['logged', timestamp(stored.logged)],
    ['log_start_line', line(stored.startLine)], ['log_end_line', line(stored.endLine)], ['metadata', metadata],
  ]);
}

/** Columns of the CSV export; `duration` and `timeout` have always been empty. */
const columns = ['job', 'suite', 'result', 'measurement', 'unit', 'duration', 'timeout', 'logged', 'level', 'metadata', 'url', 'name', 'id', 'log_start_line', 'log_end_line'] as const;

/** One case as an item of the YAML export. */
export function yamlItem(stored: StoredCase): string {
  return dumpYaml([exportedCase(stored)], { literalBlocks: false });
}

/** Header line of the CSV export, with CRLF. */
export function csvHeader(quoteAll = false): string {
  return csvLine(columns, quoteAll);
}

/** One case as a line of the CSV export, with CRLF; the metadata is a Python mapping. */
export function csvRow(stored: StoredCase, quoteAll = false): string {
  const values = exportedCase(stored);
  return csvLine(columns.map((column) => (column === 'metadata' ? pythonRepr(values.get(column)) : String(values.get(column) ?? ''))), quoteAll);
}

function csvLine(fields: readonly string[], quoteAll: boolean): string {
  const quoted = fields.map((field) => (quoteAll || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${quoted.join(',')}\r\n`;
}

/** `YYYY-MM-DD HH:MM:SS.ffffff+00:00`; without the fraction when it is zero, as Python prints it. */
function timestamp(at: Date): string {
  const [date = '', time = ''] = at.toISOString().split('T');
  const fraction = time.slice(9, 12);
  return `${date} ${time.slice(0, 8)}${fraction === '000' ? '' : `.${fraction}000`}+00:00`;
}
