import { sql, type Insertable, type Updateable } from 'kysely';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { deviceState } from '../store/numbers.ts';

/* How devices are added, changed and removed, whoever asks: REST, XML-RPC, the command line. Who may is looked at before. */

export async function addDevice(c: Change, columns: Insertable<Database['devices']>): Promise<void> {
  await c.trx.insertInto('devices').values(columns).execute();
  c.note('device', columns.hostname, 'added');
  c.device(columns.hostname);
}

/**
 * Changes all but the health, which has rules of its own (`DeviceService.setHealth`).
 * @param also what was changed besides in other tables, for the audit log
 */
export async function changeDevice(c: Change, hostname: string, columns: Updateable<Database['devices']>, also: readonly string[] = []): Promise<void> {
  const names = Object.keys(columns);
  if (names.length > 0) await c.trx.updateTable('devices').set(columns).where('hostname', '=', hostname).execute();
  if (names.length + also.length === 0) return;
  c.note('device', hostname, `changed ${[...names, ...also].join(', ')}`);
  c.device(hostname);
}

/** False for a device that is in use: it stays. */
export async function removeDevice(c: Change, hostname: string): Promise<boolean> {
  const { numDeletedRows } = await c.trx.deleteFrom('devices').where('hostname', '=', hostname).where('state', '=', deviceState.Idle).executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  c.note('device', hostname, 'removed');
  return true;
}

/** A device has exactly these tags then; unknown ones are made. For the audit log they belong to what is changed besides. */
export async function setDeviceTags(c: Change, hostname: string, tags: readonly string[]): Promise<void> {
  await c.trx.deleteFrom('device_tags').where('device', '=', hostname).execute();
  await sql`insert into tags (name) select unnest(${tags}::text[]) on conflict do nothing`.execute(c.trx);
  await sql`insert into device_tags (device, tag_id) select ${hostname}, id from tags where name = any(${tags}::text[])`.execute(c.trx);
}
