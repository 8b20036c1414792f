import { sql, type Kysely } from 'kysely';
import { deviceHealths, deviceStates } from '@lava/job';
import type { Database } from '../store/database.ts';
import { jobState, workerHealth, workerState } from '../store/numbers.ts';
import type { Snapshot } from './snapshot.ts';

/** One consistent look at the queue and the lab. */
export async function readSnapshot(db: Kysely<Database>): Promise<Snapshot> {
  // One statement: what it returns belongs to one moment.
  const { rows } = await sql<{ jobs: JobRow[] | null; devices: DeviceRow[] | null; workers: WorkerRow[] | null; hidden: string[] | null }>`
    select
      (select json_agg(json_build_array(id, requested_device_type, requested_device, requested_worker, priority,
         extract(epoch from submit_time) * 1000, extract(epoch from submit_time) * 1000 + queue_timeout * 1000.0,
         array(select tag_id from job_tags where job = id))) from jobs where state = ${jobState.Submitted}) as jobs,
      (select json_agg(json_build_array(hostname, device_type, worker, state, health,
         array(select tag_id from device_tags where device = hostname))) from devices) as devices,
      (select json_agg(json_build_array(hostname, state, health, display, job_limit)) from workers) as workers,
      (select json_agg(name) from device_types where not display) as hidden`.execute(db);
  const { jobs, devices, workers, hidden } = rows[0]!;
  return {
    jobs: (jobs ?? []).map(([id, type, device, worker, priority, submitted, deadline, tags]) => ({ id, type, device, worker, priority, submitted, deadline, tags })),
    devices: (devices ?? []).map(([hostname, type, worker, state, health, tags]) => ({
      hostname, type, worker, state: deviceStates[state]!, health: deviceHealths[health]!, tags: new Set(tags),
    })),
    workers: (workers ?? []).map(([hostname, state, health, display, jobLimit]) => ({
      hostname, online: state === workerState.Online, active: health === workerHealth.Active, display, jobLimit,
    })),
    hiddenTypes: new Set(hidden),
  };
}

type JobRow = [number, string | null, string | null, string | null, number, number, number | null, number[]];
type DeviceRow = [string, string, string | null, number, number, number[]];
type WorkerRow = [string, number, number, boolean, number];
