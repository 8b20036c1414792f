import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database, TokenScope } from '../store/database.ts';
import { prepared } from '../store/prepared.ts';
import { hashSecret, randomSecret } from './secrets.ts';
import { userColumns, type User } from './users.ts';

/** LAVA's tokens have 128 characters; scripts and tables are used to that length. */
const tokenLength = 128;

/**
 * Makes an API token and returns its secret: the only time it can be read, the database keeps its hash.
 * @param options `secret`: one that is already in use elsewhere, random if left out; `days`: after how many it ends, never
 *   if left out; `scope` and `deviceTypes` say what it may be used for, everything if left out
 */
export async function newToken(
  db: Kysely<Database>, userId: number, description: string, { secret = randomSecret(tokenLength), days, scope = 'all', deviceTypes }: { secret?: string; days?: number; scope?: TokenScope; deviceTypes?: readonly string[] | undefined } = {},
): Promise<string> {
  const expires_at = days === undefined ? null : sql<Date>`now() + make_interval(secs => ${days * 86_400})`;
  await db.insertInto('tokens').values({ user_id: userId, hash: hashSecret(secret), description, expires_at, scope, device_types: deviceTypes ? [...deviceTypes] : null }).execute();
  return secret;
}

/** The owner of a token that has not expired; the caller looks whether the user is active. */
export async function userByToken(db: Kysely<Database>, secret: string): Promise<User | undefined> {
  const row = (await sql<User & { token: number; stale: boolean }>`
    select ${userColumns}, tokens.scope, tokens.device_types as "deviceTypes", tokens.id as token, coalesce(tokens.last_used_at < now() - interval '1 minute', true) as stale
    from tokens join users on users.id = tokens.user_id
    where tokens.hash = ${hashSecret(secret)} and (tokens.expires_at is null or tokens.expires_at > now()) ${prepared}`.execute(db)).rows[0];
  if (!row) return undefined;
  const { token, stale, ...user } = row;
  if (stale) await db.updateTable('tokens').set({ last_used_at: sql<Date>`now()` }).where('id', '=', token).execute();
  return user;
}
