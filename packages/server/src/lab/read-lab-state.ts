import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { LavaPaths } from '@lava/base';
import { emptyLab, fieldsOf, kindNames, type Fields, type FieldValue, type Kind, type Lab } from '@lava/lab';
import { permissionName, serverUser, type ObjectKind, type Verb } from '../auth/permissions.ts';
import { ownConfiguration } from '../devices/configuration.ts';
import type { ConfigurationKind, Database } from '../store/database.ts';
import { deviceHealth, workerHealth } from '../store/numbers.ts';

/** Fields that are texts of a configuration, in a file or in the database. */
export const configurationFields: Readonly<Partial<Record<Kind, Readonly<Record<string, ConfigurationKind>>>>> = {
  workers: { dispatcher: 'dispatcher', env: 'env', env_dut: 'env-dut' },
  device_types: { template: 'template', health_check: 'health-check' },
  devices: { dictionary: 'dictionary' },
};

/** Where the rights of groups on objects of a kind are stored. */
const grantTables = {
  workers: { table: 'group_worker_permissions', column: 'worker', kind: 'worker' },
  device_types: { table: 'group_device_type_permissions', column: 'device_type', kind: 'devicetype' },
  devices: { table: 'group_device_permissions', column: 'device', kind: 'device' },
} as const satisfies Partial<Record<Kind, { table: string; column: string; kind: ObjectKind }>>;

/** The whole lab as it is: every object with all of its fields. What belongs to the server itself is left out. */
export async function readLabState(db: Kysely<Database>, paths: LavaPaths): Promise<Lab> {
  const lab = emptyLab();
  for (const kind of kindNames) {
    for (const { name, ...columns } of (await queries[kind].execute(db)).rows) lab[kind].set(name, columns as Fields);
    await addTexts(lab[kind], kind, db, paths);
    await addGrants(lab[kind], kind, db);
    for (const [name, fields] of lab[kind]) lab[kind].set(name, inOrder(kind, fields));
  }
  return lab;
}

/** A short name of what a lab is at one moment: another one when anything in it has changed. */
export function revisionOf(lab: Lab): string {
  const plain = kindNames.map((kind) => [...lab[kind]].sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex').slice(0, 20);
}

type Row = { name: string } & Record<string, FieldValue>;

/** Texts sorted as JavaScript sorts them. */
const sorted = (list: ReturnType<typeof sql>) => sql`array(select x from (${list}) as t (x) order by x collate "C")`;

const queries: Record<Kind, { execute(db: Kysely<Database>): Promise<{ rows: Row[] }> }> = {
  tags: sql<Row>`select name, description from tags`,
  groups: sql<Row>`select name, ${sorted(sql`select permission from group_permissions where group_id = groups.id`)} as permissions from groups where name <> ${serverUser}`,
  users: sql<Row>`select username as name, email, first_name, last_name, is_active, is_staff, is_superuser,
    ${sorted(sql`select name from groups join user_groups on group_id = groups.id where user_id = users.id and name <> ${serverUser}`)} as groups,
    ${sorted(sql`select permission from user_permissions where user_id = users.id`)} as permissions
    from users where username <> ${serverUser}`,
  workers: sql<Row>`select hostname as name, description, job_limit, display, certificate, health = ${workerHealth.Retired} as retired from workers`,
  device_types: sql<Row>`select name, description, display, ${sorted(sql`select name from aliases where device_type = device_types.name`)} as aliases,
    health_frequency, case health_denominator when 1 then 'jobs' else 'hours' end as health_denominator, disable_health_check from device_types`,
  devices: sql<Row>`select hostname as name, device_type, worker, description, device_version, health = ${deviceHealth.Retired} as retired,
    ${sorted(sql`select name from tags join device_tags on tag_id = tags.id where device = hostname`)} as tags,
    (select username from users where id = physical_owner and username <> ${serverUser}) as physical_owner, (select name from groups where id = physical_group and name <> ${serverUser}) as physical_group from devices`,
};

async function addTexts(objects: Map<string, Fields>, kind: Kind, db: Kysely<Database>, paths: LavaPaths): Promise<void> {
  for (const [field, configuration] of Object.entries(configurationFields[kind] ?? {})) {
    for (const [name, fields] of objects) objects.set(name, { ...fields, [field]: (await ownConfiguration({ db, paths }, configuration, name))?.text || null });
  }
}

async function addGrants(objects: Map<string, Fields>, kind: Kind, db: Kysely<Database>): Promise<void> {
  if (!(kind in grantTables)) return;
  const { table, column, kind: objectKind } = grantTables[kind as keyof typeof grantTables];
  const { rows } = await sql<{ object: string; permission: string; groups: string[] }>`
    select ${sql.ref(column)} as object, permission, array_agg(name order by name collate "C") as groups
    from ${sql.table(table)} join groups on groups.id = group_id where name <> ${serverUser} group by 1, 2`.execute(db);
  const held = new Map(rows.map(({ object, permission, groups }) => [`${object} ${permission}`, groups]));
  for (const [name, fields] of objects) {
    const grants = fieldsOf(kind).flatMap(([field]) => {
      const verb = verbOf(field);
      return verb ? [[field, held.get(`${name} ${permissionName(objectKind, verb)}`) ?? []] as const] : [];
    });
    objects.set(name, { ...fields, ...Object.fromEntries(grants) });
  }
}

/** The verb of a field of rights: `permissions.view`. */
export const verbOf = (field: string): Verb | undefined => /^permissions\.(view|submit|change)$/.exec(field)?.[1] as Verb | undefined;

const inOrder = (kind: Kind, fields: Fields): Fields => Object.fromEntries(fieldsOf(kind).map(([name, { initial }]) => [name, fields[name] ?? initial]));
