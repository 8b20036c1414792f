import { isMapping, testResults } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { sql } from 'kysely';
import type { Services } from '../../services.ts';

/** A test case as LAVA exports it: every value a text, keys in this order (results-and-logs §10). */
export interface ExportedCase {
  name: string; job: string; suite: string; result: string;
  /** Ten decimals, or `None`. */
  measurement: string; unit: string; level: string; url: string; id: string; logged: string; log_start_line: string; log_end_line: string;
  metadata: Map<unknown, unknown>;
}

export interface CaseRange {
  readonly suite?: number | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** One suite after the other; otherwise in order of arrival. */
  readonly bySuite?: boolean;
  /** A single case. */
  readonly id?: number;
}

interface Raw {
  id: number; name: string; suite: string; result: number; measurement: string | null; units: string; logged: Date;
  start_log_line: number | null; end_log_line: number | null; metadata: string | null;
}

const page = 1000;

/** Cases of a job in export form, read from the database in pages. */
export async function* exportedCases(services: Services, job: number, range: CaseRange = {}): AsyncGenerator<ExportedCase> {
  const where = sql`c.job = ${job} and (${range.suite ?? null}::integer is null or c.suite_id = ${range.suite ?? null}) and (${range.id ?? null}::integer is null or c.id = ${range.id ?? null})`;
  const order = range.bySuite ? sql`(select min(f.id) from test_cases f where f.suite_id = c.suite_id), c.id` : sql`c.id`;
  const end = range.limit === undefined ? Infinity : (range.offset ?? 0) + range.limit;
  for (let offset = range.offset ?? 0; offset < end; offset += page) {
    const { rows } = await sql<Raw>`
      select c.id, c.name, s.name as suite, c.result, c.measurement, c.units, c.logged, c.start_log_line, c.end_log_line, c.metadata
      from test_cases c join test_suites s on s.id = c.suite_id
      where ${where} order by ${order} limit ${Math.min(page, end - offset)} offset ${offset}`.execute(services.db);
    for (const row of rows) yield exported(row, job, await fullMetadata(services, job, row.metadata));
    if (rows.length < page) return;
  }
}

function exported(row: Raw, job: number, metadata: Map<unknown, unknown>): ExportedCase {
  // LAVA's exports leave out line 0 as well.
  const line = (n: number | null) => (n ? String(n) : '');
  return {
    name: row.name, job: String(job), suite: row.suite, result: testResults[row.result] ?? 'unknown', measurement: row.measurement ?? 'None', unit: row.units,
    level: String(metadata.get('level') ?? ''), url: `/results/testcase/${row.id}`, id: String(row.id), logged: pythonTime(row.logged),
    log_start_line: line(row.start_log_line), log_end_line: line(row.end_log_line), metadata,
  };
}

/** `2026-11-22 10:35:29.065000+00:00`, as Python prints a time. */
export function pythonTime(time: Date): string {
  return time.toISOString().replace('T', ' ').replace(/\.(\d{3})Z$/, (_, ms: string) => (ms === '000' ? '+00:00' : `.${ms}000+00:00`));
}

/** The metadata of a case, with the file that `extra` names in its place: a list of mappings with one key each. */
async function fullMetadata(services: Services, job: number, text: string | null): Promise<Map<unknown, unknown>> {
  const metadata = mapOf(text);
  const extra = metadata.get('extra');
  if (typeof extra === 'string' && extra.startsWith('metadata/')) {
    const file = await services.logs.file(job, extra).catch(() => undefined);
    metadata.set('extra', file === undefined ? [] : oneKeyMaps(load(file)));
  }
  return metadata;
}

function load(text: string): unknown {
  try { return loadYaml(text, { exact: true }); } catch { return null; }
}

function mapOf(text: string | null): Map<unknown, unknown> {
  const value = text === null ? null : load(text);
  return value instanceof Map ? value : new Map();
}

function oneKeyMaps(value: unknown): unknown {
  return value instanceof Map ? [...value].map((entry) => new Map([entry])) : value;
}

/** The metadata of a job in the form of LAVA's REST API: a list of mappings with one key each, values as text. */
export function jobMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, string>[] {
  return Object.entries(metadata).map(([k, v]) => ({ [k]: isMapping(v) || Array.isArray(v) ? JSON.stringify(v) : String(v) }));
}
