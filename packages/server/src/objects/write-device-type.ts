import { sql, type Insertable, type Updateable } from 'kysely';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';

/* How device types are added, changed and removed, whoever asks. Who may is looked at before. */

export async function addDeviceType(c: Change, columns: Insertable<Database['device_types']>): Promise<void> {
  await c.trx.insertInto('device_types').values(columns).execute();
  c.note('device-type', columns.name, 'added');
}

/** @param also what was changed besides in other tables, for the audit log */
export async function changeDeviceType(c: Change, name: string, columns: Updateable<Database['device_types']>, also: readonly string[] = []): Promise<void> {
  const names = Object.keys(columns);
  if (names.length > 0) await c.trx.updateTable('device_types').set(columns).where('name', '=', name).execute();
  if (names.length + also.length === 0) return;
  c.note('device-type', name, `changed ${[...names, ...also].join(', ')}`);
  // Word to the scheduler: jobs of the type may run now, a health check may be due.
  const first = await c.trx.selectFrom('devices').select('hostname').where('device_type', '=', name).limit(1).executeTakeFirst();
  if (first) c.device(first.hostname);
}

/** False for a type that has devices or jobs, which would go with it: it stays. */
export async function removeDeviceType(c: Change, name: string): Promise<boolean> {
  const { rows } = await sql`select from devices where device_type = ${name} union all select from jobs where requested_device_type = ${name} limit 1`.execute(c.trx);
  if (rows.length > 0) return false;
  await c.trx.deleteFrom('device_types').where('name', '=', name).execute();
  c.note('device-type', name, 'removed');
  return true;
}

/** Gives a type another name; one of another type moves. */
export async function setAlias(c: Change, alias: string, type: string): Promise<void> {
  await sql`insert into aliases (name, device_type) values (${alias}, ${type}) on conflict (name) do update set device_type = excluded.device_type`.execute(c.trx);
}

/** Gives a type a name that is new, with a note. The database refuses one that is taken. */
export async function addAlias(c: Change, alias: string, type: string): Promise<void> {
  await c.trx.insertInto('aliases').values({ name: alias, device_type: type }).execute();
  await changeDeviceType(c, type, {}, [`aliases: ${alias} added`]);
}

/** As `removeAlias`, with a note. */
export async function dropAlias(c: Change, alias: string, type: string): Promise<void> {
  if (await removeAlias(c, alias, type)) await changeDeviceType(c, type, {}, [`aliases: ${alias} removed`]);
}

/** Takes a name from a type; false when it is none of its names. */
export async function removeAlias(c: Change, alias: string, type: string): Promise<boolean> {
  const { numDeletedRows } = await c.trx.deleteFrom('aliases').where('name', '=', alias).where('device_type', '=', type).executeTakeFirst();
  return numDeletedRows > 0n;
}
