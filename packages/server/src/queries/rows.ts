import { testResults, type TestResult } from '@lava/job';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { jobRows, type JobRow } from '../read/jobs.ts';
import { visibleJobs } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';
import type { QueryEntity } from './conditions.ts';
import { withinTime } from './within-time.ts';

/** Which rows: a condition over `jobs` and, for the entity, `test_suites` and `test_cases`. */
export interface RowSource {
  readonly entity: QueryEntity;
  readonly where: RawBuilder<boolean>;
}

/** What an entity is read from, and its number. */
export const entityTables: Readonly<Record<QueryEntity, { readonly from: RawBuilder<unknown>; readonly id: RawBuilder<number> }>> = {
  testjob: { from: sql`jobs`, id: sql<number>`jobs.id` },
  testsuite: { from: sql`test_suites join jobs on jobs.id = test_suites.job`, id: sql<number>`test_suites.id` },
  testcase: { from: sql`test_cases join test_suites on test_suites.id = test_cases.suite_id join jobs on jobs.id = test_cases.job`, id: sql<number>`test_cases.id` },
};

interface SuiteFound { id: number; name: string; job: number; passed: number; failed: number; skipped: number; unknown: number }
interface CaseFound { id: number; name: string; suite: string; job: number; result: TestResult; measurement: string | null; units: string; logged: string }

/** A page of what a query finds, newest first. */
export interface Found {
  readonly entity: QueryEntity;
  readonly rows: readonly (JobRow | SuiteFound | CaseFound)[];
  /** There are rows with smaller numbers. */
  readonly more: boolean;
}

/**
 * Rows that the user may see, newest first.
 * @param before only rows with smaller numbers than this
 */
export async function findRows(db: Kysely<Database>, user: User | null, source: RowSource, limit: number, before?: number): Promise<Found> {
  const { entity } = source;
  const { from, id } = entityTables[entity];
  const after = before === undefined ? sql<boolean>`true` : sql<boolean>`${id} < ${before}`;
  const { rows } = await withinTime(db, (trx) => sql<{ id: number }>`select ${id} as id from ${from} where ${source.where} and ${visibleJobs(user)} and ${after} order by 1 desc limit ${limit + 1}`.execute(trx));
  const ids = rows.slice(0, limit).map((r) => r.id);
  return { entity, rows: await readers[entity](db, ids), more: rows.length > limit };
}

const readers: Readonly<Record<QueryEntity, (db: Kysely<Database>, ids: readonly number[]) => Promise<Found['rows']>>> = {
  testjob: async (db, ids) => (await jobRows(db, ids)).map((r) => r.row).toReversed(),
  async testsuite(db, ids) {
    const { rows } = await sql<SuiteFound>`
      select s.id, s.name, s.job, count(*) filter (where c.result = 0)::int as passed, count(*) filter (where c.result = 1)::int as failed,
        count(*) filter (where c.result = 2)::int as skipped, count(*) filter (where c.result = 3)::int as unknown
      from test_suites s left join test_cases c on c.suite_id = s.id where s.id = any(${[...ids]}::integer[]) group by s.id order by s.id desc`.execute(db);
    return rows;
  },
  async testcase(db, ids) {
    const { rows } = await sql<Omit<CaseFound, 'result' | 'logged'> & { result: number; logged: Date }>`
      select c.id, c.name, s.name as suite, c.job, c.result, trim_scale(c.measurement)::text as measurement, c.units, c.logged
      from test_cases c join test_suites s on s.id = c.suite_id where c.id = any(${[...ids]}::integer[]) order by c.id desc`.execute(db);
    return rows.map((r) => ({ ...r, result: testResults[r.result] ?? 'unknown', logged: r.logged.toISOString() }));
  },
};
