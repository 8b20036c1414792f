import { sql, type Kysely } from 'kysely';

/** What was brought over from other installations of LAVA, so that a second run takes only what is new. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table imports (
    -- Names the installation wherever its database is: the time at which its first table was made.
    source text primary key,
    first_run timestamptz not null default now(),
    last_run timestamptz not null default now(),
    -- Last entry of its history of devices, workers and jobs that was taken.
    last_entry bigint not null default 0
  )`,
  // Stays when a job is removed here: it shall not come back.
  `create table imported_jobs (
    source text not null references imports on delete cascade,
    job integer not null,
    has_log boolean not null,
    primary key (source, job)
  )`,
];
