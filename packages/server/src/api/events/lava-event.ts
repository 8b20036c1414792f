import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { isoMicroseconds } from '@lava/base';
import { deviceHealths, deviceStates, workerHealths, workerStates } from '@lava/job';
import { may, type Guarded } from '../../auth/permissions.ts';
import type { User } from '../../auth/users.ts';
import { grantsColumn, guardedDevice, maySeeJob, readJobAccess } from '../../auth/visibility.ts';
import type { ServerEvent } from '../../event-bus.ts';
import type { Services } from '../../services.ts';
import { pythonJson } from './python-json.ts';
import { jobRows } from '../../read/jobs.ts';

/** An event as LAVA tells it. */
export interface LavaEvent {
  /** Topic, UUID, time, user, JSON. */
  readonly parts: readonly [topic: string, uuid: string, time: string, user: string, json: string];
  maySee(user: User | null): boolean;
  /** The worker of the job that it tells of. */
  readonly worker?: string | undefined;
}

/** An event with what LAVA tells about its object, read from the database; undefined for what LAVA does not tell. */
export async function lavaEvent(services: Services, topic: string, event: ServerEvent, at: Date): Promise<LavaEvent | undefined> {
  const frame = (suffix: string, user: string, content: Parameters<typeof pythonJson>[0], maySee: LavaEvent['maySee']): LavaEvent =>
    ({ parts: [`${topic}.${suffix}`, randomUUID(), isoMicroseconds(at), user, pythonJson(content)], maySee });

  if (event.type === 'job') {
    const found = (await jobRows(services.db, [event.id]))[0];
    if (!found) return undefined;
    const { row, access } = found;
    const { sub_id } = await services.db.selectFrom('jobs').select('sub_id').where('id', '=', event.id).executeTakeFirstOrThrow();
    const time = (iso: string | null) => (iso === null ? undefined : isoMicroseconds(new Date(iso)));
    const content = {
      health: event.health, state: event.state, job: row.id, description: row.description, priority: row.priority, submit_time: time(row.submit_time),
      submitter: row.submitter, health_check: row.health_check, sub_id: sub_id || undefined, device: row.device ?? undefined, worker: row.worker ?? undefined,
      device_type: row.device_type ?? undefined, start_time: time(row.start_time), end_time: time(row.end_time),
    };
    const known = Object.fromEntries(Object.entries(content).filter(([, v]) => v !== undefined)) as Record<string, string | number | boolean>;
    return { ...frame('testjob', row.submitter, known, (user) => maySeeJob(user, access)), worker: content.worker };
  }
  if (event.type === 'device') {
    const { rows } = await sql<{ hostname: string; device_type: string; worker: string | null; state: number; health: number; job: number | null; sub_id: string | null; guard: Guarded }>`
      select d.hostname, d.device_type, d.worker, d.state, d.health, j.id as job, j.sub_id, ${guardedDevice('d.hostname', 'd.device_type')} as guard
      from devices d left join jobs j on j.actual_device = d.hostname and j.state < 5 where d.hostname = ${event.hostname}`.execute(services.db);
    const d = rows[0];
    if (!d) return undefined;
    const job: Record<string, string | number> = d.job === null ? {} : { job: d.sub_id || d.job };
    return frame('device', 'lavaserver', { health: deviceHealths[d.health]!, state: deviceStates[d.state]!, device: d.hostname, device_type: d.device_type, worker: d.worker, ...job }, (user) => may(user, 'view', d.guard));
  }
  if (event.type === 'worker') {
    const w = await services.db.selectFrom('workers').select(['hostname', 'health', 'state', grantsColumn('worker', 'workers.hostname').as('grants')]).where('hostname', '=', event.hostname).executeTakeFirst();
    return w && frame('worker', 'lavaserver', { hostname: w.hostname, health: workerHealths[w.health]!, state: workerStates[w.state]! }, (user) => may(user, 'view', { kind: 'worker', grants: w.grants }));
  }
  if (event.type === 'test-event') {
    const access = await readJobAccess(services.db, event.job);
    return access && frame('event', 'lavaserver', { message: event.message, job: event.job }, (user) => maySeeJob(user, access));
  }
  return undefined; // log records, results and actions
}
