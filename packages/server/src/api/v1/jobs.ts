import { checkTestDefinition, jobHealths, jobStates } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import { mayCancelJob, readJobAccess } from '../../auth/visibility.ts';
import type { Services } from '../../services.ts';
import { definitionLimit, texts } from '../body.ts';
import { badRequest, forbidden, notFound, shownProblem } from '../errors.ts';
import { text, whole, wordNumbers, type Query } from '../query.ts';
import { jobActions } from '../../read/actions.ts';
import { readJob } from '../../read/job.ts';
import { visibleJobId } from '../job-id.ts';
import { listJobs } from '../../read/jobs.ts';
import { suites } from '../../read/results.ts';
import { requireUser } from '../who.ts';

/** Paths of one job: a number, or a multinode id such as `12.0`. */
interface OfJob { Params: { job: string } }

export function jobs(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const definition = { ...texts({ definition: definitionLimit }), bodyLimit: definitionLimit };

  app.post<{ Body: { definition: string } }>('/jobs', definition, async (request, reply) => {
    const { names, warnings } = await services.jobs.submit(request.body.definition, requireUser(request));
    return reply.code(201).send({ job_ids: names, warnings: warnings.map(shownProblem) });
  });

  const validation = { ...texts({ definition: definitionLimit, 'kind?': 20 }), bodyLimit: definitionLimit, config: { rateLimit: { max: 300, timeWindow: '1 minute' } } };
  app.post<{ Body: { definition: string; kind?: string } }>('/validate', validation, async (request) => {
    const { definition: text, kind = 'job' } = request.body;
    if (kind !== 'job' && kind !== 'test-definition') throw badRequest(`"${kind}" is nothing that can be checked.`, 'One of: job, test-definition.');
    const problems = kind === 'job' ? await services.jobs.validate(text) : checkTestDefinition(text).problems;
    return { valid: problems.every((p) => p.severity !== 'error'), problems: problems.map(shownProblem) };
  });

  app.get<{ Querystring: Query }>('/jobs', async (request) => {
    const { query } = request;
    return listJobs(db, request.user, {
      states: wordNumbers(query, 'state', jobStates), healths: wordNumbers(query, 'health', jobHealths),
      type: text(query, 'type'), device: text(query, 'device'), submitter: text(query, 'submitter'), search: text(query, 'search'),
    }, whole(query, 'before', 0, 2 ** 31 - 1), whole(query, 'limit', 1, 500) ?? 50);
  });

  app.get<OfJob>('/jobs/:job', async (request) => {
    const job = await readJob(services, request.user, await visibleJobId(services, request.user, request.params.job));
    if (!job) throw notFound(`Job ${request.params.job}`);
    return job;
  });

  app.post<OfJob>('/jobs/:job/cancel', async (request) => {
    const user = requireUser(request);
    const id = await visibleJobId(services, user, request.params.job);
    const job = await db.selectFrom('jobs').select('state').where('id', '=', id).executeTakeFirst();
    const access = await readJobAccess(db, id);
    if (!job || !access) throw notFound(`Job ${id}`);
    if (!mayCancelJob(user, access)) throw forbidden('Only the submitter of a job and who may change its device may cancel it.');
    if (jobStates[job.state] === 'Finished') return { message: `Job ${id} has finished already.` };
    await services.jobs.cancel(id, user.username);
    return { message: `Job ${id} is asked to end.` };
  });

  app.post<OfJob>('/jobs/:job/resubmit', async (request, reply) => {
    const user = requireUser(request);
    const again = await services.jobs.resubmit(await visibleJobId(services, user, request.params.job), user);
    if (!again) throw notFound(`Job ${request.params.job}`);
    return reply.code(201).send({ job_ids: again.names });
  });

  app.get<OfJob>('/jobs/:job/actions', async (request) => ({
    actions: await jobActions(db, await visibleJobId(services, request.user, request.params.job)),
  }));

  app.get<OfJob>('/jobs/:job/results', async (request) => ({
    suites: await suites(db, await visibleJobId(services, request.user, request.params.job)),
  }));

  app.get<OfJob>('/jobs/:job/configuration', async (request) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    const job = await db.selectFrom('jobs').select(['definition', 'original_definition', 'multinode_definition']).where('id', '=', id).executeTakeFirstOrThrow();
    return { definition: job.definition, original_definition: job.original_definition, multinode_definition: job.multinode_definition || null, device: await services.logs.file(id, 'device.yaml') ?? '' };
  });
}
