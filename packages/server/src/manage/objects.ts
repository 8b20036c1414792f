import { sql, type Kysely } from 'kysely';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { CommandError } from './visit.ts';

/* Objects that commands name. */

export async function userId(db: Kysely<Database>, name: string): Promise<number> {
  const user = await db.selectFrom('users').select('id').where('username', '=', name).executeTakeFirst();
  if (!user) throw new CommandError(`User '${name}' does not exist`);
  return user.id;
}

export async function groupId(db: Kysely<Database>, name: string): Promise<number> {
  const group = await db.selectFrom('groups').select('id').where('name', '=', name).executeTakeFirst();
  if (!group) throw new CommandError(`Group '${name}' does not exist`);
  return group.id;
}

export async function mustExist(c: Change, table: 'device_types' | 'workers' | 'devices', column: string, value: string, what: string): Promise<void> {
  const { rows } = await sql`select 1 from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(c.trx);
  if (rows.length === 0) throw new CommandError(`${what} '${value}' does not exist`);
}

/** Exactly these tags; unknown ones are made. */
export async function setTags(c: Change, hostname: string, tags: readonly string[]): Promise<void> {
  const bad = tags.find((tag) => !/^[-a-zA-Z0-9_]{1,100}$/.test(tag));
  if (bad !== undefined) throw new CommandError(`'${bad}' cannot be a tag: use letters, digits, dashes and underscores`);
  await sql`delete from device_tags where device = ${hostname}`.execute(c.trx);
  await sql`insert into tags (name) select unnest(${tags}::text[]) on conflict do nothing`.execute(c.trx);
  await sql`insert into device_tags (device, tag_id) select ${hostname}, id from tags where name = any(${tags}::text[])`.execute(c.trx);
}

/** Puts a user into a group, which both exist. */
export async function addToGroup(c: Change, user: string, group: string): Promise<void> {
  await sql`insert into user_groups (user_id, group_id) values (${await userId(c.trx, user)}, ${await groupId(c.trx, group)}) on conflict do nothing`.execute(c.trx);
  c.note('user', user, `joined group ${group}`);
}

/** Takes a user out of a group. */
export async function removeFromGroup(c: Change, user: string, group: string): Promise<void> {
  const { numAffectedRows } = await sql`delete from user_groups where user_id = ${await userId(c.trx, user)} and group_id = ${await groupId(c.trx, group)}`.execute(c.trx);
  if (numAffectedRows) c.note('user', user, `left group ${group}`);
}

export function mustNameUser(name: string): void {
  if (!/^[\w.@+-]{1,150}$/.test(name)) throw new CommandError(`'${name}' cannot be a user name: use letters, digits and @ . + - _`);
}
