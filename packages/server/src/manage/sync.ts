import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Command } from 'commander';
import { messageOf } from '@lava/base';
import { dictionaryVariable } from '@lava/device';
import { isMapping } from '@lava/job';
import { permissionsOf } from '../auth/permissions.ts';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import { addDeviceType } from '../objects/write-device-type.ts';
import { addDevice, changeDevice, setDeviceTags } from '../objects/write-device.ts';
import { permitOnObject } from '../objects/write-permission.ts';
import { addWorker } from '../objects/write-worker.ts';
import type { Change } from '../store/change.ts';
import { deviceHealth } from '../store/numbers.ts';
import { addAlias } from './device-types.ts';
import { tagsOf } from './names.ts';
import { groupId, groupNamed, mustNameTags, userId } from './objects.ts';
import { CommandError, commandLine, visit, type Visit } from './visit.ts';

/** What a dictionary says in `sync_to_lava`. */
interface Wish {
  readonly type: string;
  readonly worker: string | undefined;
  readonly tags: readonly string[];
  readonly aliases: readonly string[];
  readonly owner: string | undefined;
  readonly group: string | undefined;
  /** Permission and group. */
  readonly permissions: readonly (readonly [string, string])[];
}

/** `sync`: devices as the dictionaries of a folder ask for with `sync_to_lava`, for labs that keep them in git. */
export function sync(manage: Command): void {
  manage.command('sync').description('make the devices that dictionaries in /etc/lava-server/dispatcher-config/devices ask for with sync_to_lava; those that were made otherwise stay as they are')
    .action((_: unknown, command: Command) => visit(command, async (v) => {
      v.print('Scanning devices:');
      const folder = join(v.paths.dispatcherConfig, 'devices');
      const names = (await readdir(folder).catch(() => [] as string[])).filter((name) => name.endsWith('.jinja2')).sort();
      const kept: string[] = [];
      for (const name of names) {
        const hostname = name.slice(0, -'.jinja2'.length);
        try {
          const wish = readWish(await readFile(join(folder, name), 'utf8'));
          // A mistake in a dictionary must not retire its device.
          kept.push(hostname);
          await v.change((c) => fulfil(c, hostname, wish), 'sync');
          v.print(`* ${hostname}`);
        } catch (error) {
          if (!(error instanceof NotSynced)) kept.push(hostname);
          v.print(`* ${hostname} [SKIP]\n  -> ${messageOf(error)}`);
        }
      }
      await retireOthers(v, kept);
      await v.change(showTypes);
    }));
}

/** The dictionary asks for nothing. */
class NotSynced extends CommandError {}

function readWish(dictionary: string): Wish {
  const wish = dictionaryVariable(dictionary, 'sync_to_lava');
  if (wish === undefined) throw new NotSynced('it does not set sync_to_lava');
  if (!isMapping(wish)) throw new CommandError('sync_to_lava is no dictionary');
  const text = (key: string) => {
    const value = wish[key];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') throw new CommandError(`${key} of sync_to_lava is no text`);
    return value;
  };
  const list = (key: string): unknown[] => {
    const value = wish[key] ?? [];
    if (!Array.isArray(value)) throw new CommandError(`${key} of sync_to_lava is no list`);
    return value;
  };
  const type = text('device_type');
  if (type === undefined) throw new CommandError('sync_to_lava has no device_type');
  const permissions = list('group_device_permissions').map((pair) => {
    if (!Array.isArray(pair) || !permissionsOf('device').includes(String(pair[0])) || pair.length !== 2) throw new CommandError(`group_device_permissions are pairs of one of ${permissionsOf('device').join(', ')} and a group`);
    return [String(pair[0]), String(pair[1])] as const;
  });
  return { type, worker: text('worker'), tags: list('tags').map(String), aliases: list('aliases').map(String), owner: text('physical_owner'), group: text('physical_group'), permissions };
}

async function fulfil(c: Change, hostname: string, wish: Wish): Promise<void> {
  const before = await c.trx.selectFrom('devices').select(['is_synced', 'health', 'device_type', 'worker', 'physical_owner', 'physical_group']).where('hostname', '=', hostname).executeTakeFirst();
  if (before && !before.is_synced) throw new CommandError('it was not made by sync');
  const tags = before ? await tagsOf(c.trx, hostname) : [];
  if (!await exists(c, 'device_types', 'name', wish.type)) await addDeviceType(c, { name: wish.type });
  if (wish.worker !== undefined && !await exists(c, 'workers', 'hostname', wish.worker)) await addWorker(c, { hostname: wish.worker });
  for (const alias of wish.aliases) await addAlias(c, alias, wish.type);
  const columns = {
    device_type: wish.type, worker: wish.worker ?? null, physical_owner: wish.owner === undefined ? null : await userId(c.trx, wish.owner), physical_group: wish.group === undefined ? null : await groupId(c.trx, wish.group),
  };
  mustNameTags(wish.tags);
  if (!before) await addDevice(c, { ...columns, hostname, is_synced: true, health: deviceHealth.Unknown, description: 'Created automatically by LAVA.' });
  await setDeviceTags(c, hostname, wish.tags);
  if (before) await changeDevice(c, hostname, differing(before, columns), sameSet(tags, wish.tags) ? [] : ['tags']);
  if (before?.health === deviceHealth.Retired) await changeDeviceHealth(c, hostname, 'Unknown', 'its dictionary is back');
  await permit(c, hostname, wish.permissions);
}

/** Groups have exactly these permissions for a device then. */
async function permit(c: Change, hostname: string, wanted: Wish['permissions']): Promise<void> {
  const held = await c.trx.selectFrom('group_device_permissions').innerJoin('groups', 'groups.id', 'group_id').select(['permission', 'name']).where('device', '=', hostname).execute();
  for (const { permission, name } of held) {
    if (!wanted.some(([p, group]) => p === permission && group === name)) await permitOnObject(c, 'device', hostname, await groupNamed(c.trx, name), permission, false);
  }
  for (const [permission, group] of wanted) await permitOnObject(c, 'device', hostname, await groupNamed(c.trx, group), permission, true);
}

async function exists(c: Change, table: 'device_types' | 'workers', column: string, value: string): Promise<boolean> {
  return (await sql`select from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(c.trx)).rows.length > 0;
}

/** Those of the columns that are something else now. */
const differing = <T extends object>(before: T, columns: T): Partial<T> => Object.fromEntries(Object.entries(columns).filter(([key, value]) => before[key as keyof T] !== value)) as Partial<T>;
const sameSet = (a: readonly string[], b: readonly string[]) => a.length === new Set(b).size && a.every((item) => b.includes(item));

/** Devices that sync made and whose dictionaries do not ask for them any more. */
async function retireOthers(v: Visit, kept: readonly string[]): Promise<void> {
  const gone = await v.db.selectFrom('devices').select('hostname').where('is_synced', '=', true).where('health', '<>', deviceHealth.Retired)
    .where((e) => (kept.length === 0 ? e.lit(true) : e('hostname', 'not in', [...kept]))).orderBy('hostname').execute();
  for (const { hostname } of gone) {
    await v.devices.setHealth(hostname, 'Retired', commandLine, 'its dictionary is gone');
    v.print(`* ${hostname} [RETIRED]`);
  }
}

/** Device types of which sync made all devices are shown as long as one of these is in use. */
async function showTypes(c: Change): Promise<void> {
  await sql`update device_types t set display = d.used from (select device_type, bool_or(health <> ${deviceHealth.Retired}) as used from devices group by 1 having bool_and(is_synced)) d
    where d.device_type = t.name and t.display <> d.used`.execute(c.trx);
}
