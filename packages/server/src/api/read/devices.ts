import { deviceHealths, deviceStates } from '@lava/job';
import { sql, type Kysely } from 'kysely';
import { visibleJobs } from '../../auth/visibility.ts';
import type { User } from '../../auth/users.ts';
import type { Database } from '../../store/database.ts';

/** A device in lists (docs/api.md). `job_description` is null too when the job is hidden from who asks. */
export interface DeviceRow {
  hostname: string; device_type: string; worker: string | null; state: string; health: string; description: string; tags: string[];
  job: number | null; job_description: string | null; last_job: number | null;
}

/** Devices by name, or those with the given names. Numbers and descriptions of jobs that `user` may not see are left out. */
export async function deviceRows(db: Kysely<Database>, user: User | null, hostnames?: readonly string[]): Promise<DeviceRow[]> {
  const wanted = hostnames === undefined ? sql`true` : sql`devices.hostname = any(${[...hostnames]}::text[])`;
  const { rows } = await sql<Omit<DeviceRow, 'state' | 'health'> & { state: number; health: number }>`
    select devices.hostname, devices.device_type, devices.worker, devices.state, devices.health, devices.description,
      array(select t.name from device_tags dt join tags t on t.id = dt.tag_id where dt.device = devices.hostname order by t.name) as tags,
      current.id as job, current.description as job_description, last.id as last_job
    from devices
    left join lateral (select jobs.id, jobs.description from jobs
      where jobs.actual_device = devices.hostname and jobs.state < 5 and ${visibleJobs(user)} limit 1) current on true
    left join lateral (select jobs.id from jobs
      where jobs.actual_device = devices.hostname and jobs.state = 5 and ${visibleJobs(user)} order by jobs.id desc limit 1) last on true
    where ${wanted} order by devices.hostname`.execute(db);
  return rows.map((r) => ({ ...r, state: deviceStates[r.state]!, health: deviceHealths[r.health]! }));
}

/** Device types with their devices by what they do and the jobs that wait for one. */
export async function deviceTypeRows(db: Kysely<Database>): Promise<{ name: string; display: boolean; devices: number; idle: number; busy: number; queued: number }[]> {
  const { rows } = await sql<{ name: string; display: boolean; devices: number; idle: number; busy: number; queued: number }>`
    select t.name, t.display, count(d.hostname)::int as devices,
      count(*) filter (where d.state = 0 and d.health in (0, 1))::int as idle, count(*) filter (where d.state <> 0)::int as busy,
      (select count(*)::int from jobs j where j.requested_device_type = t.name and j.state in (0, 1)) as queued
    from device_types t left join devices d on d.device_type = t.name and d.health <> 5
    group by t.name order by t.name`.execute(db);
  return rows;
}
