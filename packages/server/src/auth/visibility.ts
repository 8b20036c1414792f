import { sql, type RawBuilder } from 'kysely';
import type { User } from './users.ts';

/** Sees everything: for what is read once and then handed to those who may see it. */
export const theServer: User = { id: 0, username: 'lava-health', isActive: true, isSuperuser: true, groups: [] };

/**
 * Who may see a job: its submitter and superusers; of a job with viewing groups, who is in all of
 * them; of a public job without groups, everybody. Every query that lists or reads jobs carries this condition, so
 * that a hidden job cannot be told from one that does not exist.
 */
export function visibleJobs(user: User | null): RawBuilder<boolean> {
  if (user?.isSuperuser) return sql<boolean>`true`;
  const open = sql<boolean>`(jobs.is_public and not exists (select from job_groups g where g.job = jobs.id))`;
  if (!user) return open;
  return sql<boolean>`(jobs.submitter = ${user.id} or ${open} or (
    exists (select from job_groups g where g.job = jobs.id)
    and not exists (select from job_groups g where g.job = jobs.id and g.group_id <> all(${[...user.groups]}::integer[]))))`;
}

/** The same rule for a job that is at hand, where one job goes to many listeners. */
export function maySeeJob(user: User | null, job: { submitter: number; isPublic: boolean; groups: readonly number[] }): boolean {
  if (user?.isSuperuser || user?.id === job.submitter) return true;
  if (job.groups.length > 0) return user !== null && job.groups.every((g) => user.groups.includes(g));
  return job.isPublic;
}

/** Who may cancel a job: its submitter and superusers. */
export function mayChangeJob(user: User | null, job: { submitter: number }): boolean {
  return user !== null && (user.isSuperuser || user.id === job.submitter);
}
