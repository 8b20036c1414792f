import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';

/** One try to run a job on a device (docs/api.md). */
export interface AttemptRow {
  number: number; device: string; worker: string; started_at: string; ended_at: string | null;
  /** First record of the log that is its own. */
  start_line: number;
  /** How it failed; null for one that runs, passed or was canceled. */
  error_type: string | null; error_code: string | null; error_msg: string | null;
}

/** The attempts of a job, the first one first. */
export async function jobAttempts(db: Kysely<Database>, job: number): Promise<AttemptRow[]> {
  const { rows } = await sql<Omit<AttemptRow, 'started_at' | 'ended_at'> & { started_at: Date; ended_at: Date | null }>`
    select (rank() over (order by fence))::int as number, coalesce(device, shared_device) as device, worker, created_at as started_at, ended_at, coalesce(first_line, 0) as start_line,
      error_type, error_code, case when error_type is not null then end_reason end as error_msg
    from attempts where job = ${job} order by fence`.execute(db);
  return rows.map((r) => ({ ...r, started_at: r.started_at.toISOString(), ended_at: r.ended_at?.toISOString() ?? null }));
}
