import { sql } from 'kysely';
import { takeBackResults } from '../logs/cut-back.ts';
import type { Change } from '../store/change.ts';
import { deviceHealth, deviceState, jobHealth, jobState } from '../store/numbers.ts';
import { prepared } from '../store/prepared.ts';
import type { Attempt } from './attempt.ts';

/** A job and where it is to run. */
interface Seat {
  readonly job: number;
  readonly device: string;
  readonly worker: string;
}

/** Jobs that start together or not at all. */
export interface WholePlacement {
  readonly jobs: readonly Seat[];
  /** A health check: it may have a Looping device. */
  readonly check?: boolean;
  /** Jobs that share the device of one of the others. */
  readonly guests?: readonly Seat[];
}

/**
 * Submitted → Scheduled, and the devices Idle → Reserved, for every placement all of whose jobs and devices are still
 * free; the others are left as they are. Rows are locked in the order jobs, devices, each by its key, so that nobody who
 * changes one of them waits in a circle.
 * @param lease seconds for which an attempt holds its device without a word from the worker
 */
export async function placeJobs(c: Change, placements: readonly WholePlacement[], lease: number): Promise<Attempt[]> {
  const { Good, Unknown, Looping } = deviceHealth;
  const jobs = placements.flatMap((p) => [...p.jobs, ...p.guests ?? []].map((s) => s.job));
  const free = await sql<{ id: number }>`select id from jobs where id = any(${jobs}::int[]) and state = ${jobState.Submitted} order by id for update ${prepared}`.execute(c.trx);
  const freeJobs = new Set(free.rows.map((r) => r.id));
  const possible = placements.filter((p) => [...p.jobs, ...p.guests ?? []].every((s) => freeJobs.has(s.job)));
  if (possible.length === 0) return [];

  const wanted = possible.flatMap((p) => p.jobs.map((s) => s.device));
  const idle = await sql<{ hostname: string; worker: string; health: number }>`select hostname, worker, health from devices
    where hostname = any(${wanted}::text[]) and state = ${deviceState.Idle} and health in (${Good}, ${Unknown}, ${Looping}) order by hostname for update ${prepared}`.execute(c.trx);
  const found = new Map(idle.rows.map((r) => [r.hostname, r]));
  const placed = possible.filter((p) => p.jobs.every((s) => found.get(s.device)?.worker === s.worker && (p.check || found.get(s.device)?.health !== Looping)));
  const seats = placed.flatMap((p) => [...p.jobs.map((s) => ({ ...s, guest: false })), ...(p.guests ?? []).map((s) => ({ ...s, guest: true }))]);
  if (seats.length === 0) return [];
  return startAttempts(c, seats, lease);
}

/** Rows of jobs and devices are locked and free. */
async function startAttempts(c: Change, seats: readonly (Seat & { guest: boolean })[], lease: number): Promise<Attempt[]> {
  const { rows } = await sql<{ job: number; fence: number }>`
    with seat as (select * from jsonb_to_recordset(${JSON.stringify(seats)}::jsonb) as s (job int, device text, worker text, guest boolean)),
    taken as (update jobs set state = ${jobState.Scheduled}, actual_device = case when guest then null else device end, next_fence = next_fence + 1
      from seat where jobs.id = seat.job returning jobs.id as job, next_fence - 1 as fence, device, worker, guest),
    reserved as (update devices set state = ${deviceState.Reserved} from taken where devices.hostname = taken.device and not guest)
    insert into attempts (job, fence, device, shared_device, worker, lease_expires)
      select job, fence, case when guest then null else device end, case when guest then device end, worker, now() + make_interval(secs => ${lease}) from taken
    returning job, fence ${prepared}`.execute(c.trx);
  const again = rows.filter(({ fence }) => fence > 1).map(({ job }) => job);
  if (again.length > 0) await takeBackResults(c.trx, again);
  for (const { job, device, worker, guest } of seats) {
    c.job(job, jobState.Scheduled, jobHealth.Unknown);
    if (!guest) c.device(device);
    c.note('job', job, `Submitted → Scheduled (${guest ? `with ${device}` : device} on ${worker})`);
  }
  return rows;
}
