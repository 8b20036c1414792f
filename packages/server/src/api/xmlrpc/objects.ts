import { sql } from 'kysely';
import { may, type Guarded } from '../../auth/permissions.ts';
import type { User } from '../../auth/users.ts';
import { guardedDevice, guardedType, visibleDevices, visibleDeviceTypes, visibleJobs, visibleWorkers } from '../../auth/visibility.ts';
import type { Services } from '../../services.ts';
import { Fault } from './codec/values.ts';

/** Whose objects are looked for. */
interface Asking {
  readonly services: Services;
  readonly user: User | null;
}

/*
 * The objects that methods name, for who asks. LAVA's clients tell what is missing (404) from what is hidden (403) for
 * jobs, devices and workers; a hidden device type is missing.
 */

/** As messages name who asks. */
const nameOf = (user: User | null) => user?.username ?? 'AnonymousUser';

export const missing = (kind: string, name: string) => new Fault(404, `${kind} '${name}' was not found.`);
const hidden = (kind: string, name: string, user: User | null) => new Fault(403, `${kind} '${name}' not available to user '${nameOf(user)}'.`);

/** A number of a job that PostgreSQL can hold, or a multinode id. */
const jobNumber = /^\s*(?:\d{1,9}|1\d{9}|20\d{8}|\d{1,9}\.\d{1,5})\s*$/;

/** The number of a visible job, from its number or multinode id. */
export async function jobNamed({ services, user }: Asking, name: string): Promise<number> {
  const found = await findJob({ services, user }, name);
  if (!found) throw missing('Job', name);
  if (!found.visible) throw hidden('Job', name, user);
  return found.id;
}

/** A job that may be hidden, for methods with words of their own. */
export async function findJob({ services, user }: Asking, name: string): Promise<{ id: number; visible: boolean } | undefined> {
  if (!jobNumber.test(name)) return undefined;
  const is = name.includes('.') ? sql<boolean>`jobs.sub_id = ${name.trim()}` : sql<boolean>`jobs.id = ${Number(name)}`;
  const { rows } = await sql<{ id: number; visible: boolean }>`select jobs.id, ${visibleJobs(user)} as visible from jobs where ${is}`.execute(services.db);
  return rows[0];
}

export interface FoundDevice {
  readonly hostname: string;
  readonly device_type: string;
  readonly worker: string | null;
  readonly state: number;
  readonly health: number;
  readonly description: string;
  readonly visible: boolean;
  readonly guarded: Guarded;
}

export async function findDevice({ services, user }: Asking, hostname: string): Promise<FoundDevice | undefined> {
  const { rows } = await sql<FoundDevice>`
    select devices.hostname, devices.device_type, devices.worker, devices.state, devices.health, devices.description,
      ${visibleDevices(user)} as visible, ${guardedDevice('devices.hostname', 'devices.device_type')} as guarded
    from devices where devices.hostname = ${hostname}`.execute(services.db);
  return rows[0];
}

/** A visible device. */
export async function deviceNamed(context: Asking, hostname: string): Promise<FoundDevice> {
  const found = await findDevice(context, hostname);
  if (!found) throw missing('Device', hostname);
  if (!found.visible) throw hidden('Device', hostname, context.user);
  return found;
}

/** A device that the user may change; `refusal` is what who may not reads. */
export async function changeableDevice(context: Asking, hostname: string, refusal: string): Promise<FoundDevice> {
  const found = await findDevice(context, hostname);
  if (!found) throw missing('Device', hostname);
  if (!may(context.user, 'change', found.guarded)) throw new Fault(403, refusal);
  return found;
}

export interface FoundType {
  readonly name: string;
  readonly description: string;
  readonly display: boolean;
  readonly health_frequency: number;
  readonly health_denominator: number;
  readonly disable_health_check: boolean;
  readonly visible: boolean;
  readonly guarded: Guarded;
}

export async function findType({ services, user }: Asking, name: string): Promise<FoundType | undefined> {
  const { rows } = await sql<FoundType>`
    select device_types.name, device_types.description, device_types.display, device_types.health_frequency, device_types.health_denominator,
      device_types.disable_health_check, ${visibleDeviceTypes(user)} as visible, ${guardedType('device_types.name')} as guarded
    from device_types where device_types.name = ${name}`.execute(services.db);
  return rows[0];
}

/** A visible device type. */
export async function typeNamed(context: Asking, name: string): Promise<FoundType> {
  const found = await findType(context, name);
  if (!found?.visible) throw missing('Device-type', name);
  return found;
}

/** A device type that the user may change; `refusal` is what who may not reads. */
export async function changeableType(context: Asking, name: string, refusal: string): Promise<FoundType> {
  const found = await typeNamed(context, name);
  if (!may(context.user, 'change', found.guarded)) throw new Fault(403, refusal);
  return found;
}

/** Checks that a worker is there and visible. */
export async function workerNamed({ services, user }: Asking, hostname: string): Promise<void> {
  const { rows: [found] } = await sql<{ visible: boolean }>`select ${visibleWorkers(user)} as visible from workers where workers.hostname = ${hostname}`.execute(services.db);
  if (!found) throw missing('Worker', hostname);
  if (!found.visible) throw hidden('Worker', hostname, user);
}

/** Checks that there is a worker of this name. */
export async function workerExists({ services }: Asking, hostname: string): Promise<void> {
  const found = await services.db.selectFrom('workers').select('hostname').where('hostname', '=', hostname).executeTakeFirst();
  if (!found) throw missing('Worker', hostname);
}
