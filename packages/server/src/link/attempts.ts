import { sql, type Kysely } from 'kysely';
import { jobStates, type JobState } from '@lava/job';
import { lockGroup } from '../jobs/group-changes.ts';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { workerState } from '../store/numbers.ts';
import { prepared } from '../store/prepared.ts';

/** An attempt that has not ended, with the state of its job. */
export interface LiveAttempt {
  readonly job: number;
  readonly fence: number;
  /** Held by it, or by its host. */
  readonly device: string;
  /** The job shares the device of another one of its multinode group. */
  readonly guest: boolean;
  readonly worker: string;
  readonly state: JobState;
}

/** Live attempts of a worker, or that of a job. */
export async function liveAttempts(db: Kysely<Database>, of: { worker: string } | { job: number }): Promise<LiveAttempt[]> {
  const { rows } = await sql<Omit<LiveAttempt, 'state'> & { state: number }>`
    select attempts.job, attempts.fence, coalesce(attempts.device, attempts.shared_device) as device, attempts.device is null as guest, attempts.worker, jobs.state from attempts join jobs on jobs.id = attempts.job
    where ended_at is null and ${'worker' in of ? sql`attempts.worker = ${of.worker}` : sql`attempts.job = ${of.job}`}
    order by attempts.job ${prepared}`.execute(db);
  return rows.map((r) => ({ ...r, state: jobStates[r.state]! }));
}

/** Notes that a worker spoke and gives these attempts of it a full lease from now on; attempts that are over stay so. */
export async function renewLeases(db: Kysely<Database>, worker: string, attempts: readonly { job: number; fence: number }[], seconds: number): Promise<{ online: boolean }> {
  const { rows } = await sql<{ state: number }>`update workers set last_ping = now() where hostname = ${worker} returning state ${prepared}`.execute(db);
  const online = rows[0]?.state === workerState.Online;
  if (attempts.length === 0) return { online };
  await sql`update attempts set lease_expires = now() + make_interval(secs => ${seconds})
    from jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb) as named (job int, fence int)
    where attempts.job = named.job and attempts.fence = named.fence and attempts.worker = ${worker} and ended_at is null ${prepared}`.execute(db);
  return { online };
}

/** The lease of a live attempt is over, and nobody renews it before the end of the transaction. Its job, or all of the group, is locked first. */
export async function leaseIsOver(c: Change, { job, fence }: { job: number; fence: number }): Promise<boolean> {
  await lockGroup(c, job);
  await sql`select from jobs where id = ${job} for update`.execute(c.trx);
  const { rows } = await sql`select from attempts where job = ${job} and fence = ${fence} and ended_at is null and lease_expires <= now() for update`.execute(c.trx);
  return rows.length > 0;
}
