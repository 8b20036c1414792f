import { sql } from 'kysely';
import { jobStates } from '@lava/job';
import type { Change } from '../store/change.ts';
import { jobHealth, jobState } from '../store/numbers.ts';

/** Submitted → Finished/Canceled, or a job that a worker has → Canceling, for good. False if it is ending or ended. Others of its group go on. */
export async function cancelJob(c: Change, job: number, reason = 'Cancel requested'): Promise<boolean> {
  const { Submitted, Canceling, Finished } = jobState;
  const { rows } = await sql<{ old: number; state: number; health: number }>`
    with before as (select id, state from jobs where id = ${job} for update)
    update jobs set state = case when before.state = ${Submitted} then ${Finished}::smallint else ${Canceling}::smallint end,
      health = case when before.state = ${Submitted} then ${jobHealth.Canceled} else health end,
      start_time = case when before.state = ${Submitted} then now() else start_time end,
      end_time = case when before.state = ${Submitted} then now() else end_time end,
      retry_pending = false
    from before where jobs.id = before.id and (before.state < ${Canceling} or retry_pending)
    returning before.state as old, jobs.state, jobs.health`.execute(c.trx);
  const row = rows[0];
  if (!row) return false;
  c.job(job, row.state, row.health);
  c.note('job', job, `${jobStates[row.old]} → ${jobStates[row.state]} (${reason})`);
  return true;
}
