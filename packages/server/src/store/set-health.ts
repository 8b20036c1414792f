import { sql } from 'kysely';
import { deviceHealths, workerHealths } from '@lava/job';
import type { Change } from './change.ts';

const healths = { device: deviceHealths, worker: workerHealths };

/**
 * Sets the health of a device or worker, with the entry in the audit log that a change deserves.
 * @returns its health before; undefined if there is none of this name
 */
export async function setHealth(c: Change, kind: 'device' | 'worker', hostname: string, health: number, reason?: string): Promise<number | undefined> {
  const table = sql.table(`${kind}s`);
  const { rows: [row] } = await sql<{ old: number }>`
    with before as (select hostname, health from ${table} where hostname = ${hostname} for update)
    update ${table} set health = ${health} from before where ${table}.hostname = before.hostname
    returning before.health as old`.execute(c.trx);
  if (!row) return undefined;
  c[kind](hostname);
  if (row.old !== health) c.note(kind, hostname, `${healths[kind][row.old]} → ${healths[kind][health]}${reason ? ` (${reason})` : ''}`);
  return row.old;
}
