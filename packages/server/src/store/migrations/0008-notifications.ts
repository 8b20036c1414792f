import { sql, type Kysely } from 'kysely';

/**
 * Who is told of jobs. A trigger notes each job that asks for it and begins to run or ends, in the transaction that
 * changes the job: no way of ending a job can forget it, and nothing is sent for a change that was not stored.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Changes that nobody has looked at yet.
  `create table job_news (
    id bigint generated always as identity primary key,
    job integer not null references jobs on delete cascade,
    state smallint not null,
    unique (job, state)
  )`,
  // Stored definitions are written with one key a line. What only looks like the key is told apart when it is read.
  `create function note_job_news() returns trigger language plpgsql as $$
    begin
      if new.definition ~ '(^|\\n)["'']?notify["'']?:' then
        insert into job_news (job, state) values (new.id, new.state) on conflict do nothing;
      end if;
      return null;
    end $$`,
  `create trigger job_news after update of state on jobs for each row
    when (new.state is distinct from old.state and new.state in (3, 5)) execute function note_job_news()`,

  // One message to one recipient. It is due while it is waiting; who sends it holds it until claimed_until.
  `create table deliveries (
    id bigint generated always as identity primary key,
    job integer not null references jobs on delete cascade,
    -- State of the job that is told.
    state smallint not null,
    method text not null check (method in ('email', 'irc', 'callback')),
    -- What is told once: an address, or the number of a callback and the state.
    key text not null,
    -- Where to: an address, NICK@SERVER, or the URL of a callback.
    recipient text not null,
    -- Who is asked to take it; one that hangs must not hold up the others.
    host text not null default '',
    status text not null default 'waiting' check (status in ('waiting', 'sent', 'failed', 'superseded')),
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    next_at timestamptz not null default now(),
    claimed_until timestamptz,
    ended_at timestamptz,
    error text,
    unique (job, method, key)
  )`,
  `create index deliveries_due on deliveries (next_at) where status = 'waiting'`,
  `alter table users add column irc_handle text not null default '', add column irc_server text not null default ''`,
];
