import { sql, type Kysely } from 'kysely';
import { deviceHealths, deviceStates } from '@lava/job';
import type { Grant, Guarded } from '../auth/permissions.ts';
import { userColumns, type User } from '../auth/users.ts';
import { halfLife } from '../jobs/device-use.ts';
import type { Database } from '../store/database.ts';
import { deviceState, jobState, workerHealth, workerState } from '../store/numbers.ts';
import { isOneOf, prepared, written } from '../store/prepared.ts';
import type { PastRuns } from './estimate.ts';
import type { Scope } from './scope.ts';
import { leastCharge } from './shares.ts';
import type { DeviceSeat, Policy, QueuedJob, Snapshot } from './snapshot.ts';

const { Submitted, Finished } = written(jobState);
const { Idle } = written(deviceState);

/**
 * One consistent look at the queue and the lab. Which devices have a definition of a health check is for `HealthCheckFiles` to say.
 * @param scope the part to look at; all of it if left out
 */
export async function readSnapshot(db: Kysely<Database>, policy: Policy, scope?: Scope): Promise<Snapshot> {
  const asked = scope ? sql`(${isOneOf(sql`requested_device_type`, scope.wanted, sql`text`)} or target_group is not null or ${isOneOf(sql`id`, scope.jobs, sql`int`)})` : sql`true`;
  const inScope = scope ? isOneOf(sql`device_type`, scope.types, sql`text`) : sql`true`;
  // Whose use of the lab says who is next: with a queue in part, who asks, and all who share with others.
  const queueing = sql`users.id in (select submitter from asked)`;
  const competing = scope ? sql`(${queueing} or users.id in (select user_id from user_groups natural join group_shares))` : sql`(${queueing} or device_use.submitter is not null or run.held > 0)`;
  // A part is found once; all of it is faster read again where it is used.
  const kept = scope ? sql`materialized` : sql`not materialized`;
  // One statement: what it returns belongs to one moment.
  const { rows } = await sql<Rows>`
    with asked as ${kept} (select id, requested_device_type, requested_device, requested_worker, priority, submit_time, queue_timeout, submitter, target_group, role, host_role, queued_at, retried
        from jobs where state = ${Submitted} and ${asked}),
      seats as ${kept} (select hostname, device_type, worker, state, health, last_health_report_job from devices where ${inScope})
    select
      -- By columns, which is twice as fast as by rows.
      (select json_build_object('id', json_agg(id), 'type', json_agg(requested_device_type), 'device', json_agg(requested_device), 'worker', json_agg(requested_worker),
         'priority', json_agg(priority), 'submitted', json_agg(floor(date_part('epoch', submit_time) * 1000)), 'patience', json_agg(queue_timeout),
         'tags', json_agg(t.tags), 'submitter', json_agg(submitter), 'group', json_agg(target_group), 'role', json_agg(role), 'hostRole', json_agg(host_role),
         'notBefore', json_agg(floor(date_part('epoch', queued_at) * 1000)), 'avoid', json_agg(
           case when retried > 0 then array(select distinct device from attempts where attempts.job = asked.id and attempts.error_type is not null and device is not null) end))
       from asked left join (select job, array_agg(tag_id) as tags from asked join job_tags on job = id group by job) t on t.job = asked.id
       -- Of a group that is tried again some jobs may not have ended yet.
       where retried = 0 or target_group is null or not exists (select from jobs other where other.target_group = asked.target_group and other.state <> ${Submitted})) as jobs,
      (select json_agg(json_build_array(seats.hostname, seats.device_type, seats.worker, seats.state, seats.health, t.tags, g.grants,
         floor(date_part('epoch', last.submit_time) * 1000),
         case when health_denominator = 1 and last.id is not null and seats.state = ${Idle} then
           (select count(*) from jobs j where j.actual_device = seats.hostname and not j.health_check and j.start_time > last.submit_time) else 0 end,
         held.job, floor(date_part('epoch', held.created_at) * 1000)))
       from seats join device_types on device_types.name = seats.device_type
         left join (select device, array_agg(tag_id) as tags from seats join device_tags on device = hostname group by device) t on t.device = seats.hostname
         left join (select device, json_agg(json_build_array(group_id, permission)) as grants from seats join group_device_permissions on device = hostname group by device) g on g.device = seats.hostname
         left join attempts held on held.device = seats.hostname and held.ended_at is null
         left join (select id, submit_time from jobs where health_check) last on last.id = last_health_report_job) as devices,
      (select json_agg(json_build_array(hostname, state, health, display, job_limit, ${scope
        ? sql`case when job_limit > 0 then (select count(*) from devices where worker = workers.hostname and state <> ${Idle} and not ${inScope}) else 0 end` : sql`0`}))
       from workers ${scope ? sql`where hostname in (select worker from seats)` : sql``}) as workers,
      (select json_agg(json_build_array(device_types.name, display, health_frequency, health_denominator, disable_health_check, g.grants))
       from device_types left join (select device_type, json_agg(json_build_array(group_id, permission)) as grants
         from group_device_type_permissions group by device_type) g on g.device_type = name) as types,
      (select json_agg(row_to_json(u)) from (select ${userColumns}, coalesce(run.held, 0)::int as held,
           coalesce(run.seconds, 0) + coalesce(device_use.seconds * power(0.5, extract(epoch from now() - device_use.as_of) / ${halfLife}), 0) as used
         from users left join device_use on device_use.submitter = users.id
           left join lateral (select count(*) as held, sum(greatest(${leastCharge}, extract(epoch from now() - attempts.created_at))) as seconds
             from jobs join attempts on attempts.job = jobs.id and ended_at is null
             where jobs.submitter = users.id and state > ${Submitted} and state < ${Finished} and attempts.device is not null and not health_check) run on true
         where ${competing}) u) as users,
      (select json_agg(json_build_array(group_id, weight, quota)) from group_shares) as shares ${scope ? prepared : sql``}`.execute(db);
  const { jobs, devices, workers, types, users, shares } = rows[0]!;
  const guards = guardsOf(types ?? []);
  return {
    policy,
    jobs: (jobs.id ?? []).map((id, n): QueuedJob => ({
      id, type: jobs.type[n]!, device: jobs.device[n]!, worker: jobs.worker[n]!, tags: jobs.tags[n] ?? [], priority: jobs.priority[n]!, submitted: jobs.submitted[n]!,
      deadline: jobs.patience[n] === null ? null : (jobs.notBefore[n] ?? jobs.submitted[n]!) + jobs.patience[n]! * 1000,
      notBefore: jobs.notBefore[n]!, avoid: jobs.avoid[n] ?? [],
      submitter: jobs.submitter[n]!, group: jobs.group[n]!, role: jobs.role[n]!, hostRole: jobs.hostRole[n]!,
    })),
    devices: (devices ?? []).map(([hostname, type, worker, state, health, tags, grants, lastCheck, jobsSinceCheck, job, busySince]): DeviceSeat => ({
      hostname, type, worker, state: deviceStates[state]!, health: deviceHealths[health]!, tags: new Set(tags), guard: guards(type, grants),
      hasHealthCheck: false, lastCheck, jobsSinceCheck, job, busySince,
    })),
    workers: (workers ?? []).map(([hostname, state, health, display, jobLimit, busyElsewhere]) => ({
      hostname, online: state === workerState.Online, active: health === workerHealth.Active, display, jobLimit, busyElsewhere,
    })),
    types: new Map((types ?? []).map(([name, display, checkEvery, denominator, checksDisabled]) => [name, { display, checkEvery, checkUnit: denominator === 1 ? 'jobs' : 'hours', checksDisabled }])),
    submitters: new Map((users ?? []).map(({ held, used, ...user }) => [user.id, { user, held, used: Number(used) }])),
    shares: new Map((shares ?? []).map(([group, weight, quota]) => [group, { weight, quota }])),
  };
}

