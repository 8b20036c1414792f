import { sql } from 'kysely';
import type { Change } from '../store/change.ts';
import { jobState } from '../store/numbers.ts';

/**
 * Why somebody may not queue `more` jobs now; undefined: they fit. What a group of theirs is allowed counts more than
 * what everybody is. Submissions of one user wait for one another here, so that together they do not exceed it.
 * @param everybody most queued jobs of one user; null means no limit
 */
export async function queueIsFull(c: Change, submitter: number, more: number, everybody: number | null): Promise<{ code: string; message: string; hint: string } | undefined> {
  const { rows: [own] } = await sql<{ limit: number | null }>`
    select max(queue_limit) as limit from group_shares where group_id in (select group_id from user_groups where user_id = ${submitter})`.execute(c.trx);
  const limit = own?.limit ?? everybody;
  if (limit === null) return undefined;
  await sql`select pg_advisory_xact_lock(hashtext('submit'), ${submitter})`.execute(c.trx);
  const { rows: [queue] } = await sql<{ jobs: number }>`select count(*)::int as jobs from jobs where submitter = ${submitter} and state = ${jobState.Submitted}`.execute(c.trx);
  if (queue!.jobs + more <= limit) return undefined;
  return {
    code: 'queue-limit', message: `You have ${queue!.jobs} jobs in the queue and may have ${limit}; this submission would add ${more}`,
    hint: 'Wait until some have started, or cancel some; an admin can raise the limit.',
  };
}
