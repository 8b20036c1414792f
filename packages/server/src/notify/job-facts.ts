import { sql, type Kysely } from 'kysely';
import { isoMicroseconds } from '@lava/base';
import { jobHealths, jobStates } from '@lava/job';
import { jobStatus } from '../read/status-words.ts';
import type { Database } from '../store/database.ts';
import { jobHealth, jobState } from '../store/numbers.ts';

/** A job as it is told, at the state that is told: what came after a start is no part of the news that it began. */
export interface JobFacts {
  readonly id: number; readonly sub_id: string; readonly target_group: string | null; readonly description: string; readonly definition: string;
  readonly metadata: Readonly<Record<string, unknown>>; readonly is_public: boolean; readonly health_check: boolean; readonly priority: number;
  readonly requested_device_type: string | null; readonly actual_device: string | null; readonly device_type: string | null; readonly device_owner: string | null;
  readonly worker: string | null; readonly state: number; readonly health: number;
  readonly submit_time: Date; readonly start_time: Date | null; readonly end_time: Date | null;
  readonly submitter: number; readonly submitter_username: string; readonly submitter_email: string;
  readonly failure_comment: string | null; readonly error_type: string | null; readonly error_msg: string | null;
}

/** Reads what is told of a job; undefined if there is no such job any more. */
export async function readJobFacts(db: Kysely<Database>, job: number, state: number): Promise<JobFacts | undefined> {
  const { rows: [row] } = await sql<JobFacts>`
    select jobs.id, jobs.sub_id, jobs.target_group, jobs.description, jobs.definition, jobs.metadata, jobs.is_public, jobs.health_check, jobs.priority,
      jobs.requested_device_type, jobs.actual_device, devices.device_type, owners.username as device_owner,
      (select a.worker from attempts a where a.job = jobs.id order by a.fence desc limit 1) as worker,
      jobs.state, jobs.health, jobs.submit_time, jobs.start_time, jobs.end_time, jobs.submitter, users.username as submitter_username, users.email as submitter_email,
      jobs.failure_comment, jobs.error_type, jobs.error_msg
    from jobs join users on users.id = jobs.submitter left join devices on devices.hostname = jobs.actual_device left join users owners on owners.id = devices.physical_owner
    where jobs.id = ${job}`.execute(db);
  if (!row || state !== jobState.Running) return row;
  return { ...row, state, health: jobHealth.Unknown, end_time: null, failure_comment: null, error_type: null, error_msg: null };
}

export const stateOf = (facts: JobFacts) => jobStates[facts.state]!;
export const healthOf = (facts: JobFacts) => jobHealths[facts.health]!;
/** What users call the job: of one of a multinode group its sub id. */
export const nameOf = (facts: JobFacts) => facts.sub_id || String(facts.id);

/** State and health in the one word that old clients know. */
export const statusWord = ({ state, health }: JobFacts) => jobStatus(state, health).toLowerCase();

/** The same as the number that old clients know. */
export const statusNumber = (facts: JobFacts) => ['submitted', 'running', 'complete', 'incomplete', 'canceled', 'canceling'].indexOf(statusWord(facts));

/** A time as LAVA writes it in texts: `2026-01-02 03:04:05.678000+00:00`, `None` for none. */
export const timeText = (at: Date | null) => (at === null ? 'None' : isoMicroseconds(at).replace('T', ' '));
