import type { Kysely } from 'kysely';
import { hashSecret, randomSecret, sameText } from '../auth/secrets.ts';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';

/** LAVA's worker tokens have 32 characters. */
const tokenLength = 32;

/** Gives a worker a new token for the HTTP protocol; the one before is refused from now on. The secret can be read only now. */
export async function newWorkerToken(c: Change, hostname: string): Promise<string> {
  const token = randomSecret(tokenLength);
  await c.trx.updateTable('workers').set({ token_hash: hashSecret(token) }).where('hostname', '=', hostname).execute();
  c.note('worker', hostname, 'new token for the HTTP protocol');
  return token;
}

/** Whether a token is that of this worker; undefined when there is no such worker. */
export async function isWorkerToken(db: Kysely<Database>, hostname: string, token: string): Promise<boolean | undefined> {
  const row = await db.selectFrom('workers').select('token_hash').where('hostname', '=', hostname).executeTakeFirst();
  return row && row.token_hash !== null && sameText(row.token_hash, hashSecret(token));
}
