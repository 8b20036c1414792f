import { checkTestDefinition, jobStates } from '@lava/job';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { mayCancelJob, maySeeJob, readJobAccess } from '../../auth/visibility.ts';
import { SubmitError, type Services, type SubmitProblem, type Submitted } from '../../services.ts';
import { definitionLimit } from '../body.ts';
import { forbidden, notFound } from '../errors.ts';
import { checkCsrf, requireUser } from '../who.ts';
import { restJobId, type OfJob } from './job-id.ts';
import { fieldError, messageError } from './refusals.ts';
import { bodyFlag, bodyText, route, textBody, type RestRequest } from './route.ts';

/** What LAVA's clients are used to read about a problem. */
const textOf = (problem: SubmitProblem | undefined, otherwise: string) => problem?.upstream ?? problem?.message ?? otherwise;

/** Answers as LAVA does what came of a submission. */
export async function answerSubmission(reply: FastifyReply, submission: Promise<Submitted | undefined>): Promise<unknown> {
  try {
    const submitted = await submission;
    if (!submitted) throw notFound('Job');
    return reply.code(201).send({ message: 'job(s) successfully submitted', job_ids: submitted.names });
  } catch (error) {
    if (!(error instanceof SubmitError)) throw error;
    const message = textOf(error.problems.find((p) => p.severity === 'error'), error.message);
    throw messageError(400, error.kind === 'yaml' ? `Problem with submitted job data: Loading job submission failed: ${message}.` : error.kind === 'unavailable' ? `Devices unavailable: ${message}` : `Problem with submitted job data: ${message}`);
  }
}

export function restJobActions(app: FastifyInstance, services: Services): void {
  const { db } = services;

  route(app, '/jobs/validate/', {
    POST: async (request) => {
      const definition = bodyText(request, 'definition', { missing: 'Test job definition is required.', wrongType: 'Test job definition should be a string.' });
      const error = services.jobs.validateSchema(definition, bodyFlag(request, 'strict'));
      return { message: error ? `Job invalid: ${error.msg} @ ${error.path}` : 'Job valid.' };
    },
  }, { bodyLimit: definitionLimit, ...textBody('definition') });

  route(app, '/jobs/validate_testdef/', {
    POST: async (request) => {
      const definition = bodyText(request, 'definition', { missing: 'Test definition is required.', wrongType: 'Test definition should be a string.' });
      const error = checkTestDefinition(definition).problems.find((p) => p.severity === 'error');
      return { message: error ? `Test definition invalid: ${textOf(error, '')}` : 'Test definition valid.' };
    },
  }, { bodyLimit: definitionLimit, ...textBody('definition') });

  route<OfJob>(app, '/jobs/:job/resubmit/', {
    POST: async (request, reply) => {
      const user = requireUser(request);
      const id = await restJobId(services, request.user, request.params.job);
      return answerSubmission(reply, services.jobs.resubmit(id, user));
    },
  });

  const cancel = async (request: RestRequest<OfJob>) => {
    // Old clients cancel with GET; with a session that would let any page do it.
    checkCsrf(request);
    const id = await restJobId(services, request.user, request.params.job);
    const job = await db.selectFrom('jobs').select('state').where('id', '=', id).executeTakeFirst();
    const access = await readJobAccess(db, id);
    if (!job || !access) throw notFound('Job');
    if (job.state < jobStates.indexOf('Canceling')) {
      const user = requireUser(request);
      if (!mayCancelJob(user, access)) throw forbidden();
      await services.jobs.cancel(id, user.username);
    }
    return { message: 'Job cancel signal sent.' };
  };
  route<OfJob>(app, '/jobs/:job/cancel/', { GET: cancel, POST: cancel });

  route(app, '/jobs/batch_cancel/', {
    POST: async (request) => {
      const user = requireUser(request);
      const given = (request.body as { job_ids?: unknown } | undefined)?.job_ids;
      const ids = typeof given === 'string' ? given.split(',') : given;
      if (!Array.isArray(ids)) throw fieldError('job_ids', 'This field is required.');
      if (ids.length > 1000) throw fieldError('job_ids', 'At most 1000 jobs at a time.');
      const done: unknown[] = [];
      const invalid: unknown[] = [];
      for (const id of ids as unknown[]) {
        const job = jobNumber(id);
        const access = await readJobAccess(db, job);
        if (!access || !maySeeJob(user, access) || !mayCancelJob(user, access)) { invalid.push(id); continue; }
        await services.jobs.cancel(job, user.username);
        done.push(id);
      }
      return { message: 'Job cancel signal sent for job ids.', job_ids: done, invalid_job_ids: invalid };
    },
  });
}

/** A job number of a request; what is none is a number that no job has. */
function jobNumber(value: unknown): number {
  const n = typeof value === 'string' && /^ *\d{1,10} *$/.test(value) ? Number(value) : value;
  return Number.isInteger(n) && (n as number) > 0 && (n as number) < 2 ** 31 ? n as number : 0;
}
