import { open } from 'node:fs/promises';
import { jobHealths, jobStates } from '@lava/job';
import { YamlError, loadYaml } from '@lava/yaml';
import { sql } from 'kysely';
import { visibleDeviceTypes, visibleJobs } from '../../../auth/visibility.ts';
import { deviceHealth, jobState } from '../../../store/numbers.ts';
import { anyone, login } from '../access.ts';
import { Fault, type XmlRpcValue } from '../codec/values.ts';
import { jobDetails } from '../job-details.ts';
import { method, type Context, type Method } from '../method.ts';
import { deviceNamed, findType, jobNamed, missing } from '../objects.ts';
import { flag, integer, jobId, text } from '../param.ts';
import { deviceStatus, jobStatus } from '../../../read/status-words.ts';
import { cancel } from './cancel.ts';
import { resubmit, submit } from './submit.ts';

/** Bytes of a log in one answer. */
const mostLogBytes = 64 * 1024 * 1024;
/** Recent jobs in one answer. */
const mostRecent = 10_000;

/** The interface to jobs that was there first; SQUAD and many scripts use it. */
export const schedulerOldJobs: readonly Method[] = [
  method('scheduler.submit_job', {
    access: login, params: { job_data: text('job definition in YAML or JSON') },
    about: 'Checks a job definition and puts its job, or the jobs of its multinode group, into the queue.', returns: 'integer, or for a multinode job an array of strings (["12.0", "12.1"])',
    run: (context, { job_data }) => submit(context, job_data),
  }),
  method('scheduler.resubmit_job', {
    access: login, params: { job_id: jobId() }, about: 'Submits the definition of a job again, for who asks.', returns: 'as `scheduler.submit_job`',
    run: async (context, { job_id }) => resubmit(context, await jobNamed(context, job_id)),
  }),
  method('scheduler.cancel_job', {
    access: login, params: { job_id: jobId() }, about: 'Ends a job that has not ended; all members of a multinode group end together.', returns: 'true',
    run: (context, { job_id }) => cancel(context, job_id),
  }),
  method('scheduler.validate_yaml', {
    access: anyone, params: { yaml_string: text('job definition in YAML or JSON') },
    about: 'Checks a definition by its schema, without submitting it. `scheduler.jobs.validate` says where a mistake is.', returns: 'nil; a mistake is a fault',
    run: validateYaml,
  }),
  method('scheduler.job_output', {
    access: anyone, params: { job_id: jobId(), offset: integer('first byte, from 0', 0) },
    about: 'The log of a job from a byte on; a very long one in parts.', returns: 'binary text',
    run: jobOutput,
  }),
  method('scheduler.job_state', {
    access: anyone, params: { job_id: jobId() }, about: 'State of a job.', returns: 'struct with job_id and job_state; of a multinode job also sub_id',
    async run(context, { job_id }) {
      const job = await stateOf(context, job_id);
      return { job_id: job.id, job_state: jobStates[job.state]!, ...(job.sub_id && { sub_id: job.sub_id }) };
    },
  }),
  method('scheduler.job_health', {
    access: anyone, params: { job_id: jobId() }, about: 'Health of a job.', returns: 'struct with job_id and job_health; of a multinode job also sub_id',
    async run(context, { job_id }) {
      const job = await stateOf(context, job_id);
      return { job_id: job.id, job_health: jobHealths[job.health]!, ...(job.sub_id && { sub_id: job.sub_id }) };
    },
  }),
  method('scheduler.job_details', {
    access: anyone, params: { job_id: jobId() }, about: 'All facts about a job.', returns: 'struct',
    async run(context, { job_id }) {
      const id = await jobNamed(context, job_id);
      return (await jobDetails(context, sql<boolean>`jobs.id = ${id}`))[0];
    },
  }),
  method('scheduler.all_jobs', {
    access: anyone, about: 'Jobs that have not ended, newest first.', returns: 'array of arrays: number, description, status, device or nil, device type or nil, multinode id or empty',
    async run({ services, user }) {
      const { rows } = await sql<{ id: number; description: string; state: number; health: number; actual_device: string | null; requested_device_type: string | null; sub_id: string }>`
        select id, description, state, health, actual_device, requested_device_type, sub_id from jobs where state <> ${jobState.Finished} and ${visibleJobs(user)} order by id desc`.execute(services.db);
      return rows.map((j) => [j.id, j.description, jobStatus(j.state, j.health).toLowerCase(), j.actual_device, j.requested_device_type, j.sub_id]);
    },
  }),
  method('scheduler.pending_jobs_by_device_type', {
    access: anyone, params: { all: flag('also types without a device that is in use', false) }, about: 'How many jobs wait for each device type.', returns: 'struct of integers by type',
    async run({ services, user }, { all }) {
      const inUse = sql<boolean>`(device_types.display and exists (select from devices d where d.device_type = device_types.name and d.health <> ${deviceHealth.Retired}))`;
      const { rows } = await sql<{ name: string; count: number }>`
        select device_types.name, (select count(*)::int from jobs where jobs.requested_device_type = device_types.name and jobs.state = ${jobState.Submitted} and ${visibleJobs(user)}) as count
        from device_types where ${visibleDeviceTypes(user)} and (${all} or ${inUse}
          or exists (select from jobs where jobs.requested_device_type = device_types.name and jobs.state = ${jobState.Submitted} and ${visibleJobs(user)}))
        order by device_types.name`.execute(services.db);
      return new Map(rows.map((r) => [r.name, r.count]));
    },
  }),
  method('scheduler.get_recent_jobs_for_device_type', {
    access: anyone,
    params: { device_type: text('name of the device type'), count: integer('jobs at most', 1), restrict_to_user: flag("only one's own", false) },
    about: 'The last jobs for a device type that have ended, newest first.', returns: 'array of structs with id, description, status, device',
    async run(context, { device_type, count, restrict_to_user }) {
      if (device_type === '') throw new Fault(400, 'Bad request: device_type was not specified.');
      checkCount(count);
      if (!(await findType(context, device_type))?.visible) throw missing('DeviceType', device_type);
      const jobs = await recent(context, sql<boolean>`jobs.requested_device_type = ${device_type}`, count, restrict_to_user);
      return jobs.map(({ id, description, status, device }) => ({ id, description, status, device: device ?? '' }));
    },
  }),
  method('scheduler.get_recent_jobs_for_device', {
    access: anyone,
    params: { device: text('host name of the device'), count: integer('jobs at most', 1), restrict_to_user: flag("only one's own", false) },
    about: 'The last jobs on a device that have ended, newest first.', returns: 'array of structs with id, description, status',
    async run(context, { device, count, restrict_to_user }) {
      if (device === '') throw new Fault(400, 'Bad request: device was not specified.');
      checkCount(count);
      await deviceNamed(context, device);
      const jobs = await recent(context, sql<boolean>`jobs.actual_device = ${device}`, count, restrict_to_user);
      return jobs.map(({ id, description, status }) => ({ id, description, status }));
    },
  }),
  method('scheduler.get_device_status', {
    access: anyone, params: { hostname: text('host name of the device') }, about: 'What a device does.', returns: 'struct with hostname, status, job, offline_since, offline_by, is_pipeline',
    async run(context, { hostname }) {
      if (hostname === '') throw new Fault(400, 'Bad request: Hostname was not specified.');
      const device = await deviceNamed(context, hostname).catch((error: unknown) => {
        throw error instanceof Fault && error.code === 403 ? new Fault(403, `Permission denied for user to access ${hostname} information.`) : error;
      });
      const job = await context.services.db.selectFrom('jobs').select('id').where('actual_device', '=', hostname).where('state', '<', jobState.Finished).executeTakeFirst();
      return { hostname, status: deviceStatus(device.state, device.health), job: job?.id ?? null, offline_since: null, offline_by: null, is_pipeline: true };
    },
  }),
];

