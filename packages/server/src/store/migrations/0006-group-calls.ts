import { sql, type Kysely } from 'kysely';

/** Calls of jobs to the other members of their multinode group: the whole state of a running group. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table group_calls (
    seq bigint generated always as identity primary key,
    target_group text not null,
    job integer not null references jobs on delete cascade,
    fence integer not null,
    call integer not null,
    -- Calls with different keys do not concern one another.
    key text not null,
    request jsonb not null,
    answered boolean not null default false,
    unique (job, fence, call)
  )`,
  `create index group_calls_key on group_calls (target_group, key, seq)`,
];
