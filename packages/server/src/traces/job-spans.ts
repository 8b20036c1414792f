import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { jobHealths } from '@lava/job';
import type { Database } from '../store/database.ts';
import { jobHealth, jobState } from '../store/numbers.ts';

/** A span as OTLP's JSON has it: ids are hexadecimal, times nanoseconds as text. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1: something inside the server. */
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  /** 2: an error. */
  readonly status: { readonly code?: 2; readonly message?: string };
}

export interface Attribute { readonly key: string; readonly value: { readonly stringValue: string } | { readonly intValue: string } | { readonly boolValue: boolean } }

interface Job {
  readonly id: number; readonly sub_id: string; readonly description: string; readonly submitter: string; readonly device: string | null; readonly device_type: string | null; readonly worker: string | null;
  readonly health: number; readonly health_check: boolean; readonly priority: number; readonly submit_time: Date; readonly first_attempt: Date | null; readonly end_time: Date; readonly attempts: number;
  readonly error_type: string | null; readonly error_code: string | null; readonly error_msg: string | null;
}

interface Action { readonly level: string; readonly name: string; readonly namespace: string; readonly start_line: number; readonly started_at: Date; readonly ended_at: Date | null; readonly failed: boolean }

/** Where attributes and messages are cut. */
const longest = 1000;

/**
 * The trace of a job that has ended: the job, in it its wait in the queue and the actions of its pipeline. Ids follow from
 * the job, so that a trace that is sent twice is one. Empty for a job that is not there or has not ended.
 */
export async function jobSpans(db: Kysely<Database>, id: number): Promise<Span[]> {
  const { rows: [job] } = await sql<Job>`
    select jobs.id, jobs.sub_id, jobs.description, users.username as submitter, jobs.actual_device as device, coalesce(jobs.requested_device_type, devices.device_type) as device_type,
      (select a.worker from attempts a where a.job = jobs.id order by a.fence desc limit 1) as worker, jobs.health, jobs.health_check, jobs.priority, jobs.submit_time, jobs.end_time,
      (select min(a.created_at) from attempts a where a.job = jobs.id) as first_attempt, (select count(*)::int from attempts a where a.job = jobs.id) as attempts,
      jobs.error_type, jobs.error_code, jobs.error_msg
    from jobs join users on users.id = jobs.submitter left join devices on devices.hostname = jobs.actual_device where jobs.id = ${id} and jobs.state = ${jobState.Finished} and jobs.end_time is not null`.execute(db);
  if (!job) return [];
  const actions = await db.selectFrom('job_actions').select(['level', 'name', 'namespace', 'start_line', 'started_at', 'ended_at', 'failed']).where('job', '=', id).orderBy('start_line').execute();
  return spansOf(job, actions);
}

function spansOf(job: Job, actions: readonly Action[]): Span[] {
  const traceId = hash(16, 'trace', job.id, job.submit_time.getTime());
  const spanId = (...of: readonly (string | number)[]) => hash(8, traceId, ...of);
  const root = spanId('job');
  const span = (name: string, own: string, parentSpanId: string | undefined, start: Date, end: Date, attributes: Readonly<Record<string, unknown>>, error: string | undefined): Span => ({
    traceId, spanId: own, ...(parentSpanId !== undefined && { parentSpanId }), name: name.slice(0, longest), kind: 1, startTimeUnixNano: nanos(start),
    // Clocks of workers differ from the server's: no span ends before it begins.
    endTimeUnixNano: nanos(end < start ? start : end), attributes: attributesOf(attributes), status: error === undefined ? {} : { code: 2, message: error.slice(0, longest) },
  });
  const failed = job.health === jobHealth.Incomplete;
  const spans = [
    span(`job ${job.description}`, root, undefined, job.submit_time, job.end_time, {
      'lava.job.id': job.id, 'lava.job.sub_id': job.sub_id || null, 'lava.job.name': job.description, 'lava.job.submitter': job.submitter, 'lava.job.health': jobHealths[job.health], 'lava.job.health_check': job.health_check,
      'lava.job.priority': job.priority, 'lava.job.attempts': job.attempts, 'lava.device': job.device, 'lava.device_type': job.device_type, 'lava.worker': job.worker,
      'lava.error.type': job.error_type, 'lava.error.code': job.error_code, 'error.type': failed ? job.error_code ?? job.error_type : null,
    }, failed ? job.error_msg ?? 'Incomplete' : undefined),
    span('queue', spanId('queue'), root, job.submit_time, job.first_attempt ?? job.end_time, { 'lava.job.id': job.id, 'lava.device_type': job.device_type, 'lava.device': job.device }, undefined),
  ];
  // An action that is tried again has its level again: what is in it belongs to the last one before.
  const ofLevel = new Map<string, string>();
  for (const { level, name, namespace, start_line, started_at, ended_at, failed: bad } of actions) {
    const own = spanId('action', start_line, level);
    ofLevel.set(level, own);
    const above = level.includes('.') ? ofLevel.get(level.slice(0, level.lastIndexOf('.'))) : undefined;
    spans.push(span(name, own, above ?? root, started_at, ended_at ?? job.end_time, {
      'lava.job.id': job.id, 'lava.action.level': level, 'lava.action.namespace': namespace, 'lava.log.line': start_line, 'lava.device': job.device, 'lava.device_type': job.device_type, 'lava.worker': job.worker,
    }, bad ? `${name} failed` : undefined));
  }
  return spans;
}

const hash = (bytes: number, ...of: readonly (string | number)[]) => createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, bytes * 2);
const nanos = (at: Date) => `${at.getTime()}000000`;

/** Attributes in OTLP's form; those that are null are left out. */
export function attributesOf(values: Readonly<Record<string, unknown>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]): Attribute[] => {
    if (value === null || value === undefined) return [];
    return [{ key, value: typeof value === 'boolean' ? { boolValue: value } : typeof value === 'number' ? { intValue: String(value) } : { stringValue: String(value).slice(0, longest) } }];
  });
}
