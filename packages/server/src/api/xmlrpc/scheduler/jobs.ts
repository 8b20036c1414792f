import { jobHealths, jobStates } from '@lava/job';
import { sql } from 'kysely';
import { visibleJobs } from '../../../auth/visibility.ts';
import { jobConfiguration } from '../../../export/configuration.ts';
import { jobState } from '../../../store/numbers.ts';
import { anyone, login } from '../access.ts';
import { Fault, type XmlRpcValue } from '../codec/values.ts';
import { internalError } from '../codec/write.ts';
import { method, type Context, type Method } from '../method.ts';
import { jobNamed } from '../objects.ts';
import { flag, integer, jobId, text, texts } from '../param.ts';
import { cancel } from './cancel.ts';
import { resubmit, submit } from './submit.ts';

/** Jobs of a list at most. */
const mostListed = 100;
/** Bytes of a log in one answer: a client that asks for more asks again, from the line behind. */
const mostLogBytes = 64 * 1024 * 1024;

const ids = 'integer, or for a multinode job an array of strings (["12.0", "12.1"])';

export const schedulerJobs: readonly Method[] = [
  method('scheduler.jobs.submit', {
    access: login, params: { definition: text('job definition in YAML or JSON') },
    about: 'Checks a job definition and puts its job, or the jobs of its multinode group, into the queue.', returns: ids,
    run: (context, { definition }) => submit(context, definition),
  }),
  method('scheduler.jobs.resubmit', {
    access: login, params: { job_id: jobId() },
    about: 'Submits the definition of a job again, for who asks.', returns: ids,
    run: async (context, { job_id }) => resubmit(context, await jobNamed(context, job_id)),
  }),
  method('scheduler.jobs.cancel', {
    access: login, params: { job_id: jobId() },
    about: 'Ends a job that has not ended; all members of a multinode group end together.', returns: 'true',
    run: (context, { job_id }) => cancel(context, job_id),
  }),
  method('scheduler.jobs.definition', {
    access: anyone, params: { job_id: jobId() },
    about: 'The definition as it was submitted, with its comments, but without the values of its secrets; of a multinode job that of the whole group.', returns: 'string',
    async run(context, { job_id }) {
      const job = await readJob(context, job_id);
      return job.multinode_definition || job.original_definition;
    },
  }),
  method('scheduler.jobs.configuration', {
    access: anyone, params: { job_id: jobId() },
    about: 'What the dispatcher of a job got.', returns: 'array of five binary texts: job definition, device, dispatcher, environment, environment of the device under test; nil for one that there was not',
    run: configuration,
  }),
  method('scheduler.jobs.validate', {
    access: anyone, params: { definition: text('job definition in YAML or JSON'), strict: flag('refuse keys that are not known', false) },
    about: 'Checks a definition by its schema, without submitting it.', returns: 'struct with path and msg of the first mistake; empty if there is none',
    async run({ services }, { definition, strict }): Promise<XmlRpcValue> {
      const invalid = services.jobs.validateSchema(definition, strict);
      return invalid ? { path: invalid.path, msg: invalid.msg } : {};
    },
  }),
  method('scheduler.jobs.show', {
    access: anyone, params: { job_id: jobId() }, about: 'Facts about a job.',
    returns: 'struct with id, description, device, device_type, health_check, pipeline, health, state, submitter, submit_time, start_time, end_time, tags, visibility, failure_comment, error_msg, error_type',
    run: show,
  }),
  method('scheduler.jobs.list', {
    access: anyone,
    params: {
      state: text('only jobs in this state', null), health: text('only jobs with this health', null), start: integer('leave out the first ones', 0),
      limit: integer(`jobs at most; never more than ${mostListed}`, 25), since: integer('only jobs that ended in the last minutes; 0: all', 0),
      verbose: flag('with device, times and errors', false), duration_at_least: integer('only jobs that ran for more minutes', null),
    },
    about: 'Jobs, newest first.', returns: 'array of structs with id, description, device_type, health, state, submitter; verbose also actual_device, start_time, end_time (as text), error_msg, error_type',
    run: list,
  }),
  method('scheduler.jobs.queue', {
    access: anyone,
    params: { device_types: texts('only jobs for these device types', null), start: integer('leave out the first ones', 0), limit: integer(`jobs at most; never more than ${mostListed}`, 25) },
    about: 'Jobs that wait, newest first.', returns: 'array of structs with id, description, requested_device_type, submitter',
    async run({ services, user }, { device_types, start, limit }) {
      const wanted = device_types === null || device_types.length === 0 ? sql`true` : sql`jobs.requested_device_type = any(${[...device_types]}::text[])`;
      const { rows } = await sql<{ id: number; sub_id: string; description: string; requested_device_type: string | null; submitter: string }>`
        select jobs.id, jobs.sub_id, jobs.description, jobs.requested_device_type, users.username as submitter from jobs join users on users.id = jobs.submitter
        where jobs.state = ${jobState.Submitted} and ${wanted} and ${visibleJobs(user)} order by jobs.id desc ${page(start, limit)}`.execute(services.db);
      return rows.map(({ sub_id, ...job }) => ({ ...job, id: sub_id || job.id }));
    },
  }),
  method('scheduler.jobs.logs', {
    access: anyone, params: { job_id: jobId(), start: integer('first line, from 0', 0), end: integer('line behind the last', null) },
    about: 'The log of a job, one record of YAML a line. To follow a job, ask again from the line behind the last one until it says that there is no more.',
    returns: 'array of a boolean (the job has ended and these are its last lines) and the lines as binary text',
    run: logs,
  }),
];

