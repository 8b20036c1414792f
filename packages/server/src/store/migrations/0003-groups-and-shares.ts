import { sql, type Kysely } from 'kysely';

/** Multinode groups, and what everybody has had of the lab. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Of a multinode job: its role, whose device it shares, and whether its failure ends the others.
  `alter table jobs add column role text not null default '', add column host_role text, add column essential boolean not null default false`,
  `create index jobs_group on jobs (target_group) where target_group is not null`,
  `create index jobs_queued_of_submitter on jobs (submitter) where state = 0`,
  // An attempt of a job that shares the device of its host holds none.
  `alter table attempts alter column device drop not null, add column shared_device text`,
  `alter table attempts add constraint attempts_one_device check ((device is null) <> (shared_device is null))`,

  // What a group gets of the lab; groups that are not named here have no share of their own.
  `create table group_shares (
    group_id integer primary key references groups on delete cascade,
    weight double precision not null default 1 check (weight > 0),
    quota integer check (quota > 0),
    queue_limit integer check (queue_limit > 0)
  )`,
  // Device-seconds of jobs that ended, halved every twelve hours; as_of says up to when they are.
  `create table device_use (
    submitter integer primary key references users on delete cascade,
    seconds double precision not null,
    as_of timestamptz not null default now()
  )`,
];
