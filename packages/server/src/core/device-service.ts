import { ConfigurationError, type LavaPaths } from '@lava/base';
import { cancelJob } from '../jobs/cancel-job.ts';
import type { DeviceService } from '../services.ts';
import { change, type Stored } from '../store/change.ts';
import { jobState } from '../store/numbers.ts';
import { readConfiguration, writeConfiguration } from '../devices/configuration.ts';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import type { DeviceRenderer } from '../devices/renderer.ts';

interface Parts {
  readonly stored: Stored;
  readonly paths: LavaPaths;
  readonly render: DeviceRenderer;
}

/** Devices and their configuration. */
export function deviceService({ stored, paths, render }: Parts): DeviceService {
  const { db } = stored;

  async function typeOf(hostname: string): Promise<string> {
    const row = await db.selectFrom('devices').select('device_type').where('hostname', '=', hostname).executeTakeFirst();
    if (!row) throw new ConfigurationError(`Device '${hostname}' does not exist.`, { code: 'unknown-device' });
    return row.device_type;
  }

  return {
    async render(hostname, context = {}) {
      return render(hostname, await typeOf(hostname), context);
    },
    async dictionary(hostname) {
      await typeOf(hostname);
      return readConfiguration({ db, paths }, 'dictionary', hostname);
    },
    async setDictionary(hostname, text, actor) {
      await typeOf(hostname);
      await change(stored, actor, (c) => writeConfiguration(c, paths, 'dictionary', hostname, text));
    },
    async setHealth(hostname, health, actor, reason) {
      const known = await change(stored, actor, async (c) => {
        const job = health === 'Retired' ? await c.trx.selectFrom('jobs').select('id').where('actual_device', '=', hostname).where('state', '<', jobState.Canceling).executeTakeFirst() : undefined;
        if (job) await cancelJob(c, job.id, `${hostname} retired`);
        return changeDeviceHealth(c, hostname, health, reason);
      });
      if (!known) throw new ConfigurationError(`Device '${hostname}' does not exist.`, { code: 'unknown-device' });
    },
  };
}
