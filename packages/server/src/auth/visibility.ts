import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../store/database.ts';
import { holds, may, mayAll, permissionName, serverUser, sufficient, type Grant, type Guarded, type ObjectKind } from './permissions.ts';
import type { User } from './users.ts';

/* The rules of permissions.ts as conditions of queries. */

/** Sees everything: for what is read once and then handed to those who may see it. */
export const theServer: User = { id: 0, username: serverUser, isActive: true, isStaff: true, isSuperuser: true, groups: [], permissions: [] };

const tables: Readonly<Record<ObjectKind, { table: string; key: string }>> = {
  device: { table: 'group_device_permissions', key: 'device' },
  devicetype: { table: 'group_device_type_permissions', key: 'device_type' },
  worker: { table: 'group_worker_permissions', key: 'worker' },
};
/** Table and key column of the permissions that groups hold for objects of a kind. */
export const permissionTable = (kind: ObjectKind) => tables[kind];

/** True when a group holds the permission to see; true when one of the user's groups may. */
function rows(user: User | null, kind: ObjectKind): { restricted: RawBuilder<boolean>; granted: RawBuilder<boolean> } {
  return {
    restricted: sql<boolean>`p.permission = ${permissionName(kind, 'view')}`,
    granted: sql<boolean>`(p.permission = any(${sufficient(kind, 'view')}::text[]) and p.group_id = any(${[...user?.groups ?? []]}::integer[]))`,
  };
}

/** Names of the objects of a kind that restrict who sees them, and not to this user. It depends on no other table, so it is found once a query. */
function restricted(user: User | null, kind: ObjectKind): RawBuilder<string> {
  const { table, key } = tables[kind];
  const is = rows(user, kind);
  return sql<string>`select p.${sql.ref(key)} from ${sql.table(table)} p group by 1 having bool_or(${is.restricted}) and not bool_or(${is.granted})`;
}

/** Names of the devices that the user may not see; those of a hidden type are, unless they have rules of their own. */
function hiddenDevices(user: User | null): RawBuilder<string> {
  const is = rows(user, 'device');
  if (mayAll(user, 'devicetype', 'view')) return restricted(user, 'device');
  return sql<string>`${restricted(user, 'device')} union all select d.hostname from devices d where d.device_type in (${restricted(user, 'devicetype')})
    and not exists (select from group_device_permissions p where p.device = d.hostname and (${is.restricted} or ${is.granted}))`;
}

const everything = sql<boolean>`true`;

/** Is the device in this column visible? Every query that lists or reads devices carries this condition; a hidden one is as good as none. */
export function visibleDevices(user: User | null, column = 'devices.hostname'): RawBuilder<boolean> {
  return mayAll(user, 'device', 'view') ? everything : sql<boolean>`${sql.ref(column)} not in (${hiddenDevices(user)})`;
}

export function visibleDeviceTypes(user: User | null, column = 'device_types.name'): RawBuilder<boolean> {
  return mayAll(user, 'devicetype', 'view') ? everything : sql<boolean>`${sql.ref(column)} not in (${restricted(user, 'devicetype')})`;
}

export function visibleWorkers(user: User | null, column = 'workers.hostname'): RawBuilder<boolean> {
  return mayAll(user, 'worker', 'view') ? everything : sql<boolean>`${sql.ref(column)} not in (${restricted(user, 'worker')})`;
}

/**
 * Who may see a job: its submitter and superusers; of a job with viewing groups, who is in all of them; of a public job
 * without groups, who may see its device or, as long as it has none, the type that it wants. A connection of a
 * multinode group has neither: it is seen with the others of its group. Every query that lists or reads jobs carries
 * this condition, so that a hidden job cannot be told from one that does not exist.
 */
export function visibleJobs(user: User | null): RawBuilder<boolean> {
  if (user?.isSuperuser || user?.username === serverUser) return everything;
  const grouped = sql<boolean>`exists (select from job_groups g where g.job = jobs.id)`;
  const open = sql<boolean>`(jobs.is_public and not ${grouped} and ${visiblePlace(user)})`;
  if (!user) return open;
  return sql<boolean>`(jobs.submitter = ${user.id} or ${open} or (
    ${grouped} and not exists (select from job_groups g where g.job = jobs.id and g.group_id <> all(${[...user.groups]}::integer[]))))`;
}

