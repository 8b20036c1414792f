import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';

/**
 * Sessions of browsers are not kept: whoever reads a backup must not be signed in. Logs and files of jobs are folders of a
 * backup, wherever the servers have them.
 */
const notKept = ['sessions', 'kysely_migration', 'kysely_migration_lock', 'leadership', 'log_pieces', 'job_files', 'stored_logs'];

/** The tables that a backup holds, each behind those that it refers to. */
export async function tablesInOrder(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ name: string; needs: string[] }>`
    select c.relname as name, array(select distinct f.relname::text from pg_constraint k join pg_class f on f.oid = k.confrelid where k.conrelid = c.oid and k.contype = 'f' and f.oid <> c.oid) as needs
    from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> all(${notKept}::text[]) order by 1`.execute(db);
  const ordered: string[] = [];
  for (let left = rows; left.length > 0;) {
    const ready = left.filter(({ needs }) => needs.every((name) => ordered.includes(name) || notKept.includes(name)));
    if (ready.length === 0) throw new Error(`tables refer to one another in a circle: ${left.map((t) => t.name).join(', ')}`);
    ordered.push(...ready.map((t) => t.name));
    left = left.filter((t) => !ready.includes(t));
  }
  return ordered;
}

/** Names of the migrations that the tables have seen. */
export async function migrationsOf(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map((r) => r.name);
}

/** What the counters of the tables stand at, by name. */
export async function sequencesOf(db: Kysely<Database>): Promise<Record<string, number>> {
  const { rows } = await sql<{ name: string; last: string }>`select sequencename::text as name, last_value as last from pg_sequences where schemaname = 'public' and last_value is not null`.execute(db);
  return Object.fromEntries(rows.map((r) => [r.name, Number(r.last)]));
}