async function readJob(context: Context, name: string) {
  const id = await jobNamed(context, name);
  return context.services.db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

async function configuration(context: Context, { job_id }: { job_id: string }): Promise<XmlRpcValue> {
  const job = await readJob(context, job_id);
  if (job.state < jobState.Running) throw new Fault(404, `Job '${job_id}' has not started yet`);
  const files = await jobConfiguration(context.services.logs, job.id);
  return files.map(({ text }) => (text === undefined ? null : Buffer.from(text)));
}

async function show(context: Context, { job_id }: { job_id: string }): Promise<XmlRpcValue> {
  const { db } = context.services;
  const id = await jobNamed(context, job_id);
  const { rows: [job] } = await sql<{
    sub_id: string; description: string; device: string | null; device_type: string | null; health_check: boolean; health: number; state: number; submitter: string;
    submit_time: Date; start_time: Date | null; end_time: Date | null; failure_comment: string | null; error_msg: string | null; error_type: string | null;
    is_public: boolean; tags: string[]; groups: string[];
  }>`
    select jobs.sub_id, jobs.description, jobs.actual_device as device, jobs.requested_device_type as device_type, jobs.health_check, jobs.health, jobs.state,
      users.username as submitter, jobs.submit_time, jobs.start_time, jobs.end_time, jobs.failure_comment, jobs.error_msg, jobs.error_type, jobs.is_public,
      array(select t.name from job_tags jt join tags t on t.id = jt.tag_id where jt.job = jobs.id order by t.name) as tags,
      array(select g.name from job_groups jg join groups g on g.id = jg.group_id where jg.job = jobs.id order by g.name) as groups
    from jobs join users on users.id = jobs.submitter where jobs.id = ${id}`.execute(db);
  const { sub_id, is_public, groups, ...rest } = job!;
  return {
    ...rest, id: sub_id || id, pipeline: true, health: jobHealths[rest.health]!, state: jobStates[rest.state]!,
    visibility: groups.length > 0 ? `Group (${groups.join(', ')})` : is_public ? 'Public' : 'Personal',
  };
}

interface ListArguments {
  readonly state: string | null;
  readonly health: string | null;
  readonly start: number;
  readonly limit: number;
  readonly since: number;
  readonly verbose: boolean;
  readonly duration_at_least: number | null;
}

async function list({ services, user }: Context, { state, health, start, limit, since, verbose, duration_at_least }: ListArguments): Promise<XmlRpcValue> {
  const where = [visibleJobs(user)];
  if (state !== null) where.push(sql<boolean>`jobs.state = ${numberOf(jobStates, state, 'state')}`);
  if (health !== null) where.push(sql<boolean>`jobs.health = ${numberOf(jobHealths, health, 'health')}`);
  if (since > 0) where.push(sql<boolean>`jobs.state = ${jobState.Finished} and jobs.end_time >= now() - make_interval(mins => ${since})`);
  if (duration_at_least !== null) where.push(sql<boolean>`coalesce(jobs.end_time, now()) - jobs.start_time > make_interval(mins => ${duration_at_least})`);
  const { rows } = await sql<{
    id: number; sub_id: string; description: string; device_type: string | null; health: number; state: number; submitter: string;
    actual_device: string | null; start_time: Date | null; end_time: Date | null; error_msg: string | null; error_type: string | null;
  }>`
    select jobs.id, jobs.sub_id, jobs.description, jobs.requested_device_type as device_type, jobs.health, jobs.state, users.username as submitter,
      jobs.actual_device, jobs.start_time, jobs.end_time, jobs.error_msg, jobs.error_type
    from jobs join users on users.id = jobs.submitter where ${sql.join(where, sql` and `)} order by jobs.id desc ${page(start, limit)}`.execute(services.db);
  return rows.map((job) => ({
    id: job.sub_id || job.id, description: job.description, device_type: job.device_type, health: jobHealths[job.health]!, state: jobStates[job.state]!, submitter: job.submitter,
    ...(verbose && {
      actual_device: job.actual_device, start_time: timeText(job.start_time), end_time: timeText(job.end_time), error_msg: job.error_msg, error_type: job.error_type,
    }),
  }));
}

function numberOf(words: readonly string[], word: string, what: string): number {
  const n = words.findIndex((w) => w.toLowerCase() === word.toLowerCase());
  if (n < 0) throw new Fault(400, `Invalid ${what} '${word}'`);
  return n;
}

/** A time as Python prints it: `2026-11-22 10:35:28.921000+00:00`. */
function timeText(time: Date | null): string | null {
  return time && `${time.toISOString().slice(0, 23).replace('T', ' ')}000+00:00`.replace('.000000', '');
}

function page(start: number, limit: number) {
  if (limit < 0) throw new Fault(-32603, internalError('Negative indexing is not supported.'));
  return sql`limit ${Math.min(limit, mostListed)} offset ${Math.max(0, start)}`;
}

async function logs(context: Context, { job_id, start, end }: { job_id: string; start: number; end: number | null }): Promise<XmlRpcValue> {
  const { db, logs: store } = context.services;
  const id = await jobNamed(context, job_id);
  // Before the lines are read: a job ends after its last line is stored.
  const { state } = await db.selectFrom('jobs').select('state').where('id', '=', id).executeTakeFirstOrThrow();
  const finished = state === jobState.Finished;
  if (await store.path(id) === undefined) return [finished, Buffer.from('[]')];
  const from = Math.max(0, start);
  const lines = await store.read(id, from, end ?? undefined, mostLogBytes);
  const whole = lines.length < mostLogBytes / 2 || from + countLines(lines) >= Math.min(end ?? Infinity, await store.count(id));
  return [finished && whole, lines];
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(10); at >= 0; at = lines.indexOf(10, at + 1)) count++;
  return count;
}
