import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';

/** One action of the pipeline as the log tells it (docs/api.md). */
export interface ActionRow {
  level: string; name: string; namespace: string; timeout: number | null; start_line: number; end_line: number | null;
  started_at: string; ended_at: string | null; failed: boolean; usual_seconds: number | null;
}

/**
 * Actions of a job, by first line, or those with the given first lines. `usual_seconds` is the median of the same
 * action in the last twenty completed jobs on the same device type.
 */
export async function jobActions(db: Kysely<Database>, job: number, startLines?: readonly number[]): Promise<ActionRow[]> {
  const wanted = startLines === undefined ? sql`true` : sql`a.start_line = any(${[...startLines]}::integer[])`;
  const { rows } = await sql<Omit<ActionRow, 'started_at' | 'ended_at'> & { started_at: Date; ended_at: Date | null }>`
    with last_jobs as (
      select j.id from jobs me join jobs j on j.requested_device_type = me.requested_device_type
      where me.id = ${job} and j.id <> me.id and j.state = 5 and j.health = 1
      order by j.submit_time desc limit 20
    ), usual as (
      select u.name, u.namespace, percentile_cont(0.5) within group (order by extract(epoch from u.ended_at - u.started_at)) as seconds
      from job_actions u where u.job in (select id from last_jobs) and u.ended_at is not null
      group by u.name, u.namespace
    )
    select a.level, a.name, a.namespace, a.timeout, a.start_line, a.end_line, a.started_at, a.ended_at, a.failed,
      round(usual.seconds::numeric, 2)::float as usual_seconds
    from job_actions a left join usual on usual.name = a.name and usual.namespace = a.namespace
    where a.job = ${job} and ${wanted} order by a.start_line`.execute(db);
  return rows.map((r) => ({ ...r, started_at: r.started_at.toISOString(), ended_at: r.ended_at?.toISOString() ?? null }));
}
