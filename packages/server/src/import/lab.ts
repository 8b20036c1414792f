import { sql } from 'kysely';
import { permissionsOf, type ObjectKind } from '../auth/permissions.ts';
import { permissionTable } from '../auth/visibility.ts';
import { hashSecret } from '../auth/secrets.ts';
import type { Change } from '../store/change.ts';
import { deviceState, workerState } from '../store/numbers.ts';
import type { ImportParts, People } from './import-parts.ts';
import { sameNumber } from './numbers.ts';
import { records } from './records.ts';
import type { Row } from './source.ts';

/**
 * Device types, tags, workers and devices with who may do what with them. Whatever is here already stays as it is.
 * Devices come idle and workers offline: whatever ran on them ran for the other server. Returns the new devices.
 */
export async function importLab(parts: ImportParts, people: People): Promise<readonly string[]> {
  return parts.change(async (c) => {
    await deviceTypes(parts, c);
    await named(parts, c, 'lava_scheduler_app_tag', 'tags', 'device tags');
    await named(parts, c, 'lava_scheduler_app_jobfailuretag', 'failure_tags', 'failure tags');
    await workers(parts, c);
    const made = await devices(parts, c, people);
    for (const kind of ['devicetype', 'device', 'worker'] as const) await objectPermissions(parts, c, people, kind);
    await formerRestrictions(parts);
    return made;
  });
}

async function deviceTypes({ source, report }: ImportParts, c: Change): Promise<void> {
  const found = await source.rows('lava_scheduler_app_devicetype', ['name', 'description', 'display', 'health_frequency', 'health_denominator', 'disable_health_check', 'architecture_id', 'processor_id', 'cpu_model', 'bits_id', 'core_count']);
  const cores = await source.rows('lava_scheduler_app_devicetype_cores', ['devicetype_id', 'core_id'], 'order by id');
  const rows = found.map((r) => ({ ...r, description: r['description'] ?? '', cores: cores.flatMap((core) => (core['devicetype_id'] === r['name'] ? [core['core_id']] : [])) }));
  const { rows: made } = await sql<{ name: string }>`
    insert into device_types (name, description, display, health_frequency, health_denominator, disable_health_check, architecture, processor, cpu_model, bits, core_count, cores)
    select name, description, coalesce(display, true), coalesce(health_frequency, 24), coalesce(health_denominator, 0), coalesce(disable_health_check, false),
      architecture_id, processor_id, cpu_model, bits_id, core_count, array(select jsonb_array_elements_text(cores))
    from ${records(rows, 'name text, description text, display boolean, health_frequency int, health_denominator smallint, disable_health_check boolean, architecture_id text, processor_id text, cpu_model text, bits_id smallint, core_count int, cores jsonb')}
    on conflict do nothing returning name`.execute(c.trx);
  for (const { name } of made) c.note('device-type', name, 'added by an import');
  report.took('device types', made.length, rows.length);

  const aliases = await source.rows('lava_scheduler_app_alias', ['name', 'device_type_id']);
  const usable = aliases.filter((r) => r['device_type_id'] !== null);
  const { numAffectedRows } = await sql`insert into aliases (name, device_type) select name, device_type_id from ${records(usable, 'name text, device_type_id text')} on conflict do nothing`.execute(c.trx);
  report.took('aliases', Number(numAffectedRows), usable.length);
  report.left('aliases of no device type', aliases.filter((r) => r['device_type_id'] === null).map((r) => String(r['name'])));
}

async function named({ source, report }: ImportParts, c: Change, table: string, target: 'tags' | 'failure_tags', what: string): Promise<void> {
  const rows = (await source.rows(table, ['id', 'name', 'description'], 'order by id')).map((r) => ({ ...r, description: r['description'] ?? '' }));
  const { numAffectedRows } = await sql`insert into ${sql.table(target)} (id, name, description) select ${sameNumber(target)}, name, description from ${records(rows, 'id int, name text, description text')} order by id on conflict (name) do nothing`.execute(c.trx);
  report.took(what, Number(numAffectedRows), rows.length);
}

