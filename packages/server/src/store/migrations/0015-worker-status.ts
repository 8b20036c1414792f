import { sql, type Kysely } from 'kysely';

/** How a worker is, as it said last. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table workers add column status jsonb, add column status_at timestamptz`.execute(db);
}
