import { sql, type Kysely } from 'kysely';
import { may, type Guarded } from '../auth/permissions.ts';
import type { User } from '../auth/users.ts';
import { guardedType } from '../auth/visibility.ts';
import { match } from '../matching/match.ts';
import type { SubmitErrorKind } from '../services.ts';
import type { Database } from '../store/database.ts';
import { deviceHealth } from '../store/numbers.ts';
import { prepared } from '../store/prepared.ts';
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

/** Devices that are alike: of one type, in service or not, with the same tags and for the same people. */
interface Kind {
  readonly hostnames: readonly string[];
  readonly type: string;
  /** Told apart only where a job asks for a worker or a device. */
  readonly worker: string | null;
  readonly retired: boolean;
  /** The one device that the job asks for by name. */
  readonly named: boolean;
  readonly tags: readonly number[];
  readonly guard: Guarded;
}

/** What a place becomes here, with all devices that could ever serve it. */
interface Served { readonly found: Found; readonly devices: readonly Kind[] }

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
  const { type, typeGuard, worker: workerKnown, tags: knownTags, kinds } = await look(db, place);
  if (type === null) {
    return unavailable('device_type', 'unknown-device-type', `Device type '${place.deviceType}' is unavailable.`, 'An admin adds one with: lava-server manage device-types add NAME');
  }
  if (user && !may(user, 'view', typeGuard)) return unavailable('device_type', 'hidden-device-type', `Device type '${type}' is unavailable to user '${user.username}'`);
  if (place.worker !== null && !workerKnown) return data('worker', 'unknown-worker', `Worker '${place.worker}' does not exist.`);
  let { worker } = place;
  if (place.device !== null) {
    const device = kinds.find((k) => k.named);
    if (!device) return data('device', 'unknown-device', `Device '${place.device}' does not exist.`);
    if (device.type !== type) return data('device', 'device-of-another-type', `Device '${place.device}' is not of type '${type}'.`);
    if (worker !== null && device.worker !== worker) return data('device', 'device-of-another-worker', `Device '${place.device}' is not attached to worker '${worker}'.`);
    if (user && !may(user, 'submit', device.guard)) return data('device', 'device-not-permitted', `You do not have permission to submit jobs to device '${place.device}'.`);
    worker = device.worker;
  }
  const present = kinds.filter((k) => !k.retired && (place.device === null || k.named) && (worker === null || k.worker === worker));
  if (present.length === 0) {
    return unavailable('device_type', 'no-devices', `No devices of type ${type} are available.`, 'An admin adds one with: lava-server manage devices add HOSTNAME --device-type TYPE --worker WORKER');
  }
  const allowed = user ? present.filter((k) => may(user, 'submit', k.guard)) : present;
  if (allowed.length === 0) {
    const visible = present.filter((k) => may(user, 'view', k.guard)).flatMap((k) => k.hostnames).sort().map((hostname) => `'${hostname}'`);
    return unavailable('device_type', 'no-permitted-devices', `No devices from [${visible.join(', ')}] pool are currently available to user ${user!.username}`);
  }
  const unknownTag = place.tags.find((name) => !Object.hasOwn(knownTags, name));
  if (unknownTag !== undefined) return { kind: 'yaml', code: 'unknown-tag', message: `Device tag '${unknownTag}' does not exist in the database.`, key: 'tags' };
  const tags = place.tags.map((name) => knownTags[name]!);
  const carries = (kind: Kind) => tags.every((tag) => kind.tags.includes(tag));
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
  if (owners.length === 1) return undefined;
  const devices = served.map((s) => s.devices.flatMap((kind) => kind.hostnames.map((hostname) => ({ hostname, worker: null }))));
  const without = match(owners.map((n) => devices[n]!), () => Infinity).indexOf(undefined);
  return without < 0 ? undefined : places[owners[without]!];
}

function notEnough(place: WantedPlace, type: string, user: User | null): Missing {
  const toUser = user ? ` to user ${user.username}` : '';
  return place.tags.length > 0 ? unavailable('tags', 'too-few-devices', 'Not enough devices available matching the requested tags.')
    : unavailable('count', 'too-few-devices', `Not enough devices of type ${type} are currently available${toUser}`);
}

interface Look {
  /** Null: there is none of the name. */
  readonly type: string | null;
  readonly typeGuard: Guarded;
  /** The worker that was asked for is there. */
  readonly worker: boolean;
  /** Numbers of the tags that were asked for, as far as they are known. */
  readonly tags: Readonly<Record<string, number>>;
  readonly kinds: readonly Kind[];
}

/** All that the database knows of what a place asks for, in one question. */
async function look(db: Kysely<Database>, place: WantedPlace): Promise<Look> {
  const pinned = place.worker !== null || place.device !== null;
  const hostname = place.device ?? '';
  const { rows: [row] } = await sql<Omit<Look, 'tags' | 'kinds'> & { tags: Look['tags'] | null; kinds: (Omit<Kind, 'guard'> & { grants: Guarded['grants'] })[] | null }>`
    with type as (select name from device_types where name = coalesce((select device_type from aliases where name = ${place.deviceType}), ${place.deviceType})),
    candidate as (select hostname, device_type, worker, health from devices where device_type = (select name from type) or hostname = ${hostname}),
    carried as (select device, array_agg(tag_id order by tag_id) as tags from device_tags where device in (select hostname from candidate) group by device),
    granted as (select device, jsonb_agg(jsonb_build_object('group', group_id, 'permission', permission) order by group_id, permission) as grants
      from group_device_permissions where device in (select hostname from candidate) group by device),
    kind as (select array_agg(hostname) as hostnames, device_type as type, case when ${pinned}::boolean then worker end as worker, health = ${deviceHealth.Retired} as retired, hostname = ${hostname} as named,
        coalesce(tags, '{}') as tags, coalesce(grants, '[]') as grants
      from candidate left join carried on carried.device = hostname left join granted on granted.device = hostname group by 2, 3, 4, 5, 6, 7)
    select type.name as type, ${guardedType('type.name')} as "typeGuard",
      exists (select from workers where hostname = ${place.worker ?? ''}) as worker,
      (select json_object_agg(name, id) from tags where name = any(${place.tags}::text[])) as tags,
      (select json_agg(kind) from kind) as kinds
    from (select) as always left join type on true ${prepared}`.execute(db);
  const { typeGuard, tags, kinds, ...rest } = row!;
  return { ...rest, typeGuard, tags: tags ?? {}, kinds: (kinds ?? []).map(({ grants, ...kind }) => ({ ...kind, guard: { kind: 'device', grants, type: typeGuard } })) };
}

const unavailable = (key: string, code: string, message: string, hint?: string): Missing => ({ kind: 'unavailable', key, code, message, hint });
const data = (key: string, code: string, message: string): Missing => ({ kind: 'data', key, code, message });
