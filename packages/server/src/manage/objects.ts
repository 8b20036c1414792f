import { sql, type Kysely } from 'kysely';
import type { Named } from '../objects/write-group.ts';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { isTaken } from '../store/taken.ts';
import { CommandError } from './visit.ts';

/* Objects that commands name. */

export async function userNamed(db: Kysely<Database>, name: string): Promise<Named> {
  const user = await db.selectFrom('users').select('id').where('username', '=', name).executeTakeFirst();
  if (!user) throw new CommandError(`User '${name}' does not exist`);
  return { id: user.id, name };
}

export async function groupNamed(db: Kysely<Database>, name: string): Promise<Named> {
  const group = await db.selectFrom('groups').select(['id', 'name']).where('name', '=', name).executeTakeFirst();
  if (!group) throw new CommandError(`Group '${name}' does not exist`);
  return group;
}

export const userId = async (db: Kysely<Database>, name: string): Promise<number> => (await userNamed(db, name)).id;
export const groupId = async (db: Kysely<Database>, name: string): Promise<number> => (await groupNamed(db, name)).id;

export async function mustExist(c: Change, table: 'device_types' | 'workers' | 'devices', column: string, value: string, what: string): Promise<void> {
  const { rows } = await sql`select 1 from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(c.trx);
  if (rows.length === 0) throw new CommandError(`${what} '${value}' does not exist`);
}

/** Adds an object; `taken` is what to say when there is one of that name. */
export async function addNew<T>(taken: string, add: () => Promise<T>, status?: number): Promise<T> {
  try {
    return await add();
  } catch (error) {
    throw isTaken(error) ? new CommandError(taken, status) : error;
  }
}

export function mustNameUser(name: string): void {
  if (!/^[\w.@+-]{1,150}$/.test(name)) throw new CommandError(`'${name}' cannot be a user name: use letters, digits and @ . + - _`);
}

export function mustNameTags(tags: readonly string[]): void {
  const bad = tags.find((tag) => !/^[-a-zA-Z0-9_]{1,100}$/.test(tag));
  if (bad !== undefined) throw new CommandError(`'${bad}' cannot be a tag: use letters, digits, dashes and underscores`);
}

/** What is there, without the options that were not given. */
export const given = <T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
