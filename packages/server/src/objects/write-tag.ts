import type { Insertable, Updateable } from 'kysely';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';

/* How tags are added, changed and removed, whoever asks. What devices have them is written with the devices. */

export async function addTag(c: Change, columns: Insertable<Database['tags']>): Promise<void> {
  await c.trx.insertInto('tags').values(columns).execute();
  c.note('device', columns.name, 'tag added');
}

export async function changeTag(c: Change, name: string, columns: Updateable<Database['tags']>): Promise<void> {
  if (Object.keys(columns).length > 0) await c.trx.updateTable('tags').set(columns).where('name', '=', name).execute();
}

/** Devices lose it, too. */
export async function removeTag(c: Change, name: string): Promise<void> {
  await c.trx.deleteFrom('tags').where('name', '=', name).execute();
  c.note('device', name, 'tag removed');
}
