import { sql, type Kysely } from 'kysely';

/** Jobs that are tried again, and calls of a group that are asked by polling. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table jobs
    -- Policy as @lava/job reads it; null: never.
    add column retry jsonb,
    -- Attempts that failed and were followed by a return to the queue.
    add column retried smallint not null default 0,
    -- Since when, or from when on, it waits for its next attempt; null: since it was submitted.
    add column queued_at timestamptz,
    -- Canceling, but only this attempt: it returns to the queue with the others of its group.
    add column retry_pending boolean not null default false`,
  // Why an attempt failed that did not end its job. first_line: how many lines of the job's log are of earlier attempts;
  // null: nothing of this attempt has come yet.
  `alter table attempts add column error_type text, add column error_code text, add column first_line integer`,
  // Asked again and again through the coordinator port, instead of being told the answer.
  `alter table group_calls add column polled boolean not null default false`,
];
