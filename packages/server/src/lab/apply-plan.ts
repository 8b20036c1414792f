import { readFile, writeFile } from 'node:fs/promises';
import { sql } from 'kysely';
import type { LavaPaths } from '@lava/base';
import type { FieldChange, Kind, PlanItem, Plan } from '@lava/lab';
import { permissionName } from '../auth/permissions.ts';
import { inDatabase, ownConfiguration, writeConfiguration } from '../devices/configuration.ts';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import type { Change } from '../store/change.ts';
import type { AuditKind } from '../store/database.ts';
import { deviceHealth, workerHealth } from '../store/numbers.ts';
import { configurationFields, grantTables, verbOf } from './read-lab-state.ts';

/** How objects of a kind are stored. */
const stores = {
  tags: { table: 'tags', key: 'name' },
  groups: { table: 'groups', key: 'name', audit: 'group' },
  users: { table: 'users', key: 'username', audit: 'user' },
  workers: { table: 'workers', key: 'hostname', audit: 'worker' },
  device_types: { table: 'device_types', key: 'name', audit: 'device-type' },
  devices: { table: 'devices', key: 'hostname', audit: 'device' },
} as const satisfies Record<Kind, { table: string; key: string; audit?: AuditKind }>;

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

/** Does what a plan says, in the transaction of `c`. Jobs are not touched: those that run on a retired device run to their end. */
export async function applyPlan(c: Change, paths: LavaPaths, plan: Plan, oldFiles: OldFiles): Promise<void> {
  const done = plan.filter(({ action }) => action !== 'keep');
  // All objects before their fields, as fields name objects.
  for (const item of done) if (item.action === 'create') await create(c, item);
  for (const item of done) {
    for (const field of item.fields) await changeField(c, paths, item, field, oldFiles);
    await tell(c, item);
  }
}

async function create(c: Change, { kind, name, fields }: PlanItem): Promise<void> {
  const { table, key } = stores[kind];
  if (kind !== 'devices') {
    await sql`insert into ${sql.table(table)} (${sql.ref(key)}) values (${name})`.execute(c.trx);
    return;
  }
  // A new device proves itself before it counts as good.
  const type = fields.find(({ field }) => field === 'device_type')?.after;
  await sql`insert into devices (hostname, device_type, health) values (${name}, ${type}, ${deviceHealth.Unknown})`.execute(c.trx);
}

async function changeField(c: Change, paths: LavaPaths, { kind, name }: PlanItem, { field, before, after }: FieldChange, oldFiles: OldFiles): Promise<void> {
  const configuration = configurationFields[kind]?.[field];
  if (configuration) {
    const found = await ownConfiguration({ db: c.trx, paths }, configuration, name);
    if (found && found.source !== inDatabase) await oldFiles.keep(found.source);
    return writeConfiguration(c, paths, configuration, name, String(after ?? ''));
  }
  if (Array.isArray(after)) return changeSet(c, kind, name, field, before as readonly string[], after as readonly string[]);
  if (field === 'retired') return retire(c, kind, name, after === true);
  const { table, key } = stores[kind];
  const value = field === 'health_denominator' ? Number(after === 'jobs')
    : field === 'physical_owner' ? sql`(select id from users where username = ${after})`
    : field === 'physical_group' ? sql`(select id from groups where name = ${after})` : after;
  await sql`update ${sql.table(table)} set ${sql.ref(field)} = ${value} where ${sql.ref(key)} = ${name}`.execute(c.trx);
  // Who was shut out is signed out.
  if (field === 'is_active' && after === false) await sql`delete from sessions using users where sessions.user_id = users.id and username = ${name}`.execute(c.trx);
}

async function retire(c: Change, kind: Kind, name: string, retired: boolean): Promise<void> {
  const reason = 'lab file';
  if (kind === 'devices') await changeDeviceHealth(c, name, retired ? 'Retired' : 'Unknown', reason);
  // Its devices are spoken of by themselves.
  else await sql`update workers set health = ${retired ? workerHealth.Retired : workerHealth.Active} where hostname = ${name}`.execute(c.trx);
}

