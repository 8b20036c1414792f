import { sql, type Kysely } from 'kysely';

/** What workers prove themselves with besides certificates: tokens of LAVA's HTTP protocol, and codes to enrol with. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Hash of the token that a worker of the HTTP protocol shows; null: there is none.
  `alter table workers add column token_hash text`,
  // Tokens that such a worker shows for one attempt; kept as long as the attempt, so that a late report finds it ended.
  `create table attempt_tokens (
    hash text primary key,
    job integer not null,
    fence integer not null,
    foreign key (job, fence) references attempts on delete cascade
  )`,
  `create index attempt_tokens_attempt on attempt_tokens (job, fence)`,
  `create table enrolment_codes (
    worker text primary key references workers on delete cascade,
    -- Both sides derive it from the code, which is kept nowhere.
    key text not null,
    expires_at timestamptz not null,
    used_at timestamptz
  )`,
];
