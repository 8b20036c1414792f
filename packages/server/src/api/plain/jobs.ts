import { isMapping, jobStates } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import { stat } from 'node:fs/promises';
import { visibleJobs } from '../../auth/visibility.ts';
import { jobConfiguration, packConfiguration } from '../../export/configuration.ts';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { recordPieces } from '../../logs/json-records.ts';
import type { Query } from '../query.ts';
import { visibleJobId } from '../job-id.ts';
import { attachment, file } from '../send.ts';

interface OfJob { Params: { job: string }; Querystring: Query }

/** Bytes from which on LAVA's log page offers the download only. */
const sizeLimit = 5 * 1024 * 1024;

export function plainJobs(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const read = (id: number) => db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

  app.get<OfJob>('/scheduler/job/:job/log_file/plain', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    const path = await services.logs.path(id);
    if (path === undefined) throw notFound(`The log of job ${id}`);
    return file(attachment(reply, `job_${id}.log`), 'application/yaml', path);
  });

  app.get<OfJob>('/scheduler/job/:job/log_pipeline_incremental', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    const path = await services.logs.path(id);
    if (path !== undefined && (await stat(path)).size >= sizeLimit) return reply.header('x-size-warning', '1').send([]);
    if (jobStates[(await read(id)).state] === 'Finished') reply.header('x-is-finished', '1');
    const line = Number(request.query['line'] ?? 0);
    const from = Number.isSafeInteger(line) && line >= 0 ? line : 0;
    const records: string[] = [];
    for await (const piece of recordPieces(services.logs, id, from, Infinity)) records.push(...piece);
    await nameCases(services, id, from, records);
    return reply.type('application/json; charset=utf-8').send(`[${records.join(',')}]`);
  });

  app.get<OfJob>('/scheduler/job/:job/definition/plain', async (request, reply) => {
    const job = await read(await visibleJobId(services, request.user, request.params.job));
    return attachment(reply, `job_${job.id}.yaml`).type('text/plain; charset=utf-8').send(job.multinode_definition ? job.definition : job.original_definition);
  });

  app.get<OfJob>('/scheduler/job/:job/multinode_definition/plain', async (request, reply) => {
    const job = await read(await visibleJobId(services, request.user, request.params.job));
    return attachment(reply, `multinode_job_${job.id}.yaml`).type('text/plain; charset=utf-8').send(job.multinode_definition);
  });

  app.get<OfJob>('/scheduler/job/:job/description', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    const text = await services.logs.file(id, 'description.yaml');
    if (text === undefined) throw notFound(`The description of job ${id}`);
    return attachment(reply, `job_description_${id}.yaml`).type('text/yaml; charset=utf-8').send(text);
  });

  app.get<OfJob>('/scheduler/job/:job/configuration', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    const files = await jobConfiguration(services.logs, id);
    if (files.every(({ text }) => text === undefined)) throw notFound(`The configuration of job ${id}`);
    return attachment(reply, 'configuration.tar.bz2').type('application/tar').send(await packConfiguration(files));
  });

  app.get<OfJob>('/scheduler/job/:job/job_status', async (request) => {
    const job = await read(await visibleJobId(services, request.user, request.params.job));
    const group = job.target_group === null ? [] : await db.selectFrom('jobs').select(['id', 'state']).where('target_group', '=', job.target_group).where(visibleJobs(request.user)).orderBy('id').execute();
    const finished = jobStates[job.state] === 'Finished';
    const seconds = job.start_time === null ? undefined : Math.floor(((job.end_time ?? new Date()).getTime() - job.start_time.getTime()) / 1000);
    return {
      actual_device: job.actual_device ?? '', duration: seconds === undefined ? '' : pythonDuration(seconds), job_state: jobStates[job.state], failure_comment: job.failure_comment ?? '',
      job_health: job.health, started: job.start_time?.toISOString() ?? '', subjobs: group.map((member) => [member.id, jobStates[member.state]]), ...(finished ? { 'X-JobState': '1' } : {}),
    };
  });
}

/** `1:02:03`, as Python prints a time span below a day. */
function pythonDuration(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const clock = `${Math.floor(seconds / 3600) % 24}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}

/** Adds the number of the stored case to each record of a result, by which LAVA's log page links to it. */
async function nameCases({ db }: Services, job: number, from: number, records: string[]): Promise<void> {
  if (records.length === 0) return;
  const cases = await db.selectFrom('test_cases').select(['id', 'log_line']).where('job', '=', job).where('log_line', '>=', from).where('log_line', '<', from + records.length).execute();
  for (const { id, log_line: line } of cases) {
    const record = JSON.parse(records[line! - from]!) as { lvl?: unknown; msg?: unknown };
    if (record.lvl === 'results' && isMapping(record.msg)) records[line! - from] = JSON.stringify({ ...record, msg: { ...record.msg, case_id: id } });
  }
}
