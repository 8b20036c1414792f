import type { Insertable, Updateable } from 'kysely';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';

/* How workers are added, changed and removed, whoever asks. Who may is looked at before. */

export async function addWorker(c: Change, columns: Insertable<Database['workers']>): Promise<void> {
  await c.trx.insertInto('workers').values(columns).execute();
  c.note('worker', columns.hostname, 'added');
  c.worker(columns.hostname);
}

/** Changes all but the health, which has rules of its own (`WorkerService.setHealth`). */
export async function changeWorker(c: Change, hostname: string, columns: Updateable<Database['workers']>): Promise<void> {
  const names = Object.keys(columns);
  if (names.length === 0) return;
  await c.trx.updateTable('workers').set(columns).where('hostname', '=', hostname).execute();
  c.note('worker', hostname, `changed ${names.join(', ')}`);
  c.worker(hostname);
}

/** False for a worker that runs jobs: it stays. */
export async function removeWorker(c: Change, hostname: string): Promise<boolean> {
  const busy = await c.trx.selectFrom('attempts').select('job').where('worker', '=', hostname).where('ended_at', 'is', null).limit(1).executeTakeFirst();
  if (busy) return false;
  await c.trx.deleteFrom('workers').where('hostname', '=', hostname).execute();
  c.note('worker', hostname, 'removed');
  c.worker(hostname);
  return true;
}
