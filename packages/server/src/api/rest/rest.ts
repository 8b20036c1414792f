import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { answerTo, type HttpError } from '../errors.ts';
import { definitionLimit } from '../body.ts';
import { identifyRequests } from '../who.ts';
import { restDevices } from './devices.ts';
import { restDeviceTypes } from './device-types.ts';
import { restJobActions } from './job-actions.ts';
import { restJobExports } from './job-exports.ts';
import { restJobs } from './jobs.ts';
import { restResults } from './results.ts';
import { base, route } from './route.ts';
import { restSmall } from './small.ts';
import { restWorkers } from './workers.ts';

const resources = ['aliases', 'devices', 'devicetypes', 'jobs', 'system', 'tags', 'workers'] as const;

/** LAVA's REST API, version 0.2: paths, fields, filters and texts are those its clients know. */
export async function rest(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  await app.register(formbody, { bodyLimit: definitionLimit });
  await app.register(multipart, { attachFieldsToBody: 'keyValues', limits: { fieldSize: definitionLimit, fileSize: definitionLimit, files: 1, fields: 50 } });
  identifyRequests(app, services);

  app.setErrorHandler((error, request, reply) => {
    if (reply.raw.headersSent) { reply.raw.destroy(); return; }
    const answer = answerTo(error, request.method, request.url, services.log);
    const [status, body] = restError(answer);
    void reply.code(status).send(body);
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = '', query] = request.url.split('?', 2);
    // The slash at the end is part of every address; clients rely on being sent there.
    if (!path.endsWith('/')) return reply.redirect(`${path}/${query === undefined ? '' : `?${query}`}`, 301);
    return reply.code(404).send({ detail: 'Not found.' });
  });

  route(app, '/', { GET: async (request) => Object.fromEntries(resources.map((name) => [name, `${base(request)}/${name}/`])) });
  restJobs(app, services);
  restJobActions(app, services);
  restJobExports(app, services);
  restResults(app, services);
  restDevices(app, services);
  restDeviceTypes(app, services);
  restWorkers(app, services);
  restSmall(app, services);
}

const withSuffix = /^(\/api\/v0\.2\/(?:(?:aliases|devices|devicetypes|jobs|tags|workers)|jobs\/\d+(?:\/(?:suites|tests)(?:\/\d+)?)?))\.json(?=\?|$)/;

/** `/api/v0.2/jobs.json` is another name of `/api/v0.2/jobs/`. */
export function withoutSuffix(url: string): string {
  return url.replace(withSuffix, '$1/');
}

/** Status and body in the words of LAVA's REST API. There is no 401: that would need a challenge. */
function restError(error: HttpError): [status: number, body: unknown] {
  if (error.body !== undefined) return [error.status, error.body];
  switch (error.code) {
    case 'login-required': return [403, { detail: 'Authentication credentials were not provided.' }];
    case 'invalid-token': return [403, { detail: error.message }];
    case 'forbidden': return [403, { detail: 'You do not have permission to perform this action.' }];
    case 'not-found': return [404, { detail: 'Not found.' }];
    default: return [error.status, { detail: error.message }];
  }
}
