import { sql, type Transaction } from 'kysely';
import type { Database } from '../store/database.ts';
import { storableJson } from '../store/json.ts';

/*
 * What is stored of a log follows the log. Results are the exception: they were seen, and stay when lines are gone, say with
 * a disk that was set back. They name no line then, until the worker has sent theirs again.
 */

/**
 * The log of an attempt has `lines` lines now, and what was stored of those from `from` on is not in it any more. No effect
 * once the job has been tried again.
 * @param retried how often the job had been tried again before
 */
export async function cutBack(trx: Transaction<Database>, { job, retried }: { readonly job: number; readonly retried: number }, lines: number, from = lines): Promise<void> {
  const { numUpdatedRows } = await trx.updateTable('jobs').set({ log_lines: lines }).where('id', '=', job).where('retried', '=', retried).executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  await sql`update test_cases set log_line = null, start_log_line = null, end_log_line = null where job = ${job} and log_line >= ${from}`.execute(trx);
  await sql`delete from job_actions where job = ${job} and start_line >= ${from}`.execute(trx);
  await sql`update job_actions set end_line = null, ended_at = null, failed = false where job = ${job} and end_line >= ${from}`.execute(trx);
}

/** Results that have no line and stand in these, the rows of `test_cases` to be: of several of a name, one after the other. */
export async function findAgain(trx: Transaction<Database>, job: number, cases: readonly object[]): Promise<void> {
  await sql`
    with come as (select *, row_number() over (partition by suite_id, name order by log_line) as n from jsonb_to_recordset(${storableJson(cases)}::jsonb)
      as c (suite_id int, set_id int, name text, result smallint, measurement numeric(30, 10), units text, metadata text, start_log_line int, end_log_line int, log_line int)),
    lost as (select id, suite_id, name, row_number() over (partition by suite_id, name order by id) as n from test_cases where job = ${job} and log_line is null)
    update test_cases as t set set_id = come.set_id, result = come.result, measurement = come.measurement, units = come.units, metadata = come.metadata,
      start_log_line = come.start_log_line, end_log_line = come.end_log_line, log_line = come.log_line
    from come join lost using (suite_id, name, n) where t.id = lost.id and not exists (select from test_cases o where o.job = ${job} and o.log_line = come.log_line)`.execute(trx);
}

/** Jobs get another attempt, of which they have the results from now on: nothing of the one before stays but its log. */
export async function takeBackResults(trx: Transaction<Database>, jobs: readonly number[]): Promise<void> {
  await sql`delete from test_suites where job = any(${jobs}::int[])`.execute(trx);
  await sql`delete from job_actions where job = any(${jobs}::int[])`.execute(trx);
}
