import { sql, type Kysely } from 'kysely';

/** Attempts that failed and whose job was queued again, until monitoring has counted them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table attempts_to_measure (
    job integer not null references jobs on delete cascade,
    fence integer not null,
    device text,
    -- Null: its group was tried again for another job's sake.
    error_type text,
    -- The actions of the first level, which the job forgets.
    blocks jsonb not null,
    primary key (job, fence)
  )`.execute(db);
}