async function changeSet(c: Change, kind: Kind, name: string, field: string, before: readonly string[], after: readonly string[]): Promise<void> {
  const removed = before.filter((item) => !after.includes(item));
  const added = after.filter((item) => !before.includes(item));
  const { remove, add } = setStatements(kind, name, field);
  if (removed.length > 0) await remove(removed).execute(c.trx);
  if (added.length > 0) await add(added).execute(c.trx);
}

type Statements = Readonly<Record<'remove' | 'add', (items: readonly string[]) => ReturnType<typeof sql>>>;

function setStatements(kind: Kind, name: string, field: string): Statements {
  const verb = verbOf(field);
  if (verb && kind in grantTables) {
    const { table, column, kind: objectKind } = grantTables[kind as keyof typeof grantTables];
    const permission = permissionName(objectKind, verb);
    return {
      remove: (groups) => sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${name} and permission = ${permission} and group_id in (select id from groups where name = any(${groups}))`,
      add: (groups) => sql`insert into ${sql.table(table)} (${sql.ref(column)}, group_id, permission) select ${name}, id, ${permission} from groups where name = any(${groups})`,
    };
  }
  const userId = sql`(select id from users where username = ${name})`;
  const groupId = sql`(select id from groups where name = ${name})`;
  switch (`${kind}.${field}`) {
    case 'devices.tags': return {
      remove: (tags) => sql`delete from device_tags where device = ${name} and tag_id in (select id from tags where name = any(${tags}))`,
      add: (tags) => sql`insert into device_tags (device, tag_id) select ${name}, id from tags where name = any(${tags})`,
    };
    case 'device_types.aliases': return {
      remove: (aliases) => sql`delete from aliases where device_type = ${name} and name = any(${aliases})`,
      // A name that moves from one type to another may be added before it is removed.
      add: (aliases) => sql`insert into aliases (name, device_type) select unnest(${aliases}::text[]), ${name} on conflict (name) do update set device_type = excluded.device_type`,
    };
    case 'users.groups': return {
      remove: (groups) => sql`delete from user_groups where user_id = ${userId} and group_id in (select id from groups where name = any(${groups}))`,
      add: (groups) => sql`insert into user_groups (user_id, group_id) select ${userId}, id from groups where name = any(${groups})`,
    };
    case 'users.permissions': return {
      remove: (permissions) => sql`delete from user_permissions where user_id = ${userId} and permission = any(${permissions})`,
      add: (permissions) => sql`insert into user_permissions (user_id, permission) select ${userId}, unnest(${permissions}::text[])`,
    };
    case 'groups.permissions': return {
      remove: (permissions) => sql`delete from group_permissions where group_id = ${groupId} and permission = any(${permissions})`,
      add: (permissions) => sql`insert into group_permissions (group_id, permission) select ${groupId}, unnest(${permissions}::text[])`,
    };
    default: throw new Error(`no statements for ${kind}.${field}`);
  }
}

/** Notes what was done for the audit log, and tells those who watch. */
async function tell(c: Change, { kind, name, action, fields }: PlanItem): Promise<void> {
  const store = stores[kind];
  // Texts and healths note themselves.
  const changed = fields.map(({ field }) => field).filter((field) => !configurationFields[kind]?.[field] && !(kind === 'devices' && field === 'retired'));
  if ('audit' in store && (action === 'create' || changed.length > 0)) {
    c.note(store.audit, name, action === 'create' ? 'added (lab file)' : `changed ${changed.join(', ')} (lab file)`);
  }
  if (kind === 'devices') c.device(name);
  if (kind === 'workers') c.worker(name);
  if (kind !== 'device_types' || !changed.includes('display')) return;
  // Word to the scheduler: its jobs may run now.
  const one = await c.trx.selectFrom('devices').select('hostname').where('device_type', '=', name).limit(1).executeTakeFirst();
  if (one) c.device(one.hostname);
}
