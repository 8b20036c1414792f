import { sql, type Kysely } from 'kysely';

/** Indices for what is asked at every submission, at every start of a job and for every list of jobs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create index devices_type on devices (device_type, state)`,
  `create index devices_worker on devices (worker)`,
  // All that says who sees a job: how many somebody sees is counted without a look at the definitions.
  `create index jobs_seen on jobs (id) include (state, submitter, is_public, target_group, requested_device_type, actual_device)`,
  `create index jobs_queued_of_type on jobs (requested_device_type) where state = 0`,
  `create index jobs_running_of_submitter on jobs (submitter) where state > 0 and state < 5`,
  `create index jobs_queued_of_group on jobs (target_group) where state = 0 and target_group is not null`,
];
