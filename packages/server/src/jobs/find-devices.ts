import { sql, type Kysely } from 'kysely';
import type { SubmitErrorKind } from '../services.ts';
import type { Database } from '../store/database.ts';
import { deviceHealth } from '../store/numbers.ts';
import type { Wanted } from './definition.ts';

/** Names of a definition as the database knows them. */
export interface Found {
  readonly type: string;
  readonly device: string | null;
  readonly worker: string | null;
  readonly tags: readonly number[];
}

/** Something that the definition asks for and this installation does not have. */
export interface Missing {
  readonly kind: SubmitErrorKind;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** The key of the definition that asks for it. */
  readonly key: string;
}

interface Candidate { readonly hostname: string; readonly device_type: string; readonly worker: string | null; readonly health: number; readonly tags: number[] }

/**
 * Could the job ever run here? Busy, offline and bad devices count, retired ones do not. The texts are LAVA's.
 */
export async function findDevices(db: Kysely<Database>, wanted: Wanted): Promise<Found | Missing> {
  const { rows: types } = await sql<{ name: string }>`
    select device_type as name from aliases where name = ${wanted.deviceType}
    union all select name from device_types where name = ${wanted.deviceType} limit 1`.execute(db);
  const type = types[0]?.name;
  if (type === undefined) {
    return unavailable('device_type', 'unknown-device-type', `Device type '${wanted.deviceType}' is unavailable.`, 'An admin adds one with: lava-server manage device-types add NAME');
  }
  if (wanted.worker !== null) {
    const { rows } = await sql`select 1 from workers where hostname = ${wanted.worker}`.execute(db);
    if (rows.length === 0) return data('worker', 'unknown-worker', `Worker '${wanted.worker}' does not exist.`);
  }
  const candidates = await readCandidates(db, type, wanted.device);
  let worker = wanted.worker;
  if (wanted.device !== null) {
    const device = candidates.find((d) => d.hostname === wanted.device);
    if (!device) return data('device', 'unknown-device', `Device '${wanted.device}' does not exist.`);
    if (device.device_type !== type) return data('device', 'device-of-another-type', `Device '${wanted.device}' is not of type '${type}'.`);
    if (worker !== null && device.worker !== worker) return data('device', 'device-of-another-worker', `Device '${wanted.device}' is not attached to worker '${worker}'.`);
    worker = device.worker;
  }
  const usable = candidates.filter((d) => d.health !== deviceHealth.Retired && (wanted.device === null || d.hostname === wanted.device) && (worker === null || d.worker === worker));
  if (usable.length === 0) {
    return unavailable('device_type', 'no-devices', `No devices of type ${type} are available.`, 'An admin adds one with: lava-server manage devices add HOSTNAME --device-type TYPE --worker WORKER');
  }
  const tags = await findTags(db, wanted.tags);
  if (!Array.isArray(tags)) return tags;
  if (!usable.some((d) => tags.every((tag) => d.tags.includes(tag)))) {
    const list = wanted.tags.join(', ');
    return wanted.device !== null ? unavailable('tags', 'no-device-with-tags', `Device ${wanted.device} does not support all of the tags '${list}'.`)
      : unavailable('tags', 'no-device-with-tags', `No devices of type ${type} are available which have all of the tags '${list}'.`);
  }
  return { type, device: wanted.device, worker, tags };
}

async function readCandidates(db: Kysely<Database>, type: string, device: string | null): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select hostname, device_type, worker, health, array(select tag_id from device_tags where device = hostname) as tags
    from devices where device_type = ${type} or hostname = ${device ?? ''} order by hostname`.execute(db);
  return rows;
}

async function findTags(db: Kysely<Database>, names: readonly string[]): Promise<number[] | Missing> {
  if (names.length === 0) return [];
  const { rows } = await sql<{ id: number; name: string }>`select id, name from tags where name = any(${names}::text[])`.execute(db);
  const unknown = names.find((name) => !rows.some((r) => r.name === name));
  if (unknown !== undefined) return { kind: 'yaml', code: 'unknown-tag', message: `Device tag '${unknown}' does not exist in the database.`, key: 'tags' };
  return rows.map((r) => r.id);
}

const unavailable = (key: string, code: string, message: string, hint?: string): Missing => ({ kind: 'unavailable', key, code, message, hint });
const data = (key: string, code: string, message: string): Missing => ({ kind: 'data', key, code, message });
