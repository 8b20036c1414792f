import { sql } from 'kysely';
import type { Change } from '../store/change.ts';
import { jobState } from '../store/numbers.ts';
import { prepared } from '../store/prepared.ts';

/** Why somebody may not queue more jobs now. */
export interface QueueFull { readonly code: string; readonly message: string; readonly hint: string }

/** How many jobs users have in the queue and may have; those who may have any number are not in it. */
export class QueueRoom {
  readonly #users: ReadonlyMap<number, { jobs: number; readonly limit: number }>;

  private constructor(users: ReadonlyMap<number, { jobs: number; readonly limit: number }>) {
    this.#users = users;
  }

  /**
   * What a group of theirs is allowed counts more than what everybody is. Submissions of one user wait for one another
   * here, so that together they do not exceed it.
   * @param everybody most queued jobs of one user; null means no limit
   */
  static async of(c: Change, submitters: readonly number[], everybody: number | null): Promise<QueueRoom> {
    const { rows } = await sql<{ id: number; limit: number }>`
      select id, coalesce((select max(queue_limit) from group_shares natural join user_groups where user_id = id), ${everybody}::int) as limit
      from unnest(${[...submitters]}::int[]) as id ${prepared}`.execute(c.trx);
    const limited = rows.filter((r) => r.limit !== null).sort((a, b) => a.id - b.id);
    if (limited.length === 0) return new QueueRoom(new Map());
    // In one order, so that nobody waits in a circle.
    for (const { id } of limited) await sql`select pg_advisory_xact_lock(hashtext('submit'), ${id})`.execute(c.trx);
    const { rows: queues } = await sql<{ submitter: number; jobs: number }>`
      select submitter, count(*)::int as jobs from jobs where submitter = any(${limited.map((r) => r.id)}::int[]) and state = ${jobState.Submitted} group by submitter`.execute(c.trx);
    const jobs = new Map(queues.map((q) => [q.submitter, q.jobs]));
    return new QueueRoom(new Map(limited.map(({ id, limit }) => [id, { jobs: jobs.get(id) ?? 0, limit }])));
  }

  /** Takes room for `more` jobs; the answer says why there is none. */
  take(submitter: number, more: number): QueueFull | undefined {
    const user = this.#users.get(submitter);
    if (!user) return undefined;
    if (user.jobs + more > user.limit) {
      return {
        code: 'queue-limit', message: `You have ${user.jobs} jobs in the queue and may have ${user.limit}; this submission would add ${more}`,
        hint: 'Wait until some have started, or cancel some; an admin can raise the limit.',
      };
    }
    user.jobs += more;
    return undefined;
  }
}
