import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import type { Connection } from '../store/connection.ts';
import type { Database } from '../store/database.ts';

/** What stands for the transactions of the work, which are all part of one. */
const parts: Readonly<Record<string, string>> = { begin: 'savepoint rehearsal', commit: 'release savepoint rehearsal', rollback: 'rollback to savepoint rehearsal' };

/** Does work on the database and takes all of it back; only numbers that were given out stay given out. */
export async function rehearse<T>(connection: Connection, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  const session = await connection.session();
  const client = { query: (text: string, values: readonly unknown[]) => session.query(parts[text] ?? text, [...values]), release: () => {} };
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: { connect: async () => client as unknown as PostgresPoolClient, end: async () => {} } }) });
  try {
    await session.query('begin');
    return await work(db);
  } finally {
    await session.query('rollback').catch(() => {});
    await session.end();
  }
}