async function validateYaml({ services }: Context, { yaml_string }: { yaml_string: string }): Promise<null> {
  try {
    loadYaml(yaml_string);
  } catch (error) {
    if (error instanceof YamlError) throw new Fault(400, `Decoding job submission failed: ${error.message}.`);
    throw error;
  }
  const problem = (await services.jobs.validate(yaml_string)).find((p) => p.severity === 'error' && p.upstream !== undefined);
  if (problem) throw new Fault(400, `Invalid YAML submission: ${problem.upstream ?? problem.message}`);
  return null;
}

async function jobOutput(context: Context, { job_id, offset }: { job_id: string; offset: number }): Promise<Buffer> {
  const path = await context.services.logs.path(await jobNamed(context, job_id));
  if (path === undefined) throw new Fault(404, 'Job output not found.');
  const from = Math.max(0, offset);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, Math.min(size - from, mostLogBytes)));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function stateOf(context: Context, name: string) {
  const id = await jobNamed(context, name);
  return context.services.db.selectFrom('jobs').select(['id', 'sub_id', 'state', 'health']).where('id', '=', id).executeTakeFirstOrThrow();
}

function checkCount(count: number): void {
  if (count < 0) throw new Fault(400, 'Bad request: count must not be negative.');
}

async function recent({ services, user }: Context, where: ReturnType<typeof sql<boolean>>, count: number, own: boolean): Promise<{ id: number; description: string; status: XmlRpcValue; device: string | null }[]> {
  const mine = own ? sql<boolean>`jobs.submitter = ${user?.id ?? 0}` : sql<boolean>`true`;
  const { rows } = await sql<{ id: number; description: string; state: number; health: number; device: string | null }>`
    select jobs.id, jobs.description, jobs.state, jobs.health, jobs.actual_device as device from jobs
    where jobs.state = ${jobState.Finished} and ${where} and ${mine} and ${visibleJobs(user)} order by jobs.id desc limit ${Math.min(count, mostRecent)}`.execute(services.db);
  return rows.map(({ state, health, ...job }) => ({ ...job, status: jobStatus(state, health) }));
}
