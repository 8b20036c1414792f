import { sql, type Kysely } from 'kysely';

/** What monitoring counts over all finished jobs, what a token may be used for, and accounts that sign in elsewhere. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Finished jobs that are not counted yet: noted in the transaction that ends the job, so that none is lost or counted twice.
  `create table jobs_to_measure (job integer primary key references jobs on delete cascade)`,
  `create function note_job_to_measure() returns trigger language plpgsql as $$
    begin
      insert into jobs_to_measure (job) values (new.id) on conflict do nothing;
      return null;
    end $$`,
  `create trigger job_to_measure after update of state on jobs for each row
    when (new.state = 5 and old.state <> 5) execute function note_job_to_measure()`,
  // Counts of a metric by its labels; of a histogram one for each bucket and the last for what is above them all.
  `create table measured (
    metric text not null,
    device_type text not null default '',
    device text not null default '',
    outcome text not null default '',
    counts bigint[] not null,
    sum double precision not null default 0,
    primary key (metric, device_type, device, outcome)
  )`,
  `alter table tokens
    add column scope text not null default 'all' check (scope in ('read', 'submit', 'all')),
    -- Jobs submitted with the token may ask for these only; null: for all.
    add column device_types text[]`,
  // Who somebody is at another place: a provider of the settings and the name that never changes there.
  `create table user_identities (
    provider text not null,
    subject text not null,
    user_id integer not null references users on delete cascade,
    primary key (provider, subject)
  )`,
  `create index user_identities_user on user_identities (user_id)`,
];