/** Seconds that the last hundred finished jobs of each of these device types took. */
export async function readPastRuns(db: Kysely<Database>, types: readonly string[]): Promise<PastRuns> {
  const { rows } = await sql<{ type: string; seconds: number[] }>`
    select type, array(select extract(epoch from end_time - start_time)::float8 from jobs
      where requested_device_type = type and state = ${Finished} and start_time < end_time order by submit_time desc limit 100) as seconds
    from unnest(${types}::text[]) as type`.execute(db);
  return new Map(rows.map((r) => [r.type, r.seconds]));
}

/** What is said of devices that are alike is one object. */
function guardsOf(types: readonly TypeRow[]): (type: string, grants: GrantRow[] | null) => Guarded | null {
  const toGrants = (rows: readonly GrantRow[]): Grant[] => rows.map(([group, permission]) => ({ group, permission }));
  const ofType = new Map<string, Guarded>(types.flatMap(([name, , , , , rows]) => (rows ? [[name, { kind: 'devicetype', grants: toGrants(rows) }]] : [])));
  const known = new Map<string, Guarded>();
  return (type, rows) => {
    const above = ofType.get(type);
    if (!rows && !above) return null;
    const key = JSON.stringify([above && type, rows]);
    let guard = known.get(key);
    if (!guard) known.set(key, guard = { kind: 'device', grants: toGrants(rows ?? []), ...(above ? { type: above } : {}) });
    return guard;
  };
}

interface Rows {
  jobs: JobColumns; devices: DeviceRow[] | null; workers: WorkerRow[] | null; types: TypeRow[] | null;
  users: (User & { held: number; used: number })[] | null; shares: [number, number, number | null][] | null;
}
/** A value a job, all in the same order; without jobs there is nothing. */
interface JobColumns {
  id: number[] | null; type: (string | null)[]; device: (string | null)[]; worker: (string | null)[]; priority: number[]; submitted: number[]; patience: (number | null)[];
  tags: (number[] | null)[]; submitter: number[]; group: (string | null)[]; role: string[]; hostRole: (string | null)[];
  notBefore: (number | null)[]; avoid: (string[] | null)[];
}
type GrantRow = [number, string];
type DeviceRow = [string, string, string | null, number, number, number[] | null, GrantRow[] | null, number | null, number, number | null, number | null];
type WorkerRow = [string, number, number, boolean, number, number];
type TypeRow = [string, boolean, number, number, boolean, GrantRow[] | null];
