import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';
import { deviceHealth, deviceState, jobState, workerHealth, workerState } from '../store/numbers.ts';
import { isOneOf, prepared, written } from '../store/prepared.ts';

const { Submitted } = written(jobState);
const { Idle } = written(deviceState);
const { Good, Unknown, Looping } = written(deviceHealth);
const { Online } = written(workerState);
const { Active } = written(workerHealth);

/** What may have changed the chances of queued jobs: jobs that came, devices that came free. */
export interface News {
  readonly jobs: ReadonlySet<number>;
  readonly devices: ReadonlySet<string>;
}

/** The part of the lab that a round must look at. */
export interface Scope {
  /** All devices of these types. */
  readonly types: readonly string[];
  /** All queued jobs for these types, and those of multinode groups. */
  readonly wanted: readonly string[];
  /** These jobs, whatever they wait for. */
  readonly jobs: readonly number[];
}

/**
 * Which part of the lab the news concern, so that a round can leave out the rest: after a round in which every job that
 * could start did, only jobs that came since and devices that came free since can make a difference. Whatever ties device
 * types together is kept together: multinode groups, workers with a job limit, quotas.
 */
export async function scopeOf(db: Kysely<Database>, { jobs, devices }: News): Promise<Scope> {
  const { rows: [row] } = await sql<{ types: string[] | null; idle: string[] | null }>`
    with concerned as (
      select requested_device_type as type from jobs where ${isOneOf(sql`id`, [...jobs], sql`int`)} and state = ${Submitted}
      union select device_type from devices where ${isOneOf(sql`hostname`, [...devices], sql`text`)} and state = ${Idle}),
    tied as (
      select requested_device_type as type from jobs where state = ${Submitted} and target_group is not null
      union select device_type from workers join devices on devices.worker = workers.hostname where job_limit > 0
      union select name from device_types where exists (select from group_shares where quota is not null)),
    types as (select type from concerned where type is not null union select type from tied where type is not null and exists (select from concerned))
    select array_agg(type) as types, array_agg(type) filter (where exists (select from devices join workers on workers.hostname = devices.worker
      where device_type = type and devices.state = ${Idle} and devices.health in (${Good}, ${Unknown}, ${Looping})
        and workers.state = ${Online} and workers.health = ${Active} and workers.display)) as idle
    from types ${prepared}`.execute(db);
  return { types: row!.types ?? [], wanted: row!.idle ?? [], jobs: [...jobs] };
}
