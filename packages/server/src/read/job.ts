import { isMapping, jobHealths, jobStates, jobTimeout, type RetryPolicy } from '@lava/job';
import { sql, type Kysely } from 'kysely';
import { loadYaml } from '@lava/yaml';
import { mayCancelJob, mayChangeJob, maySeeJob, visibleDevices, visibleJobs } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Services, Waiting } from '../services.ts';
import type { Database } from '../store/database.ts';
import { jobAttempts, type AttemptRow } from './attempts.ts';
import { jobRows, type JobRow } from './jobs.ts';

/** A job with everything its page shows (docs/api.md). */
export interface Job extends JobRow {
  metadata: Record<string, unknown>; tags: string[]; failure_comment: string | null; failure_tags: string[]; log_lines: number;
  visibility: string; can_cancel: boolean; can_resubmit: boolean; can_annotate: boolean; timeout: number | null;
  waiting: Waiting | null;
  /** Of a job of a multinode group: its role, and all jobs of the group. */
  role: string | null; group: GroupJob[];
  attempts: AttemptRow[];
  /** Of a job that is tried again when it fails: how often it was, how often at most, and while it waits for that the earliest time. */
  retry: { retried: number; most: number; not_before: string | null } | null;
}

/** A job of a multinode group, in the order of their numbers. */
interface GroupJob {
  id: number; sub_id: string; role: string; state: string; health: string; device: string | null; device_type: string | null;
  /** When it fails, all others are canceled; the role whose device it shares. */
  essential: boolean; host_role: string | null;
}

/** Undefined when the job does not exist or `user` may not see it. */
export async function readJob(services: Services, user: User | null, id: number): Promise<Job | undefined> {
  const { db } = services;
  const found = (await jobRows(db, [id]))[0];
  if (!found || !maySeeJob(user, found.access)) return undefined;
  const { row, access } = found;
  const [more, logLines, waiting, group, attempts] = await Promise.all([
    sql<{ metadata: Record<string, unknown>; failure_comment: string | null; definition: string; tags: string[]; failure_tags: string[]; groups: string[]; retry: RetryPolicy | null; retried: number; queued_at: Date | null }>`
      select jobs.metadata, jobs.retry, jobs.retried, jobs.queued_at, jobs.failure_comment, jobs.definition,
        array(select t.name from job_tags jt join tags t on t.id = jt.tag_id where jt.job = jobs.id order by t.name) as tags,
        array(select t.name from job_failure_tags jt join failure_tags t on t.id = jt.failure_tag_id where jt.job = jobs.id order by t.name) as failure_tags,
        array(select g.name from job_groups jg join groups g on g.id = jg.group_id where jg.job = jobs.id order by g.name) as groups
      from jobs where jobs.id = ${id}`.execute(db),
    services.logs.count(id),
    row.state === 'Submitted' || row.state === 'Scheduling' ? services.jobs.waiting(id) : null,
    groupOf(db, user, id),
    jobAttempts(db, id),
  ]);
  const extra = more.rows[0];
  if (!extra) return undefined;
  const own = group.find((j) => j.id === id);
  return {
    ...row, metadata: extra.metadata, tags: extra.tags, failure_comment: extra.failure_comment, failure_tags: extra.failure_tags, log_lines: logLines,
    visibility: visibilityOf(extra.groups, row.submitter, access.isPublic),
    can_cancel: mayCancelJob(user, access) && row.state !== 'Finished' && row.state !== 'Canceling', can_resubmit: user !== null, can_annotate: mayChangeJob(user, access) && row.state === 'Finished',
    timeout: timeoutOf(extra.definition), waiting: waiting && await withoutHidden(db, user, waiting),
    role: own?.role ?? null, group, attempts,
    retry: extra.retry && { retried: extra.retried, most: extra.retry.count, not_before: row.state === 'Submitted' ? extra.queued_at?.toISOString() ?? null : null },
  };
}

/** Jobs of the same group that the user may see; none for a job without group. */
async function groupOf(db: Kysely<Database>, user: User | null, id: number): Promise<GroupJob[]> {
  const { rows } = await sql<Omit<GroupJob, 'state' | 'health'> & { state: number; health: number }>`
    select jobs.id, jobs.sub_id, jobs.role, jobs.state, jobs.health, jobs.actual_device as device, jobs.requested_device_type as device_type, jobs.essential, jobs.host_role from jobs
    where jobs.target_group = (select target_group from jobs own where own.id = ${id}) and ${visibleJobs(user)} order by jobs.id`.execute(db);
  return rows.map((r) => ({ ...r, state: jobStates[r.state]!, health: jobHealths[r.health]! }));
}

/** What a queued job waits for, without the devices that the user may not see. */
async function withoutHidden(db: Kysely<Database>, user: User | null, waiting: Waiting): Promise<Waiting> {
  const { rows } = await sql<{ hostname: string }>`select hostname from devices where hostname = any(${waiting.devices.map((d) => d.hostname)}::text[]) and ${visibleDevices(user)}`.execute(db);
  const seen = new Set(rows.map((r) => r.hostname));
  return { ...waiting, devices: waiting.devices.filter((d) => seen.has(d.hostname)) };
}

/** A personal job belongs to the group that is named like its submitter. */
function visibilityOf(groups: readonly string[], submitter: string, isPublic: boolean): string {
  if (groups.length === 0) return isPublic ? 'public' : 'personal';
  return groups.length === 1 && groups[0] === submitter ? 'personal' : `group: ${groups.join(', ')}`;
}

/** Seconds of `timeouts: job:` of a stored definition. */
function timeoutOf(definition: string): number | null {
  try {
    const value = loadYaml(definition);
    return isMapping(value) ? jobTimeout(value) : null;
  } catch { return null; }
}
