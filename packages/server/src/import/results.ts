import { sql, type Transaction } from 'kysely';
import { testResults } from '@lava/job';
import type { Database } from '../store/database.ts';
import type { ImportParts } from './import-parts.ts';
import { yamlMapping } from './from-definition.ts';
import { sameNumber } from './numbers.ts';
import { records } from './records.ts';
import type { Row } from './source.ts';

/** Suites, sets and cases of these jobs, and why the jobs failed. */
export async function importResults({ source, report }: ImportParts, trx: Transaction<Database>, jobs: readonly number[]): Promise<void> {
  const suites = await source.rows('lava_results_app_testsuite', ['id', 'job_id', 'name'], 'where job_id = any($1) order by id', [jobs]);
  const { rows: madeSuites } = await sql<{ id: number; job: number; name: string }>`
    insert into test_suites (id, job, name) select ${sameNumber('test_suites')}, job_id, name from ${records(suites, 'id int, job_id int, name text')} order by id on conflict (job, name) do nothing returning id, job, name`.execute(trx);
  const suiteNumbers = numbers(suites, (r) => `${r['job_id']} ${r['name']}`, madeSuites.map((s) => [`${s.job} ${s.name}`, s.id]));

  const sets = await source.rows('lava_results_app_testset', ['id', 'suite_id', 'name'], 'where name is not null and suite_id = any($1) order by id', [suites.map((r) => r['id'])]);
  const { rows: madeSets } = await sql<{ id: number; suite_id: number; name: string }>`
    insert into test_sets (id, suite_id, name) select ${sameNumber('test_sets')}, suite, name from ${records(sets.map((r) => ({ ...r, suite: suiteNumbers.get(r['suite_id']) })), 'id int, suite int, name text')} order by id
    on conflict (suite_id, name) do nothing returning id, suite_id, name`.execute(trx);
  const setNumbers = numbers(sets, (r) => `${suiteNumbers.get(r['suite_id'])} ${r['name']}`, madeSets.map((s) => [`${s.suite_id} ${s.name}`, s.id]));

  const lavaSuites = new Map(suites.flatMap((r) => (r['name'] === 'lava' ? [[r['id'], Number(r['job_id'])]] : [])));
  const jobOfSuite = new Map(suites.map((r) => [r['id'], r['job_id']]));
  const cases = source.pieces('lava_results_app_testcase', ['id', 'name', 'units', 'result', 'measurement', 'metadata', 'logged', 'suite_id', 'test_set_id', 'start_log_line', 'end_log_line'],
    'where suite_id = any($1) order by id', [suites.map((r) => r['id'])]);
  for await (const piece of cases) {
    const rows = piece.map(({ suite_id, test_set_id, ...r }) => ({
      ...r, job: jobOfSuite.get(suite_id), suite: suiteNumbers.get(suite_id), set: setNumbers.get(test_set_id) ?? null,
      metadata: typeof r['metadata'] === 'string' ? withoutFolder(r['metadata']) : null,
    }));
    const { numAffectedRows } = await sql`
      insert into test_cases (id, job, suite_id, set_id, name, result, measurement, units, metadata, start_log_line, end_log_line, logged)
      select ${sameNumber('test_cases')}, job, suite, set, name, result, measurement, coalesce(units, ''), metadata, start_log_line, end_log_line, logged
      from ${records(rows, 'id int, job int, suite int, set int, name text, result smallint, measurement numeric(30, 10), units text, metadata text, start_log_line int, end_log_line int, logged timestamptz')}
      order by id on conflict (suite_id) where name = 'job' do nothing`.execute(trx);
    report.took('test cases', Number(numAffectedRows));
    report.left('second results "job" of a suite', piece.length - Number(numAffectedRows));
    await verdicts(trx, piece, lavaSuites);
  }
}

/** The result `lava/job` says why a job failed. */
async function verdicts(trx: Transaction<Database>, cases: readonly Row[], lavaSuites: ReadonlyMap<unknown, number>): Promise<void> {
  const rows = cases.flatMap((r) => {
    const job = lavaSuites.get(r['suite_id']);
    if (job === undefined || r['name'] !== 'job' || testResults[Number(r['result'])] !== 'fail') return [];
    const { error_type = null, error_msg = null, error_code = null } = yamlMapping(String(r['metadata']));
    return [{ job, error_type, error_msg, error_code }];
  });
  if (rows.length === 0) return;
  await sql`update jobs set error_type = r.error_type, error_msg = r.error_msg, error_code = r.error_code
    from ${records(rows, 'job int, error_type text, error_msg text, error_code text')} where jobs.id = r.job`.execute(trx);
}

/** Extra data lie in a file beside the log; here its name starts there. */
function withoutFolder(metadata: string): string {
  return metadata.replace(/^extra: \S*\/(metadata\/[^/\s]+)$/m, 'extra: $1');
}

function numbers(rows: readonly Row[], key: (row: Row) => string, made: readonly (readonly [string, number])[]): Map<unknown, number> {
  const byKey = new Map(made);
  return new Map(rows.map((r) => [r['id'], byKey.get(key(r))!]));
}
