import { csvHeader, csvRow, exportedCase, isMapping, testResults, yamlItem, type StoredCase } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { sql } from 'kysely';
import type { Services } from '../services.ts';

/** Which cases of a job. */
export interface CaseRange {
  readonly suite?: number | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** One suite after the other, by first case; otherwise in order of arrival. */
  readonly bySuite?: boolean;
  /** Only cases of this name. */
  readonly name?: string;
  /** A single case. */
  readonly id?: number;
}

type Raw = Omit<StoredCase, 'result' | 'job' | 'extra'> & { result: number };

const page = 1000;

/** Stored cases of a job, read from the database in pages. */
export async function* storedCases(services: Services, job: number, range: CaseRange = {}): AsyncGenerator<StoredCase> {
  const where = [sql<boolean>`c.job = ${job}`];
  if (range.suite !== undefined) where.push(sql<boolean>`c.suite_id = ${range.suite}`);
  if (range.name !== undefined) where.push(sql<boolean>`c.name = ${range.name}`);
  if (range.id !== undefined) where.push(sql<boolean>`c.id = ${range.id}`);
  const order = range.bySuite ? sql`(select min(f.id) from test_cases f where f.suite_id = c.suite_id), c.id` : sql`c.id`;
  const end = range.limit === undefined ? Infinity : (range.offset ?? 0) + range.limit;
  for (let offset = range.offset ?? 0; offset < end; offset += page) {
    const { rows } = await sql<Raw>`
      select c.id, c.name, s.name as suite, c.result, c.measurement, c.units, c.logged, c.start_log_line as "startLine", c.end_log_line as "endLine", c.metadata
      from test_cases c join test_suites s on s.id = c.suite_id
      where ${sql.join(where, sql` and `)} order by ${order} limit ${Math.min(page, end - offset)} offset ${offset}`.execute(services.db);
    for (const row of rows) {
      yield { ...row, ...await readableMetadata(services, job, row.metadata), job, result: testResults[row.result] ?? 'unknown' };
    }
    if (rows.length < page) return;
  }
}

/** The metadata text if it is a mapping (it may have been cut), and the content of the file that its `extra` names. */
async function readableMetadata(services: Services, job: number, text: string | null): Promise<{ metadata: string | null; extra?: unknown }> {
  try {
    const metadata = text === null ? null : loadYaml(text);
    if (!isMapping(metadata)) return { metadata: null };
    const { extra } = metadata;
    if (typeof extra !== 'string' || !extra.startsWith('metadata/')) return { metadata: text };
    const file = await services.logs.file(job, extra);
    return { metadata: text, extra: file === undefined ? undefined : loadYaml(file, { exact: true }) };
  } catch {
    return { metadata: null };
  }
}

/** CSV with its header. */
export async function* casesAsCsv(cases: AsyncIterable<StoredCase>, quoteAll: boolean): AsyncGenerator<string> {
  yield csvHeader(quoteAll);
  for await (const c of cases) yield csvRow(c, quoteAll);
}

/** A YAML list, written one by one; an empty list is `[]`. */
export async function* casesAsYaml(cases: AsyncIterable<StoredCase>): AsyncGenerator<string> {
  let any = false;
  for await (const c of cases) {
    any = true;
    yield yamlItem(c);
  }
  if (!any) yield '[]\n';
}

/** One case as a YAML mapping. */
export const caseAsYaml = (stored: StoredCase) => dumpYaml(exportedCase(stored), { literalBlocks: false });

/** The metadata of a job in the form of LAVA's REST API: a list of mappings with one key each, values as text. */
export function jobMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, string>[] {
  return Object.entries(metadata).map(([k, v]) => ({ [k]: isMapping(v) || Array.isArray(v) ? JSON.stringify(v) : String(v) }));
}
