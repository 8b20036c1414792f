import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, type LavaPaths } from '@lava/base';
import { cancelJob } from '../jobs/job-changes.ts';
import type { DeviceService } from '../services.ts';
import { change, type Stored } from '../store/change.ts';
import { jobState } from '../store/numbers.ts';
import { changeDeviceHealth } from './device-changes.ts';

/** Renders the configuration of a device for a job's context; throws ConfigurationError with template and line. */
export type DeviceRenderer = (hostname: string, deviceType: string, context: Readonly<Record<string, unknown>>) => Promise<string>;

interface Parts {
  readonly stored: Stored;
  readonly paths: LavaPaths;
  readonly render: DeviceRenderer;
}

/** Where dictionaries are: one file a device, as admins of LAVA know it. */
export const dictionaryPath = (paths: LavaPaths, hostname: string) => join(paths.dispatcherConfig, 'devices', `${hostname}.jinja2`);

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
      return readDictionary(paths, hostname);
    },
    async setDictionary(hostname, text, actor) {
      await typeOf(hostname);
      await writeDictionary(paths, hostname, text);
      await change(stored, actor, async (c) => {
        c.note('device', hostname, text === '' ? 'dictionary removed' : 'dictionary changed');
        c.device(hostname);
      });
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

/** Text of a dictionary; undefined when there is none. */
export async function readDictionary(paths: LavaPaths, hostname: string): Promise<string | undefined> {
  return readFile(dictionaryPath(paths, hostname), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ConfigurationError(`Cannot open '${dictionaryPath(paths, hostname)}': ${error.message}`, { code: 'configuration-file' });
  });
}

/** Replaces a dictionary in one step; an empty text removes it. */
export async function writeDictionary(paths: LavaPaths, hostname: string, text: string): Promise<void> {
  const path = dictionaryPath(paths, hostname);
  if (text === '') return rm(path, { force: true });
  await mkdir(join(paths.dispatcherConfig, 'devices'), { recursive: true });
  // 0640: a dictionary may hold passwords of power switches.
  await writeFile(`${path}.new`, text, { mode: 0o640 });
  return rename(`${path}.new`, path);
}
