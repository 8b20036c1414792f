import { sql } from 'kysely';
import { deviceHealths, type WorkerHealth } from '@lava/job';
import type { Change } from '../store/change.ts';
import { deviceHealth, workerHealth, workerState } from '../store/numbers.ts';
import { setHealth } from '../store/set-health.ts';

const { Online, Offline } = workerState;

/** A worker greeted: it is Online, with this version and these abilities. */
export async function workerOnline(c: Change, hostname: string, version: string, capabilities: readonly string[]): Promise<void> {
  const { rows } = await sql<{ old: number }>`
    with before as (select hostname, state from workers where hostname = ${hostname} for update)
    update workers set state = ${Online}, version = ${version}, capabilities = ${JSON.stringify(capabilities)}::jsonb, last_ping = now()
    from before where workers.hostname = before.hostname returning before.state as old`.execute(c.trx);
  if (!rows[0]) return;
  if (rows[0].old !== Online) c.note('worker', hostname, 'Offline → Online');
  c.worker(hostname);
}

/** A worker is gone, for this reason. No effect if it was Offline. */
export async function workerOffline(c: Change, hostname: string, reason: string): Promise<void> {
  const { numAffectedRows } = await sql`update workers set state = ${Offline} where hostname = ${hostname} and state = ${Online}`.execute(c.trx);
  if (numAffectedRows !== 1n) return;
  c.note('worker', hostname, `Online → Offline (${reason})`);
  c.worker(hostname);
}

/** Sets the health that somebody chose, with what follows for the devices. False if there is no such worker. */
export async function changeWorkerHealth(c: Change, hostname: string, health: WorkerHealth, reason?: string): Promise<boolean> {
  const old = await setWorkerHealth(c, hostname, health, reason);
  if (old === undefined || old === workerHealth[health]) return old !== undefined;
  const { Good, Unknown, Looping, Maintenance, Retired } = deviceHealth;
  if (health === 'Active' && old !== workerHealth.Retired) await devicesOf(c, hostname, [Good], Unknown, 'worker going active');
  if (health === 'Retired') await devicesOf(c, hostname, [Good, Unknown, Looping, Maintenance], Retired, 'worker going retired');
  return true;
}

/** The same for the worker alone, when its devices are spoken of by themselves. Returns its health before; undefined if there is no such worker. */
export const setWorkerHealth = (c: Change, hostname: string, health: WorkerHealth, reason?: string): Promise<number | undefined> => setHealth(c, 'worker', hostname, workerHealth[health], reason);

/** Changes the health of all devices of a worker that have one of the healths `from`; returns their names. */
export async function devicesOf(c: Change, worker: string, from: readonly number[], to: number, reason: string): Promise<string[]> {
  const { rows } = await sql<{ hostname: string; old: number }>`
    with before as (select hostname, health from devices where worker = ${worker} and health = any(${from}::int[]) order by hostname for update)
    update devices set health = ${to} from before where devices.hostname = before.hostname
    returning devices.hostname, before.health as old`.execute(c.trx);
  for (const { hostname, old } of rows) {
    c.device(hostname);
    c.note('device', hostname, `${deviceHealths[old]} → ${deviceHealths[to]} (${reason})`);
  }
  return rows.map((r) => r.hostname).sort();
}
