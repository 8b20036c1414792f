import { readFile, writeFile } from 'node:fs/promises';
import type { LavaPaths } from '@lava/base';
import type { FieldChange, Kind, PlanItem, Plan } from '@lava/lab';
import { permissionName, type ObjectKind } from '../auth/permissions.ts';
import { inDatabase, ownConfiguration, writeConfiguration } from '../devices/configuration.ts';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import { addDeviceType, changeDeviceType, removeAlias, setAlias } from '../objects/write-device-type.ts';
import { addDevice, changeDevice, setDeviceTags } from '../objects/write-device.ts';
import { addGroup, joinGroup, leaveGroup, type Named } from '../objects/write-group.ts';
import { permitForAll, permitOnObject } from '../objects/write-permission.ts';
import { addTag, changeTag } from '../objects/write-tag.ts';
import { addUser, changeUser } from '../objects/write-user.ts';
import { addWorker, changeWorker } from '../objects/write-worker.ts';
import type { Change } from '../store/change.ts';
import { deviceHealth } from '../store/numbers.ts';
import { setWorkerHealth } from '../workers/worker-changes.ts';
import { configurationFields, verbOf } from './read-lab-state.ts';

type Columns = Record<string, unknown>;

/** How the rows of a kind are written. `sets`: names of fields that are in other tables. */
interface Writer {
  add(c: Change, name: string, columns: Columns): Promise<unknown>;
  change(c: Change, name: string, columns: Columns, sets: readonly string[]): Promise<void>;
}

const writers: Readonly<Record<Kind, Writer>> = {
  tags: { add: (c, name, columns) => addTag(c, { name, ...columns }), change: (c, name, columns) => changeTag(c, name, columns) },
  groups: { add: (c, name) => addGroup(c, name), change: async () => {} },
  users: {
    add: (c, username, columns) => addUser(c, { username, ...columns }),
    change: async (c, username, columns) => changeUser(c, (await userNamed(c, username)).id, username, columns),
  },
  workers: { add: (c, hostname, columns) => addWorker(c, { hostname, ...columns }), change: (c, hostname, columns) => changeWorker(c, hostname, columns) },
  device_types: { add: (c, name, columns) => addDeviceType(c, { name, ...columns }), change: changeDeviceType },
  devices: {
    // A new device proves itself before it counts as good.
    add: (c, hostname, columns) => addDevice(c, { health: deviceHealth.Unknown, ...columns, hostname, device_type: String(columns['device_type']) }),
    change: changeDevice,
  },
};

/** Files that were replaced, as they were: a transaction that fails does not take them back by itself. */
export class OldFiles {
  readonly #texts = new Map<string, string>();

  async keep(path: string): Promise<void> {
    if (!this.#texts.has(path)) this.#texts.set(path, await readFile(path, 'utf8'));
  }

  async restore(): Promise<void> {
    for (const [path, text] of this.#texts) await writeFile(path, text, { mode: 0o640 });
  }
}

/**
 * Does what a plan says, in the transaction of `c`: in the order of the kinds, as each names only what stands before it.
 * Jobs are not touched: those that run on a retired device run to their end.
 */
export async function applyPlan(c: Change, paths: LavaPaths, plan: Plan, oldFiles: OldFiles): Promise<void> {
  for (const item of plan) if (item.action !== 'keep') await applyItem(c, paths, item, oldFiles);
}

async function applyItem(c: Change, paths: LavaPaths, { kind, name, action, fields }: PlanItem, oldFiles: OldFiles): Promise<void> {
  const texts = fields.filter(({ field }) => configurationFields[kind]?.[field]);
  const retired = kind === 'devices' || kind === 'workers' ? fields.find(({ field }) => field === 'retired') : undefined;
  const sets = fields.filter(({ after }) => Array.isArray(after));
  const columns: Columns = {};
  for (const change of fields) {
    if (change === retired || texts.includes(change) || sets.includes(change)) continue;
    const [column, value] = await columnOf(c, change);
    columns[column] = value;
  }
  if (action === 'create') await writers[kind].add(c, name, columns);
  else await writers[kind].change(c, name, columns, sets.map(({ field }) => field).filter((field) => field === 'tags' || field === 'aliases'));
  for (const { field, before, after } of sets) await changeSet(c, kind, name, field, before as readonly string[], after as readonly string[]);
  for (const change of texts) await changeText(c, paths, kind, name, change, oldFiles);
  if (!retired) return;
  if (kind === 'devices') await changeDeviceHealth(c, name, retired.after === true ? 'Retired' : 'Unknown');
  else await setWorkerHealth(c, name, retired.after === true ? 'Retired' : 'Active');
}

/** The column of a field of one value, and the value as it is stored. */
async function columnOf(c: Change, { field, after }: FieldChange): Promise<readonly [string, unknown]> {
  if (field === 'health_denominator') return [field, Number(after === 'jobs')];
  if (after !== null && field === 'physical_owner') return [field, (await userNamed(c, String(after))).id];
  if (after !== null && field === 'physical_group') return [field, (await groupNamed(c, String(after))).id];
  return [field, after];
}

async function changeText(c: Change, paths: LavaPaths, kind: Kind, name: string, { field, after }: FieldChange, oldFiles: OldFiles): Promise<void> {
  const configuration = configurationFields[kind]![field]!;
  const found = await ownConfiguration({ db: c.trx, paths }, configuration, name);
  if (found && found.source !== inDatabase) await oldFiles.keep(found.source);
  await writeConfiguration(c, paths, configuration, name, String(after ?? ''));
}

const objectKinds: Readonly<Partial<Record<Kind, ObjectKind>>> = { workers: 'worker', device_types: 'devicetype', devices: 'device' };

async function changeSet(c: Change, kind: Kind, name: string, field: string, before: readonly string[], after: readonly string[]): Promise<void> {
  if (kind === 'devices' && field === 'tags') return setDeviceTags(c, name, after);
  const changes = [...before.filter((item) => !after.includes(item)).map((item) => [item, false] as const), ...after.filter((item) => !before.includes(item)).map((item) => [item, true] as const)];
  const verb = verbOf(field);
  const objectKind = objectKinds[kind];
  for (const [item, give] of changes) {
    if (verb && objectKind) await permitOnObject(c, objectKind, name, await groupNamed(c, item), permissionName(objectKind, verb), give);
    else if (kind === 'device_types' && field === 'aliases') await (give ? setAlias : removeAlias)(c, item, name);
    else if (kind === 'users' && field === 'groups') await (give ? joinGroup : leaveGroup)(c, await userNamed(c, name), await groupNamed(c, item));
    else if (kind === 'users' && field === 'permissions') await permitForAll(c, 'user', await userNamed(c, name), item, give);
    else if (kind === 'groups' && field === 'permissions') await permitForAll(c, 'group', await groupNamed(c, name), item, give);
    else throw new Error(`nothing writes ${kind}.${field}`);
  }
}

async function userNamed(c: Change, name: string): Promise<Named> {
  const { id } = await c.trx.selectFrom('users').select('id').where('username', '=', name).executeTakeFirstOrThrow();
  return { id, name };
}

async function groupNamed(c: Change, name: string): Promise<Named> {
  return c.trx.selectFrom('groups').select(['id', 'name']).where('name', '=', name).executeTakeFirstOrThrow();
}
