import { sql, type Kysely } from 'kysely';
import { ConfigurationError } from '@lava/base';
import type { Database } from '../store/database.ts';

/** Seconds of the database for what somebody's conditions ask for. */
const patience = 30;

/**
 * Reads what conditions ask for that a user wrote: they may look through everything there is.
 * @throws ConfigurationError `query-too-slow`
 */
export async function withinTime<T>(db: Kysely<Database>, work: (db: Kysely<Database>) => Promise<T>, seconds = patience): Promise<T> {
  try {
    return await db.transaction().execute(async (trx) => {
      await sql`set local statement_timeout = ${sql.lit(Math.round(seconds * 1000))}`.execute(trx);
      return work(trx);
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== '57014') throw error;
    throw new ConfigurationError(`the query takes longer than ${seconds} seconds`, { code: 'query-too-slow', hint: 'Add conditions that leave less to look at, such as a time or a device type.', cause: error });
  }
}