function visiblePlace(user: User | null): RawBuilder<boolean> {
  if (mayAll(user, 'device', 'view') && mayAll(user, 'devicetype', 'view')) return everything;
  const at = (job: string, otherwise: RawBuilder<boolean>) => sql<boolean>`(case when ${sql.ref(`${job}.actual_device`)} is not null then ${visibleDevices(user, `${job}.actual_device`)}
    when ${sql.ref(`${job}.requested_device_type`)} is not null then ${visibleDeviceTypes(user, `${job}.requested_device_type`)} else ${otherwise} end)`;
  return at('jobs', sql<boolean>`not exists (select from jobs m where m.target_group = jobs.target_group and not ${at('m', everything)})`);
}

/** What decides who sees and changes a job. */
export interface JobAccess {
  readonly submitter: number;
  readonly isPublic: boolean;
  readonly groups: readonly number[];
  /** The device, or the type that is wanted; of a connection, those of the others of its multinode group. */
  readonly places: readonly Guarded[];
}

/** The grants on the object in a column, as a column of JSON. */
export function grantsColumn(kind: ObjectKind, column: string): RawBuilder<Grant[]> {
  const { table, key } = tables[kind];
  return sql<Grant[]>`(select coalesce(json_agg(json_build_object('group', p.group_id, 'permission', p.permission)), '[]') from ${sql.table(table)} p where p.${sql.ref(key)} = ${sql.ref(column)})`;
}

/** A device as `may` takes it, as a column of JSON. */
export function guardedDevice(hostname: string, deviceType: string): RawBuilder<Guarded> {
  return sql<Guarded>`json_build_object('kind', 'device', 'grants', ${grantsColumn('device', hostname)}, 'type', ${guardedType(deviceType)})`;
}

export function guardedType(name: string): RawBuilder<Guarded> {
  return sql<Guarded>`json_build_object('kind', 'devicetype', 'grants', ${grantsColumn('devicetype', name)})`;
}

/** `JobAccess` of the rows of `jobs`, as a column of JSON. */
export const jobAccess: RawBuilder<JobAccess> = sql<JobAccess>`json_build_object('submitter', jobs.submitter, 'isPublic', jobs.is_public,
  'groups', array(select g.group_id from job_groups g where g.job = jobs.id),
  'places', (select coalesce(json_agg(case when m.actual_device is not null then ${guardedDevice('m.actual_device', 'md.device_type')} else ${guardedType('m.requested_device_type')} end), '[]')
    from jobs m left join devices md on md.hostname = m.actual_device
    where (m.actual_device is not null or m.requested_device_type is not null)
      and m.id = any(case when jobs.actual_device is null and jobs.requested_device_type is null then array(select o.id from jobs o where o.target_group = jobs.target_group) else array[jobs.id] end)))`;

export async function readJobAccess(db: Kysely<Database>, id: number): Promise<JobAccess | undefined> {
  const { rows: [row] } = await sql<{ access: JobAccess }>`select ${jobAccess} as access from jobs where jobs.id = ${id}`.execute(db);
  return row?.access;
}

/** The same rule as `visibleJobs` for a job that is at hand, where one job goes to many listeners. */
export function maySeeJob(user: User | null, job: JobAccess): boolean {
  if (user?.isSuperuser || user?.username === serverUser || user?.id === job.submitter) return true;
  if (job.groups.length > 0) return user !== null && job.groups.every((g) => user.groups.includes(g));
  return job.isPublic && job.places.every((place) => may(user, 'view', place));
}

/** Who may change a job (its priority, its comment): its submitter and who may change its device or, without one, its type. */
export function mayChangeJob(user: User | null, job: JobAccess): boolean {
  return user !== null && (user.id === job.submitter || user.isSuperuser || (job.places.length > 0 && job.places.every((place) => may(user, 'change', place))));
}

/** Who may end a job: who may change it, and who may change all jobs. */
export function mayCancelJob(user: User | null, job: JobAccess): boolean {
  return mayChangeJob(user, job) || holds(user, 'lava_scheduler_app.change_testjob');
}
