import type { FastifyInstance, FastifyRequest } from 'fastify';
import { version as ownVersion } from '@lava/base';
import type { Services } from '../../services.ts';
import type { HttpWorkers } from '../../link/http/http-workers.ts';
import { WorkerRefused } from '../../link/http/worker-refused.ts';
import { answerError, HttpError } from '../errors.ts';
import { noLeader } from '../to-leader.ts';
import { registerWorker } from './register.ts';
import type { WorkerHttpSettings } from './settings.ts';

/** Bytes of a request: up to 1000 records, each byte of which may need three in a form. */
const formLimit = 32 * 1024 * 1024;

export interface WorkerHttpParts {
  /** Of this process, while it leads; requests come here only then. */
  readonly workers: HttpWorkers | undefined;
  readonly settings: WorkerHttpSettings;
}

const tokenOf = (request: FastifyRequest): string | undefined => {
  const header = request.headers['lava-token'];
  return typeof header === 'string' && header !== '' ? header : undefined;
};

export const workerHttpPath = '/scheduler/internal/v1';

/** `/scheduler/internal/v1/`: LAVA's protocol for workers, for its `lava-worker` since 2020.09. */
export async function workerHttp(app: FastifyInstance, { services, parts }: { services: Services; parts: WorkerHttpParts }): Promise<void> {
  const { settings } = parts;
  const workers = () => {
    if (!parts.workers) throw noLeader();
    return parts.workers;
  };
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer', bodyLimit: formLimit }, (_request, body, done) => {
    done(null, new URLSearchParams(body.toString()));
  });
  app.setErrorHandler((error, request, reply) => answerError(error instanceof WorkerRefused ? new HttpError(error.status, 'worker', error.message) : error, request, reply, services.log, ({ status, message }) => (status === 413
    ? [413, 'text/plain; charset=utf-8', 'The dataset provided is too large. Please reduce size and try again.']
    : [status, 'application/json; charset=utf-8', { error: message }])));
  const formOf = (request: FastifyRequest) => (request.body instanceof URLSearchParams ? request.body : new URLSearchParams());

  const registering = { config: { rateLimit: { max: 30, timeWindow: '1 minute' } } };
  app.post('/workers/', registering, (request) => registerWorker(services, settings, formOf(request), request.ip));
  app.post('/workers/:name/', async (_request, reply) => reply.code(403).send({ error: 'POST is forbidden for such url' }));
  app.get<{ Params: { name: string }; Querystring: { version?: unknown } }>('/workers/:name/', (request) => {
    const given = request.query.version;
    const version = typeof given === 'string' ? given.slice(0, 50) : undefined;
    return workers().ping(request.params.name, tokenOf(request), version, !settings.anyVersion && version !== ownVersion);
  });

  // `[0-9]{1,9}`: no number that the database cannot take.
  app.get<{ Params: { job: string } }>('/jobs/:job([0-9]{1,9})/', (request) => workers().files(Number(request.params.job), tokenOf(request)));
  app.post<{ Params: { job: string } }>('/jobs/:job([0-9]{1,9})/', { bodyLimit: formLimit }, async (request) => {
    await workers().report(Number(request.params.job), tokenOf(request), formOf(request));
    return {};
  });
  app.post<{ Params: { job: string } }>('/jobs/:job([0-9]{1,9})/logs/', { bodyLimit: formLimit }, async (request) =>
    ({ line_count: await workers().log(Number(request.params.job), tokenOf(request), formOf(request)) }));
}