async function workers({ source, report }: ImportParts, c: Change): Promise<void> {
  const found = await source.rows('lava_scheduler_app_worker', ['hostname', 'description', 'health', 'job_limit', 'version', 'last_ping', 'token']);
  const rows = found.map(({ token, ...r }) => ({ ...r, description: r['description'] ?? '', token_hash: token === null ? null : hashSecret(String(token)) }));
  const { rows: made } = await sql<{ hostname: string }>`
    insert into workers (hostname, description, state, health, job_limit, version, last_ping, token_hash)
    select hostname, description, ${workerState.Offline}, health, coalesce(job_limit, 0), version, last_ping, token_hash
    from ${records(rows, 'hostname text, description text, health smallint, job_limit int, version text, last_ping timestamptz, token_hash text')} on conflict do nothing returning hostname`.execute(c.trx);
  for (const { hostname } of made) {
    c.note('worker', hostname, 'added by an import');
    c.worker(hostname);
  }
  report.took('workers', made.length, rows.length);
}

async function devices({ source, report }: ImportParts, c: Change, people: People): Promise<string[]> {
  const found = await source.rows('lava_scheduler_app_device', ['hostname', 'device_version', 'description', 'device_type_id', 'physical_group_id', 'physical_owner_id', 'worker_host_id', 'health', 'is_synced']);
  const rows = found.map((r) => ({ ...r, description: r['description'] ?? '', owner: here(people.users, r, 'physical_owner_id'), owners: here(people.groups, r, 'physical_group_id') }));
  const { rows: made } = await sql<{ hostname: string }>`
    insert into devices (hostname, device_type, worker, state, health, description, device_version, physical_owner, physical_group, is_synced)
    select hostname, device_type_id, worker_host_id, ${deviceState.Idle}, health, description, device_version, owner, owners, coalesce(is_synced, false)
    from ${records(rows, 'hostname text, device_type_id text, worker_host_id text, health smallint, description text, device_version text, owner int, owners int, is_synced boolean')} on conflict do nothing returning hostname`.execute(c.trx);
  const names = made.map((d) => d.hostname);
  for (const hostname of names) {
    c.note('device', hostname, 'added by an import');
    c.device(hostname);
  }
  report.took('devices', names.length, rows.length);
  // Who took a tag from a device here does not get it back by a second run.
  const tags = await source.query('select device_id, name from lava_scheduler_app_device_tags join lava_scheduler_app_tag t on t.id = tag_id where device_id = any($1)', [names]);
  await sql`insert into device_tags (device, tag_id) select device_id, tags.id from ${records(tags, 'device_id text, name text')} join tags on tags.name = r.name on conflict do nothing`.execute(c.trx);
  return names;
}

async function objectPermissions({ source, report }: ImportParts, c: Change, people: People, kind: ObjectKind): Promise<void> {
  const theirs = `lava_scheduler_app_group${kind}permission`;
  if (!source.hasTable(theirs)) return;
  const { table, key } = permissionTable(kind);
  const found = await source.query(`select ${kind}_id as object, group_id, codename as permission from ${theirs} join auth_permission p on p.id = permission_id`);
  const known = found.filter((r) => permissionsOf(kind).includes(String(r['permission'])));
  const rows = known.map((r) => ({ ...r, group_id: here(people.groups, r, 'group_id') }));
  const { numAffectedRows } = await sql`insert into ${sql.table(table)} (${sql.ref(key)}, group_id, permission) select object, group_id, permission from ${records(rows, 'object text, group_id int, permission text')} on conflict do nothing`.execute(c.trx);
  report.took('permissions for one object', Number(numAffectedRows), rows.length);
  report.left('permissions for one object that restrict nothing here', found.filter((r) => !known.includes(r)).map((r) => `${String(r['object'])}: ${String(r['permission'])}`));
}

/** Older releases had no permissions for one object; what they hid otherwise would be open to everybody. */
async function formerRestrictions({ source, report }: ImportParts): Promise<void> {
  const hidden = (await source.rows('lava_scheduler_app_device', ['hostname', 'is_public'])).filter((r) => r['is_public'] === false);
  report.left('devices that only their owners saw: anybody sees them until a group is granted view_device and submit_to_device', hidden.map((r) => String(r['hostname'])));
  const own = (await source.rows('lava_scheduler_app_devicetype', ['name', 'owners_only'])).filter((r) => r['owners_only'] === true);
  report.left('device types that only owners of their devices saw: anybody sees them until a group is granted view_devicetype and submit_to_devicetype', own.map((r) => String(r['name'])));
}

function here(numbers: ReadonlyMap<number, number>, row: Row, column: string): number | null {
  return row[column] === null ? null : numbers.get(Number(row[column])) ?? null;
}
