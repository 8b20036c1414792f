import { testResults, type TestResult } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';

/** A test case (docs/api.md). */
export interface CaseRow {
  id: number; name: string; result: TestResult; measurement: string | null; units: string; set: string | null;
  start_log_line: number | null; end_log_line: number | null; log_line: number | null; logged: string; metadata: Record<string, unknown>;
}

/** Cases of one suite that follow one another. */
export interface CaseGroup { suite: { id: number; name: string }; cases: CaseRow[] }

interface Raw {
  id: number; name: string; result: number; measurement: string | null; units: string; set: string | null; metadata: string | null;
  start_log_line: number | null; end_log_line: number | null; log_line: number | null; logged: Date; suite_id: number; suite: string;
}

/** The metadata text of a case as a mapping; a text that is none (it was cut, say) is an empty one. */
export function caseMetadata(text: string | null): Record<string, unknown> {
  if (text === null) return {};
  try {
    const value: unknown = loadYaml(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
  } catch { return {}; }
}

/** `12.5000000000` without the zeros that say nothing: `12.5`. */
const shortDecimal = (text: string | null) => (text?.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** Up to `limit` cases of a job with an id above `after`, in order of arrival, grouped by suite where they follow one another. */
export async function caseGroups(db: Kysely<Database>, job: number, after: number, limit: number): Promise<{ groups: CaseGroup[]; last: number; count: number }> {
  const { rows } = await sql<Raw>`
    select c.id, c.name, c.result, c.measurement, c.units, t.name as set, c.metadata, c.start_log_line, c.end_log_line, c.log_line, c.logged,
      c.suite_id, s.name as suite
    from test_cases c join test_suites s on s.id = c.suite_id left join test_sets t on t.id = c.set_id
    where c.job = ${job} and c.id > ${after} order by c.id limit ${limit}`.execute(db);
  const groups: CaseGroup[] = [];
  for (const { suite, suite_id, metadata, result, measurement, logged, ...rest } of rows) {
    let group = groups.at(-1);
    if (group?.suite.id !== suite_id) groups.push(group = { suite: { id: suite_id, name: suite }, cases: [] });
    group.cases.push({
      ...rest, result: testResults[result] ?? 'unknown', measurement: shortDecimal(measurement), logged: logged.toISOString(), metadata: caseMetadata(metadata),
    });
  }
  return { groups, last: rows.at(-1)?.id ?? after, count: rows.length };
}

/** Cases whose metadata are read without a pause. */
const pageSize = 1000;

/** All suites of a job with their cases, suites in the order of their first case. */
export async function suites(db: Kysely<Database>, job: number): Promise<{ id: number; name: string; cases: CaseRow[] }[]> {
  const bySuite = new Map<number, { id: number; name: string; cases: CaseRow[] }>();
  for (let after = 0; ;) {
    const page = await caseGroups(db, job, after, pageSize);
    for (const { suite, cases } of page.groups) {
      const known = bySuite.get(suite.id);
      if (known) known.cases.push(...cases);
      else bySuite.set(suite.id, { ...suite, cases });
    }
    if (page.count < pageSize) return [...bySuite.values()];
    after = page.last;
  }
}
