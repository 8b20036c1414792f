import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database, TokenScope } from '../store/database.ts';
import { hashPassword, isOutdated, verifyPassword } from './passwords.ts';

/** Who asks. `null` in its place is an anonymous visitor. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly isActive: boolean;
  /** May see the admin pages and who holds which permission. */
  readonly isStaff: boolean;
  readonly isSuperuser: boolean;
  /** Ids of the groups. */
  readonly groups: readonly number[];
  /** What the user or a group of the user's may do with everything: `lava_scheduler_app.add_device`. */
  readonly permissions: readonly string[];
  /** Of the token that the user came with; without one everything. */
  readonly scope?: TokenScope;
  /** Types that jobs submitted with this token may ask for; null: all. */
  readonly deviceTypes?: readonly string[] | null;
}

/** The columns of a `User`, for queries that have `users` in scope. */
export const userColumns = sql`users.id, users.username, users.is_active as "isActive", users.is_staff as "isStaff", users.is_superuser as "isSuperuser",
  array(select group_id from user_groups where user_id = users.id) as groups,
  array(select permission from user_permissions where user_id = users.id
    union select permission from group_permissions natural join user_groups where user_id = users.id) as permissions`;

/** Users by id, with what they may do. */
export async function usersById(db: Kysely<Database>, ids: readonly number[]): Promise<ReadonlyMap<number, User>> {
  const { rows } = await sql<User>`select ${userColumns} from users where users.id = any(${[...ids]}::integer[])`.execute(db);
  return new Map(rows.map((user) => [user.id, user]));
}

/** The active user with this name and password; remembers the time of the sign-in, and makes an old hash a new one. */
export async function userByPassword(db: Kysely<Database>, username: string, password: string): Promise<User | undefined> {
  const row = (await sql<User & { password: string | null }>`
    select ${userColumns}, users.password from users where users.username = ${username.replaceAll('\0', '')}`.execute(db)).rows[0];
  const matches = await verifyPassword(row?.isActive ? row.password : undefined, password);
  if (!row || !matches) return undefined;
  const { password: stored, ...user } = row;
  const renewed = stored !== null && isOutdated(stored) ? await hashPassword(password) : undefined;
  await db.updateTable('users').set({ last_login: sql<Date>`now()` }).where('id', '=', row.id).execute();
  // Somebody may have set another password meanwhile.
  if (renewed !== undefined) await db.updateTable('users').set({ password: renewed }).where('id', '=', row.id).where('password', '=', stored).execute();
  return user;
}
