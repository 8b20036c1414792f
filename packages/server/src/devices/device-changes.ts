import { sql } from 'kysely';
import { deviceHealthAfter, deviceHealths, type DeviceHealth } from '@lava/job';
import type { Change } from '../store/change.ts';
import { deviceHealth, deviceState } from '../store/numbers.ts';
import { setHealth } from '../store/set-health.ts';

const { Looping } = deviceHealth;

/** How the job that held a device ended, as far as it says something about the device. */
export interface HeldBy {
  readonly job: number;
  readonly healthCheck: boolean;
  readonly outcome: 'completed' | 'failed' | 'canceled';
  readonly errorType: string | null;
  /** Why the device must not be used before somebody has looked at it. */
  readonly quarantine?: string;
}

/** The device is Idle again; its health follows from the job. */
export async function releaseDevice(c: Change, hostname: string, held: HeldBy): Promise<void> {
  const { after, reason } = healthAfter(held);
  const { rows } = await sql<{ old: number; health: number }>`
    with before as (select hostname, health, state from devices where hostname = ${hostname} for update)
    update devices set state = ${deviceState.Idle},
      health = (${after}::smallint[])[devices.health + 1],
      last_health_report_job = case when ${held.healthCheck} then ${held.job} else last_health_report_job end
    from before where devices.hostname = before.hostname and before.state <> ${deviceState.Idle}
    returning before.health as old, devices.health as health`.execute(c.trx);
  const row = rows[0];
  if (!row) return;
  c.device(hostname);
  const loopingFailed = held.healthCheck && row.old === Looping && held.outcome === 'failed';
  if (row.old !== row.health) c.note('device', hostname, `${deviceHealths[row.old]} → ${deviceHealths[row.health]} (${reason})`);
  else if (loopingFailed) c.note('device', hostname, `Looping → Looping (Looping health-check [${held.job}] failed)`);
}

/** The number of the health after the job for each health before it, and what the audit says about a change. */
function healthAfter({ job, healthCheck, outcome, errorType, quarantine }: HeldBy): { after: number[]; reason: string } {
  const each = (next: (before: DeviceHealth) => DeviceHealth) => deviceHealths.map((before) => deviceHealth[next(before)]);
  if (quarantine) return { after: each(quarantined), reason: quarantine };
  const health = outcome === 'completed' ? 'Complete' : outcome === 'failed' ? 'Incomplete' : 'Canceled';
  const reason = healthCheck ? `health-check [${job}] ${outcome}` : `${errorType} error after ${job}`;
  return { after: each((before) => deviceHealthAfter(before, { healthCheck, health, errorType })), reason };
}

/** Health of a device that nobody gets before somebody has looked at it. */
const quarantined = (before: DeviceHealth): DeviceHealth => (before === 'Maintenance' || before === 'Retired' ? before : 'Bad');

/** Nobody gets the device before somebody has looked at it; who has it now keeps it to its end. */
export async function quarantineDevice(c: Change, hostname: string, reason: string): Promise<void> {
  const row = await c.trx.selectFrom('devices').select('health').where('hostname', '=', hostname).forUpdate().executeTakeFirst();
  if (row) await changeDeviceHealth(c, hostname, quarantined(deviceHealths[row.health]!), reason);
}

/** Sets the health that somebody chose. Returns false if there is no such device. */
export async function changeDeviceHealth(c: Change, hostname: string, health: DeviceHealth, reason?: string): Promise<boolean> {
  return await setHealth(c, 'device', hostname, deviceHealth[health], reason) !== undefined;
}
