import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
import { verifyPassword } from './passwords.ts';

/** Who asks. `null` in its place is an anonymous visitor. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly isActive: boolean;
  readonly isSuperuser: boolean;
  /** Ids of the groups, for the visibility of jobs. */
  readonly groups: readonly number[];
}

/** The columns of a `User`, for queries that have `users` in scope. */
export const userColumns = sql`users.id, users.username, users.is_active as "isActive", users.is_superuser as "isSuperuser",
  array(select group_id from user_groups where user_id = users.id) as groups`;

/** The active user with this name and password; remembers the time of the sign-in. */
export async function userByPassword(db: Kysely<Database>, username: string, password: string): Promise<User | undefined> {
  const row = (await sql<User & { password: string | null }>`
    select ${userColumns}, users.password from users where users.username = ${username.replaceAll('\0', '')}`.execute(db)).rows[0];
  const matches = await verifyPassword(row?.isActive ? row.password : undefined, password);
  if (!row || !matches) return undefined;
  await db.updateTable('users').set({ last_login: sql<Date>`now()` }).where('id', '=', row.id).execute();
  const { id, isActive, isSuperuser, groups } = row;
  return { id, username: row.username, isActive, isSuperuser, groups };
}
