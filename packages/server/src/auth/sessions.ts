import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
import { hashSecret, randomSecret } from './secrets.ts';
import { userColumns, type User } from './users.ts';

/** A session ends two weeks after the sign-in. */
export const sessionSeconds = 14 * 24 * 3600;

/** Opens a session and returns the secret for the cookie; also forgets the sessions that are over. */
export async function openSession(db: Kysely<Database>, userId: number): Promise<string> {
  const secret = randomSecret(40);
  await db.deleteFrom('sessions').where('expires_at', '<', sql<Date>`now()`).execute();
  await db.insertInto('sessions')
    .values({ hash: hashSecret(secret), user_id: userId, expires_at: new Date(Date.now() + sessionSeconds * 1000) }).execute();
  return secret;
}

export async function userBySession(db: Kysely<Database>, secret: string): Promise<User | undefined> {
  return (await sql<User>`
    select ${userColumns} from sessions join users on users.id = sessions.user_id
    where sessions.hash = ${hashSecret(secret)} and sessions.expires_at > now() and users.is_active`.execute(db)).rows[0];
}

export async function closeSession(db: Kysely<Database>, secret: string): Promise<void> {
  await db.deleteFrom('sessions').where('hash', '=', hashSecret(secret)).execute();
}

/**
 * The value a page must send in `X-CSRF-Token`. It follows from the session, so another site that manages to plant a
 * cookie still cannot make up the pair.
 */
export function csrfToken(sessionSecret: string): string {
  return createHash('sha256').update(`csrf:${sessionSecret}`).digest('base64url');
}
