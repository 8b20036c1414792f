import type { LavaPaths } from '@lava/base';
import { cancelJob } from '../jobs/cancel-job.ts';
import type { DeviceService } from '../services.ts';
import { change, type Stored } from '../store/change.ts';
import { jobState } from '../store/numbers.ts';
import { readConfiguration, writeConfiguration } from '../devices/configuration.ts';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import { unknownDevice, type DeviceRenderer } from '../devices/renderer.ts';

interface Parts {
  readonly stored: Stored;
  readonly paths: LavaPaths;
  readonly render: DeviceRenderer;
}

/** Devices and their configuration. */
export function deviceService({ stored, paths, render }: Parts): DeviceService {
  const { db } = stored;

  async function mustExist(hostname: string): Promise<void> {
    if (!await db.selectFrom('devices').select('hostname').where('hostname', '=', hostname).executeTakeFirst()) throw unknownDevice(hostname);
  }

  return {
    render: (hostname, context = {}) => render(hostname, context),
    async dictionary(hostname) {
      await mustExist(hostname);
      return readConfiguration({ db, paths }, 'dictionary', hostname);
    },
    async setDictionary(hostname, text, actor) {
      await mustExist(hostname);
      await change(stored, actor, (c) => writeConfiguration(c, paths, 'dictionary', hostname, text));
    },
    async setHealth(hostname, health, actor, reason) {
      const known = await change(stored, actor, async (c) => {
        const job = health === 'Retired' ? await c.trx.selectFrom('jobs').select('id').where('actual_device', '=', hostname).where('state', '<', jobState.Canceling).executeTakeFirst() : undefined;
        if (job) await cancelJob(c, job.id, `${hostname} retired`);
        return changeDeviceHealth(c, hostname, health, reason);
      });
      if (!known) throw unknownDevice(hostname);
    },
  };
}
