import { jobHealths, jobStates } from '@lava/job';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { jobAccess, visibleJobs, type JobAccess } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';
import { likePattern } from '../store/like-pattern.ts';

/** A job in lists (docs/api.md). */
export interface JobRow {
  id: number;
  /** Of a job of a multinode group: `12.0`. */
  sub_id: string | null;
  description: string; submitter: string; device_type: string | null; device: string | null; worker: string | null;
  state: string; health: string; priority: number; health_check: boolean;
  submit_time: string; start_time: string | null; end_time: string | null;
  passed: number; failed: number; skipped: number; unknown: number;
  error_type: string | null; error_code: string | null; error_msg: string | null;
}

type Raw = Omit<JobRow, 'state' | 'health' | 'submit_time' | 'start_time' | 'end_time'> & {
  state: number; health: number; submit_time: Date; start_time: Date | null; end_time: Date | null;
  access: JobAccess;
};

/** The worker of a job is that of its last attempt; a finished job keeps it when its device moves on. */
const select = sql`
  select jobs.id, nullif(jobs.sub_id, '') as sub_id, jobs.description, users.username as submitter,
    coalesce(jobs.requested_device_type, devices.device_type) as device_type, jobs.actual_device as device,
    coalesce((select a.worker from attempts a where a.job = jobs.id order by a.fence desc limit 1), devices.worker) as worker,
    jobs.state, jobs.health, jobs.priority, jobs.health_check, jobs.submit_time, jobs.start_time, jobs.end_time,
    jobs.error_type, jobs.error_code, jobs.error_msg, cases.passed, cases.failed, cases.skipped, cases.unknown,
    ${jobAccess} as access
  from jobs
  join users on users.id = jobs.submitter
  left join devices on devices.hostname = jobs.actual_device
  cross join lateral (
    select count(*) filter (where c.result = 0)::int as passed, count(*) filter (where c.result = 1)::int as failed,
      count(*) filter (where c.result = 2)::int as skipped, count(*) filter (where c.result = 3)::int as unknown
    from test_cases c join test_suites s on s.id = c.suite_id
    where c.job = jobs.id and s.name <> 'lava'
  ) cases`;

function toRow(raw: Raw): { row: JobRow; access: JobAccess } {
  const { access, ...rest } = raw;
  const row = {
    ...rest, state: jobStates[raw.state]!, health: jobHealths[raw.health]!,
    submit_time: raw.submit_time.toISOString(), start_time: raw.start_time?.toISOString() ?? null, end_time: raw.end_time?.toISOString() ?? null,
  };
  return { row, access };
}

/** Rows of the jobs with these ids, whoever asks: the caller looks at `access`. */
export async function jobRows(db: Kysely<Database>, ids: readonly number[]): Promise<{ row: JobRow; access: JobAccess }[]> {
  if (ids.length === 0) return [];
  return (await sql<Raw>`${select} where jobs.id = any(${[...ids]}::integer[]) order by jobs.id`.execute(db)).rows.map(toRow);
}

export interface JobFilter {
  readonly states: readonly number[];
  readonly healths: readonly number[];
  readonly type?: string | undefined;
  readonly device?: string | undefined;
  readonly submitter?: string | undefined;
  /** Part of the description, the submitter, device or type, or a job number. */
  readonly search?: string | undefined;
}

function conditions(user: User | null, f: JobFilter): RawBuilder<boolean> {
  const all = [visibleJobs(user)];
  if (f.type !== undefined) all.push(sql<boolean>`jobs.requested_device_type = ${f.type}`);
  if (f.device !== undefined) all.push(sql<boolean>`jobs.actual_device = ${f.device}`);
  if (f.submitter !== undefined) all.push(sql<boolean>`jobs.submitter = (select id from users where username = ${f.submitter})`);
  if (f.search !== undefined) {
    const like = likePattern(f.search);
    const number = /^#?(\d{1,9})(\.\d+)?$/.exec(f.search.trim());
    all.push(sql<boolean>`(jobs.description ilike ${like} or jobs.actual_device ilike ${like} or jobs.requested_device_type ilike ${like}
      or jobs.submitter in (select id from users where username ilike ${like}) or jobs.id = ${number ? Number(number[1]) : -1})`);
  }
  return sql.join(all, sql` and `);
}

/** One page of jobs, newest first, and how many jobs match the filter apart from its states and healths. */
export async function listJobs(db: Kysely<Database>, user: User | null, f: JobFilter, before: number | undefined, limit: number): Promise<{
  jobs: JobRow[]; more: boolean; counts: { queued: number; running: number; finished: number };
}> {
  const matching = conditions(user, f);
  const page = [matching];
  if (f.states.length > 0) page.push(sql<boolean>`jobs.state = any(${[...f.states]}::integer[])`);
  if (f.healths.length > 0) page.push(sql<boolean>`jobs.health = any(${[...f.healths]}::integer[])`);
  if (before !== undefined) page.push(sql<boolean>`jobs.id < ${before}`);
  const [rows, counts] = await Promise.all([
    sql<Raw>`${select} where ${sql.join(page, sql` and `)} order by jobs.id desc limit ${limit + 1}`.execute(db),
    sql<{ queued: number; running: number; finished: number }>`
      select count(*) filter (where jobs.state in (0, 1))::int as queued, count(*) filter (where jobs.state in (2, 3, 4))::int as running,
        count(*) filter (where jobs.state = 5)::int as finished
      from jobs where ${matching}`.execute(db),
  ]);
  return { jobs: rows.rows.slice(0, limit).map((r) => toRow(r).row), more: rows.rows.length > limit, counts: counts.rows[0]! };
}
