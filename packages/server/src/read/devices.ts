import { deviceHealths, deviceStates } from '@lava/job';
import { sql, type Kysely } from 'kysely';
import type { Guarded } from '../auth/permissions.ts';
import { guardedDevice, theServer, visibleDevices, visibleDeviceTypes, visibleJobs } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';

/** A device in lists (docs/api.md). `job_description` is null too when the job is hidden from who asks. */
export interface DeviceRow {
  hostname: string; device_type: string; worker: string | null; state: string; health: string; description: string; tags: string[];
  job: number | null; job_description: string | null; last_job: number | null;
}

/** Devices that `user` may see, by name, or those of them with the given names. Numbers and descriptions of hidden jobs are left out. */
export async function deviceRows(db: Kysely<Database>, user: User | null, hostnames?: readonly string[]): Promise<DeviceRow[]> {
  return (await read(db, user, hostnames)).map(({ guard: _guard, ...row }) => row);
}

/** The devices with these names and who may see them, for the caller to look at. */
export async function guardedDeviceRows(db: Kysely<Database>, hostnames: readonly string[]): Promise<{ row: DeviceRow; guard: Guarded }[]> {
  return (await read(db, theServer, hostnames)).map(({ guard, ...row }) => ({ row, guard }));
}

async function read(db: Kysely<Database>, user: User | null, hostnames?: readonly string[]): Promise<(DeviceRow & { guard: Guarded })[]> {
  const wanted = hostnames === undefined ? sql`true` : sql`devices.hostname = any(${[...hostnames]}::text[])`;
  const { rows } = await sql<Omit<DeviceRow, 'state' | 'health'> & { state: number; health: number; guard: Guarded }>`
    select devices.hostname, devices.device_type, devices.worker, devices.state, devices.health, devices.description,
      array(select t.name from device_tags dt join tags t on t.id = dt.tag_id where dt.device = devices.hostname order by t.name) as tags,
      current.id as job, current.description as job_description, last.id as last_job,
      ${guardedDevice('devices.hostname', 'devices.device_type')} as guard
    from devices
    left join lateral (select jobs.id, jobs.description from jobs
      where jobs.actual_device = devices.hostname and jobs.state < 5 and ${visibleJobs(user)} limit 1) current on true
    left join lateral (select jobs.id from jobs
      where jobs.actual_device = devices.hostname and jobs.state = 5 and ${visibleJobs(user)} order by jobs.id desc limit 1) last on true
    where ${wanted} and ${visibleDevices(user)} order by devices.hostname`.execute(db);
  return rows.map((r) => ({ ...r, state: deviceStates[r.state]!, health: deviceHealths[r.health]! }));
}

interface DeviceTypeRow { name: string; display: boolean; devices: number; idle: number; busy: number; queued: number }

/** Device types that `user` may see, with their visible devices by what they do and the number of jobs that wait for one. */
export async function deviceTypeRows(db: Kysely<Database>, user: User | null, name?: string): Promise<DeviceTypeRow[]> {
  const { rows } = await sql<DeviceTypeRow>`
    select t.name, t.display, count(d.hostname)::int as devices,
      count(*) filter (where d.state = 0 and d.health in (0, 1))::int as idle, count(*) filter (where d.state <> 0)::int as busy,
      (select count(*)::int from jobs j where j.requested_device_type = t.name and j.state in (0, 1)) as queued
    from device_types t left join devices d on d.device_type = t.name and d.health <> 5 and ${visibleDevices(user, 'd.hostname')}
    where ${name === undefined ? sql`true` : sql`t.name = ${name}`} and ${visibleDeviceTypes(user, 't.name')} group by t.name order by t.name`.execute(db);
  return rows;
}

/** A device type with what its own page shows: how its health checks go, and its visible devices by state and health. */
export async function readDeviceType(db: Kysely<Database>, user: User | null, name: string) {
  const [row] = await deviceTypeRows(db, user, name);
  if (!row) return undefined;
  const [{ rows: [type] }, { rows: counts }] = await Promise.all([
    sql<{ description: string; aliases: string[]; every: number; unit: number; disabled: boolean }>`
      select description, array(select a.name from aliases a where a.device_type = t.name order by 1) as aliases,
        health_frequency as every, health_denominator as unit, disable_health_check as disabled from device_types t where name = ${name}`.execute(db),
    sql<{ state: number; health: number; count: number }>`
      select state, health, count(*)::int as count from devices where device_type = ${name} and ${visibleDevices(user)} group by 1, 2`.execute(db),
  ]);
  const { description = '', aliases = [], every = 24, unit = 0, disabled = false } = type ?? {};
  const sum = (words: readonly string[], of: 'state' | 'health') => Object.fromEntries(words.flatMap((word, n) => {
    // Retired devices have a health and no state worth a word.
    const total = counts.filter((c) => c[of] === n && (of === 'health' || deviceHealths[c.health] !== 'Retired')).reduce((all, c) => all + c.count, 0);
    return total > 0 ? [[word, total]] : [];
  }));
  return {
    ...row, description, aliases, health_check: { enabled: !disabled, every, unit: unit === 1 ? 'jobs' : 'hours' },
    states: sum(deviceStates, 'state'), healths: sum(deviceHealths, 'health'),
  };
}
