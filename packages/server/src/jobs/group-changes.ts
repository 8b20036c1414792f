import { sql } from 'kysely';
import type { Change } from '../store/change.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import { cancelJob } from './cancel-job.ts';

/**
 * Jobs of a multinode group are changed by whoever has locked all of them, in the order of their numbers: so two that
 * end at once do not wait for one another. No effect on other jobs.
 * @returns the numbers of the group's jobs; none for a job without group
 */
export async function lockGroup(c: Change, job: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select id from jobs where target_group = (select target_group from jobs where id = ${job}) order by id for update`.execute(c.trx);
  return rows.map((r) => r.id);
}

/** Cancels a job and, if it is one of a multinode group, all others of the group. False if that changed nothing. */
export async function cancelGroup(c: Change, job: number, reason?: string): Promise<boolean> {
  const members = await lockGroup(c, job);
  let changed = false;
  for (const member of members.length > 0 ? members : [job]) {
    if (await cancelJob(c, member, member === job || reason === undefined ? reason : `${reason} of job ${job} of its group`)) changed = true;
  }
  return changed;
}

/** A job of a group that has ended. */
interface EndedMember {
  readonly id: number;
  readonly group: string;
  readonly role: string;
  readonly essential: boolean;
  readonly health: number;
  /** It ran on its worker. */
  readonly started: boolean;
}

/**
 * What the end of a job means for the others of its group, which is locked: the end of an essential one that is not
 * Complete ends all; so does that of one that never began, for which the others would wait in vain; with a host go its
 * guests, who have no device without it; and none that was to be tried again with it ever can be.
 */
export async function endOfMember(c: Change, { id, group, role, essential, health, started }: EndedMember): Promise<void> {
  const failed = health !== jobHealth.Complete;
  const all = failed && (essential || !started);
  const { rows } = await sql<{ id: number; returned: boolean }>`select id, retry_pending or state = ${jobState.Submitted} as returned from jobs
    where target_group = ${group} and id <> ${id} and (state < ${jobState.Canceling} or retry_pending)
      and (${all} or host_role = ${role} or retry_pending or state = ${jobState.Submitted}) order by id`.execute(c.trx);
  const why = all ? essential ? `the essential job ${id} of its group has ended` : `job ${id} of its group could not start` : undefined;
  for (const other of rows) await cancelJob(c, other.id, why ?? (other.returned ? `job ${id} of its group has ended` : `its host, job ${id}, has ended`));
}
