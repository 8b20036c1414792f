import { sql, type Kysely } from 'kysely';
import { may, type Guarded } from '../auth/permissions.ts';
import type { User } from '../auth/users.ts';
import { guardedDevice, guardedType } from '../auth/visibility.ts';
import { match } from '../scheduler/match.ts';
import type { SubmitErrorKind } from '../services.ts';
import type { Database } from '../store/database.ts';
import { deviceHealth } from '../store/numbers.ts';
import type { WantedPlace } from './definition.ts';

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

interface Candidate { readonly hostname: string; readonly device_type: string; readonly worker: string | null; readonly health: number; readonly tags: number[]; readonly guard: Guarded }

/** What a place becomes here, with all devices that could ever serve it. */
interface Served { readonly found: Found; readonly devices: readonly Candidate[] }

/**
 * Could the job ever run here? Busy, offline and bad devices count, retired ones do not. The texts are LAVA's.
 * @param user who wants to submit it; null when that does not matter
 * @returns what was found for each place, or the first thing that is missing and the place that wants it
 */
export async function findDevices(db: Kysely<Database>, places: readonly WantedPlace[], user: User | null): Promise<Found[] | { missing: Missing; place: WantedPlace }> {
  const served: Served[] = [];
  for (const place of places) {
    const one = await serve(db, place, user);
    if ('code' in one) return { missing: one, place };
    served.push(one);
  }
  const short = tooFew(places, served);
  if (short) return { place: short, missing: notEnough(short, served[places.indexOf(short)]!.found.type, user) };
  return served.map((s) => s.found);
}

async function serve(db: Kysely<Database>, place: WantedPlace, user: User | null): Promise<Served | Missing> {
  const { rows: types } = await sql<{ name: string; guard: Guarded }>`
    select name, ${guardedType('device_types.name')} as guard from device_types
    where name = coalesce((select device_type from aliases where name = ${place.deviceType}), ${place.deviceType})`.execute(db);
  const type = types[0]?.name;
  if (type === undefined) {
    return unavailable('device_type', 'unknown-device-type', `Device type '${place.deviceType}' is unavailable.`, 'An admin adds one with: lava-server manage device-types add NAME');
  }
  if (user && !may(user, 'view', types[0]!.guard)) return unavailable('device_type', 'hidden-device-type', `Device type '${type}' is unavailable to user '${user.username}'`);
  if (place.worker !== null) {
    const { rows } = await sql`select 1 from workers where hostname = ${place.worker}`.execute(db);
    if (rows.length === 0) return data('worker', 'unknown-worker', `Worker '${place.worker}' does not exist.`);
  }
  const candidates = await readCandidates(db, type, place.device);
  let { worker } = place;
  if (place.device !== null) {
    const device = candidates.find((d) => d.hostname === place.device);
    if (!device) return data('device', 'unknown-device', `Device '${place.device}' does not exist.`);
    if (device.device_type !== type) return data('device', 'device-of-another-type', `Device '${place.device}' is not of type '${type}'.`);
    if (worker !== null && device.worker !== worker) return data('device', 'device-of-another-worker', `Device '${place.device}' is not attached to worker '${worker}'.`);
    if (user && !may(user, 'submit', device.guard)) return data('device', 'device-not-permitted', `You do not have permission to submit jobs to device '${place.device}'.`);
    worker = device.worker;
  }
  const present = candidates.filter((d) => d.health !== deviceHealth.Retired && (place.device === null || d.hostname === place.device) && (worker === null || d.worker === worker));
  if (present.length === 0) {
    return unavailable('device_type', 'no-devices', `No devices of type ${type} are available.`, 'An admin adds one with: lava-server manage devices add HOSTNAME --device-type TYPE --worker WORKER');
  }
  const allowed = user ? present.filter((d) => may(user, 'submit', d.guard)) : present;
  if (allowed.length === 0) {
    const visible = present.filter((d) => may(user, 'view', d.guard)).map((d) => `'${d.hostname}'`);
    return unavailable('device_type', 'no-permitted-devices', `No devices from [${visible.join(', ')}] pool are currently available to user ${user!.username}`);
  }
  const tags = await findTags(db, place.tags);
  if (!Array.isArray(tags)) return tags;
  const carries = (d: Candidate) => tags.every((tag) => d.tags.includes(tag));
  const devices = allowed.filter(carries);
  if (devices.length === 0) {
    const list = place.tags.join(', ');
    return unavailable('tags', 'no-device-with-tags', place.device !== null ? `Device ${place.device} does not support all of the tags '${list}'.`
      : present.some(carries) ? 'Not enough devices available matching the requested tags.' : `No devices of type ${type} are available which have all of the tags '${list}'.`);
  }
  return { found: { type, device: place.device, worker, tags }, devices };
}

/** The first place of a group for which no device is left when all places are served at once. */
function tooFew(places: readonly WantedPlace[], served: readonly Served[]): WantedPlace | undefined {
  const owners = places.flatMap((place, n) => Array.from({ length: place.count }, () => n));
  const without = match(owners.map((n) => served[n]!.devices), () => Infinity).indexOf(undefined);
  return without < 0 ? undefined : places[owners[without]!];
}

function notEnough(place: WantedPlace, type: string, user: User | null): Missing {
  const toUser = user ? ` to user ${user.username}` : '';
  return place.tags.length > 0 ? unavailable('tags', 'too-few-devices', 'Not enough devices available matching the requested tags.')
    : unavailable('count', 'too-few-devices', `Not enough devices of type ${type} are currently available${toUser}`);
}

async function readCandidates(db: Kysely<Database>, type: string, device: string | null): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select hostname, device_type, worker, health, array(select tag_id from device_tags where device = hostname) as tags, ${guardedDevice('devices.hostname', 'devices.device_type')} as guard
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
