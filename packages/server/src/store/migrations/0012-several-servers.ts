import { sql, type Kysely } from 'kysely';

/** Several servers on one database: one of them leads, and what a job leaves behind is where all of them find it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // One row: who leads, since when, and where its HTTP is. Each term of office has a higher epoch than the one before.
  `create table leadership (
    the_one boolean primary key default true check (the_one),
    epoch bigint not null default 0,
    leader text,
    url text,
    -- Public key of the certificate that workers expect: all that may lead must have it.
    master_key text,
    since timestamptz
  )`,
  `insert into leadership default values`,

  // Sessions of a leader carry its epoch. One that was paused and replaced meanwhile can change nothing any more,
  // whatever it believes: each of its changes waits for, or makes wait, the beginning of a new term.
  `create function refuse_old_leader() returns trigger language plpgsql as $$
    declare
      mine text := current_setting('lava.epoch', true);
    begin
      if mine is null or mine = '' then return null; end if;
      perform from leadership where epoch = mine::bigint for share;
      if not found then raise exception 'another server leads now' using errcode = 'LV001'; end if;
      return null;
    end $$`,

  // Lines of running jobs, until the whole log is in the storage that the servers share.
  `create table log_pieces (
    job integer not null references jobs on delete cascade,
    first_line integer not null,
    lines integer not null,
    text bytea not null,
    primary key (job, first_line)
  )`,
  // Files beside the log, likewise.
  `create table job_files (
    job integer not null references jobs on delete cascade,
    name text not null,
    content bytea not null,
    primary key (job, name)
  )`,
  // Logs that are there.
  `create table stored_logs (
    job integer primary key references jobs on delete cascade,
    lines integer not null,
    at timestamptz not null default now()
  )`,
  // Certificates of enrolled workers, for the server that leads next. One that was revoked is kept so that its file is removed everywhere.
  `create table worker_keys (
    name text primary key,
    public_key text not null,
    revoked_at timestamptz
  )`,

  ...['jobs', 'attempts', 'devices', 'workers', 'job_actions', 'test_suites', 'test_sets', 'test_cases', 'group_calls', 'device_use', 'audit_log',
    'log_pieces', 'job_files', 'stored_logs', 'job_news', 'deliveries'].map((table) =>
    `create trigger old_leader before insert or update or delete on ${table} for each statement execute function refuse_old_leader()`),
];
