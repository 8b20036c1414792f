import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';
import { storable } from './deliveries.ts';
import { DeliveryError } from './failure.ts';

/**
 * What a callback sends in its header: the remote artefact token of the submitter with this name, else the text itself.
 * LAVA also looked for an API token with this description; of those only hashes are kept, so nobody can send one.
 * @throws DeliveryError for the description of an API token
 */
export async function callbackToken(db: Kysely<Database>, submitter: number, name: string): Promise<string> {
  const { rows: [found] } = await sql<{ token: string }>`select token from remote_artifact_tokens where user_id = ${submitter} and name = ${storable(name)}`.execute(db);
  if (found) return found.token;
  if (await describesApiToken(db, submitter, name)) {
    throw new DeliveryError('its token is the description of an API token, of which only a hash is stored: store the secret as a remote artefact token of the same name', { final: true });
  }
  return name;
}

/** Does the submitter have an API token with this description, and no remote artefact token of the name? */
export async function describesApiToken(db: Kysely<Database>, submitter: number, name: string): Promise<boolean> {
  const { rows } = await sql`select from tokens where user_id = ${submitter} and description = ${storable(name)}
    and not exists (select from remote_artifact_tokens r where r.user_id = ${submitter} and r.name = ${storable(name)}) limit 1`.execute(db);
  return rows.length > 0;
}
