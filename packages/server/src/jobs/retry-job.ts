import { sql } from 'kysely';
import { asksForRetry, jobStates, type RetryPolicy } from '@lava/job';
import type { Change } from '../store/change.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import { actionBlocks } from './action-blocks.ts';
import { endAttempt } from './end-attempt.ts';
import type { Attempt, Ending } from './attempt.ts';

interface Candidate {
  readonly state: number; readonly retry: RetryPolicy | null; readonly retried: number; readonly retry_pending: boolean; readonly device: string | null;
  readonly submitter: number; readonly error_type: string | null; readonly error_msg: string | null; readonly error_code: string | null;
}

/**
 * The end of an attempt whose job is to be tried again: the job goes back to the queue instead of ending. A multinode
 * group goes whole: jobs that still run are canceled and follow as they end, and the scheduler waits for all of them.
 * @param members the jobs of its group, locked; none for a job without group
 * @returns false when the job ends
 */
export async function retryInstead(c: Change, { job, fence }: Attempt, members: readonly number[], ending: Ending): Promise<boolean> {
  const { Scheduled, Canceling } = jobState;
  const { rows: [row] } = await sql<Candidate>`
    select state, retry, retried, retry_pending, actual_device as device, submitter, error_type, error_msg, error_code from jobs
    where id = ${job} and retry is not null and not health_check and state between ${Scheduled} and ${Canceling}
      and exists (select from attempts where job = ${job} and fence = ${fence} and ended_at is null) for update`.execute(c.trx);
  if (!row?.retry) return false;
  if (row.retry_pending) {
    await requeue(c, { job, fence }, row, ending, false);
    return true;
  }
  const errorType = row.error_type ?? ending.errorType ?? null;
  const errorCode = row.error_code ?? ending.errorCode ?? null;
  if (row.state === Canceling || ending.result !== 'fail' || !asksForRetry(row.retry, row.retried, { errorType, errorCode })) return false;
  if (!await drawBack(c, job, members.filter((m) => m !== job))) return false;
  await requeue(c, { job, fence }, { ...row, error_type: errorType, error_code: errorCode }, ending, true);
  return true;
}

/** Has the running others of a group end to be tried again. False, and nothing is done, when one of them has ended or is being ended for good. */
async function drawBack(c: Change, job: number, others: readonly number[]): Promise<boolean> {
  if (others.length === 0) return true;
  const { Scheduled, Running, Canceling } = jobState;
  const { rows } = await sql<{ id: number; state: number; retry_pending: boolean }>`select id, state, retry_pending from jobs where id = any(${others}::int[])`.execute(c.trx);
  if (rows.some((r) => r.state > Canceling || (r.state === Canceling && !r.retry_pending))) return false;
  const running = rows.filter((r) => r.state === Scheduled || r.state === Running);
  await sql`update jobs set state = ${Canceling}, retry_pending = true where id = any(${running.map((r) => r.id)}::int[])`.execute(c.trx);
  for (const { id, state } of running) {
    c.job(id, Canceling, jobHealth.Unknown);
    c.note('job', id, `${jobStates[state]} → Canceling (job ${job} of its group is tried again)`);
  }
  return true;
}

/** Scheduled, Running or Canceling → Submitted. What the log of the attempt gave stays until there is another one. */
async function requeue(c: Change, { job, fence }: Attempt, row: Candidate, ending: Ending, isCause: boolean): Promise<void> {
  const { Submitted } = jobState;
  const policy = row.retry!;
  await sql`insert into attempts_to_measure (job, fence, device, error_type, blocks)
    values (${job}, ${fence}, ${row.device}, ${isCause ? row.error_type || 'unknown' : null}, ${actionBlocks(sql`${job}::int`)})`.execute(c.trx);
  await sql`update jobs set state = ${Submitted}, health = ${jobHealth.Unknown}, actual_device = null, start_time = null, retry_pending = false,
      retried = retried + 1, queued_at = now() + make_interval(secs => ${policy.delay}),
      error_type = null, error_msg = null, error_code = null, failure_comment = null
    where id = ${job}`.execute(c.trx);
  await sql`delete from group_calls where job = ${job}`.execute(c.trx);
  const text = row.error_msg ?? ending.errorMessage ?? '';
  const { error_type: errorType, error_code: errorCode } = row;
  await endAttempt(c, { job, device: row.device, submitter: row.submitter, healthCheck: false, outcome: isCause ? 'failed' : 'canceled', errorType: isCause ? errorType : null, quarantine: ending.quarantine },
    isCause ? { reason: text || 'fail', errorType, errorCode } : { reason: 'tried again with its group' });
  c.job(job, Submitted, jobHealth.Unknown);
  const why = isCause ? [errorCode, text.slice(0, 200)].filter(Boolean).join(': ') : 'with its group';
  c.note('job', job, `${jobStates[row.state]} → Submitted, attempt ${row.retried + 2} of at most ${policy.count + 1} (${why})`);
}
