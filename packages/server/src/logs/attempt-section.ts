import { sql, type Kysely } from 'kysely';
import { formatRecord } from '@lava/job';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';
import { cutBack } from './cut-back.ts';
import type { JobFolders } from './job-folder.ts';
import type { LogFile } from './log-file.ts';

/** The last attempt of a job, as its log needs it. */
export interface LoggedAttempt {
  readonly fence: number;
  readonly worker: string;
  /** Lines of the job's log before its own. */
  readonly base: number;
  /** The base is not settled yet: nothing of it is in the log. */
  readonly fresh: boolean;
  readonly live: boolean;
  /** How often the job had been tried again when this was read. */
  readonly retried: number;
  /** It is over, and the job waits for another one. */
  readonly between: boolean;
}

/** Undefined for a job that has never been given to a worker. */
export async function latestAttempt(db: Kysely<Database>, job: number): Promise<LoggedAttempt | undefined> {
  const { rows: [row] } = await sql<{ fence: number; worker: string; first_line: number | null; earlier: boolean; live: boolean; state: number; retried: number }>`
    select fence, worker, first_line, ended_at is null as live, jobs.state, jobs.retried, exists (select from attempts e where e.job = jobs.id and e.fence < a.fence) as earlier
    from attempts a join jobs on jobs.id = a.job where a.job = ${job} order by fence desc limit 1`.execute(db);
  if (!row) return undefined;
  const { fence, worker, live, retried, state, first_line: first, earlier } = row;
  return { fence, worker, live, retried, base: first ?? 0, fresh: first === null && earlier, between: !live && state !== jobState.Finished };
}

/**
 * The log goes on with another attempt: a line of the server's own tells it from what came before. The place is stored
 * before the line is written, so that it is written once however often this is begun.
 */
export async function beginSection(db: Kysely<Database>, job: number, attempt: LoggedAttempt, file: LogFile, folders: JobFolders): Promise<LoggedAttempt> {
  // A log that somebody took away begins anew.
  const fresh = attempt.fresh || file.lines < attempt.base - 1;
  const base = fresh ? file.lines + 1 : attempt.base;
  if (fresh) {
    // What belongs to results that were taken back.
    await folders.removeFiles(job, 'metadata');
    await db.transaction().execute(async (trx) => {
      await cutBack(trx, { job, retried: attempt.retried }, base, 0);
      await sql`update attempts set first_line = ${base} where job = ${job} and fence = ${attempt.fence}`.execute(trx);
    });
  }
  if (file.lines < base) await file.append(Buffer.from(await separator(db, job, attempt.fence)), 1);
  return { ...attempt, base, fresh: false };
}

async function separator(db: Kysely<Database>, job: number, fence: number): Promise<string> {
  const { rows } = await sql<{ fence: number; device: string; worker: string; reason: string | null; code: string | null }>`
    select fence, coalesce(device, shared_device) as device, worker, end_reason as reason, error_code as code from attempts
    where job = ${job} and fence <= ${fence} order by fence desc limit 2`.execute(db);
  const { rows: [count] } = await sql<{ number: number }>`select count(*)::int as number from attempts where job = ${job} and fence <= ${fence}`.execute(db);
  const [own, before] = rows;
  const why = [before?.code, before?.reason].filter(Boolean).join(': ');
  return formatRecord('warning', `Attempt ${count!.number - 1} on ${before?.device} ended (${why}). Attempt ${count!.number} runs on ${own?.device} of worker ${own?.worker}.`);
}
