import { sql } from 'kysely';
import { jobHealths, jobStates, type JobState } from '@lava/job';
import type { Change } from '../store/change.ts';
import { deviceState, jobHealth, jobState } from '../store/numbers.ts';
import type { Attempt, Ending } from './attempt.ts';
import { endAttempt } from './end-attempt.ts';
import { endOfMember, lockGroup } from './group-changes.ts';
import { retryInstead } from './retry-job.ts';

/*
 * Every step of a job, each one statement that names the state it expects: of two that race, one finds its row changed
 * and does nothing. Rows are always locked in the order job, attempt, device.
 */

/** Scheduled → Running: the worker has started the attempt. No effect otherwise. */
export async function startJob(c: Change, { job, fence }: Attempt): Promise<boolean> {
  const { rows } = await sql<{ device: string | null; health: number }>`
    update jobs set state = ${jobState.Running}, start_time = now()
    where id = ${job} and state = ${jobState.Scheduled} and ${isLive(job, fence)}
    returning actual_device as device, health`.execute(c.trx);
  await sql`update attempts set started_at = now() where job = ${job} and fence = ${fence} and ended_at is null and started_at is null`.execute(c.trx);
  const row = rows[0];
  if (!row) return false;
  c.job(job, jobState.Running, row.health);
  if (row.device !== null) {
    await sql`update devices set state = ${deviceState.Running} where hostname = ${row.device} and state = ${deviceState.Reserved}`.execute(c.trx);
    c.device(row.device);
  }
  c.note('job', job, 'Scheduled → Running');
  return true;
}

/**
 * Any unfinished state (or just `from`) → Finished; the attempt ends and the device is free. With a fence only if that
 * attempt is the live one. The result `lava/job` of the log, where it was stored, says more about an error than the report: it stays.
 * With a fence the job may go back to the queue instead, for another attempt: what ends it without one, ends it for good.
 */
export async function finishJob(c: Change, job: number, fence: number | undefined, ending: Ending, from?: JobState): Promise<'finished' | 'queued-again' | false> {
  const { Canceling, Finished } = jobState;
  const failed = ending.result === 'fail';
  const members = await lockGroup(c, job);
  if (fence !== undefined && await retryInstead(c, { job, fence }, members, ending)) return 'queued-again';
  const { rows } = await sql<Ended>`
    with before as (select id, state, start_time from jobs where id = ${job} for update)
    update jobs set state = ${Finished},
      health = case when before.state = ${Canceling} then ${jobHealth.Canceled}::smallint else ${failed ? jobHealth.Incomplete : jobHealth.Complete}::smallint end,
      start_time = coalesce(jobs.start_time, now()), end_time = now(),
      error_type = coalesce(error_type, ${failed ? ending.errorType || null : null}),
      error_msg = coalesce(error_msg, ${failed ? ending.errorMessage || null : null}),
      error_code = coalesce(error_code, ${failed ? ending.errorCode || null : null}),
      failure_comment = nullif(concat(failure_comment, ${ending.comment ?? ''}::text), '')
    from before where jobs.id = before.id and before.state < ${Finished} and ${from === undefined ? sql`true` : sql`before.state = ${jobState[from]}`} and ${fence === undefined ? sql`true` : isLive(job, fence)}
    returning before.state as old, before.start_time is not null as started, jobs.health, actual_device as device, health_check, error_type, error_code, submitter, target_group, role, essential`.execute(c.trx);
  const row = rows[0];
  if (!row) return false;
  const health = jobHealths[row.health]!;
  const why = ending.errorMessage && failed ? ` (${ending.errorMessage.slice(0, 200)})` : '';
  const outcome = health === 'Complete' ? 'completed' : health === 'Canceled' ? 'canceled' : 'failed';
  await endAttempt(c, { job, device: row.device, submitter: row.submitter, healthCheck: row.health_check, outcome, errorType: row.error_type, quarantine: ending.quarantine },
    { reason: ending.errorMessage || ending.result, ...(outcome === 'failed' ? { errorType: row.error_type, errorCode: row.error_code } : {}) });
  c.job(job, Finished, row.health);
  c.note('job', job, `${jobStates[row.old]} → Finished, ${health}${why}`);
  if (row.target_group !== null) await endOfMember(c, { ...row, id: job, group: row.target_group });
  return 'finished';
}

interface Ended {
  readonly old: number; readonly started: boolean; readonly health: number; readonly device: string | null; readonly health_check: boolean; readonly error_type: string | null; readonly error_code: string | null;
  readonly submitter: number; readonly target_group: string | null; readonly role: string; readonly essential: boolean;
}

const isLive = (job: number, fence: number) =>
  sql<boolean>`exists (select 1 from attempts where job = ${job} and fence = ${fence} and ended_at is null)`;
