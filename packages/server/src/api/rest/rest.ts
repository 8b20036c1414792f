import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EventSettings } from '../events/settings.ts';
import type { PasswordSignIn } from '../../auth/sign-in.ts';
import type { Services } from '../../services.ts';
import { answerError, badRequest, type HttpError } from '../errors.ts';
import { definitionLimit } from '../body.ts';
import { identifyRequests } from '../who.ts';
import { restDevices } from './devices.ts';
import { restDeviceTypes } from './device-types.ts';
import { restJobActions } from './job-actions.ts';
import { restJobExports } from './job-exports.ts';
import { restJobs } from './jobs.ts';
import { restNames } from './names.ts';
import { restPeople } from './people.ts';
import { restPermissions } from './permissions.ts';
import { restResults } from './results.ts';
import { base, route } from './route.ts';
import { restSystem } from './system.ts';
import { restWorkers } from './workers.ts';

const resources = ['aliases', 'devices', 'devicetypes', 'groups', 'jobs', 'permissions/devicetypes', 'permissions/devices', 'remote-artifact-tokens', 'system', 'tags', 'users', 'workers'] as const;

/** LAVA's REST API, version 0.2: paths, fields, filters and texts are those its clients know. */
export async function rest(app: FastifyInstance, { services, events, byPassword }: { services: Services; events: EventSettings; byPassword?: PasswordSignIn }): Promise<void> {
  await app.register(formbody, { bodyLimit: definitionLimit });
  await app.register(multipart, { attachFieldsToBody: 'keyValues', limits: { fieldSize: definitionLimit, fileSize: definitionLimit, files: 1, fields: 50 } });
  identifyRequests(app, services);

  app.setErrorHandler((error, request, reply) => {
    const asked = brokenForm(error, request) ?? error;
    answerError(asked, request, reply, services.log, (answer) => [restStatus(answer), 'application/json; charset=utf-8', restBody(answer)]);
  });
  const missing = (request: FastifyRequest, reply: FastifyReply) => {
    const [path = '', query] = request.url.split('?', 2);
    // The slash at the end is part of every address; clients rely on being sent there.
    if (!path.endsWith('/')) return reply.redirect(`${path}/${query === undefined ? '' : `?${query}`}`, 301);
    return reply.code(404).send({ detail: 'Not found.' });
  };
  app.setNotFoundHandler(missing);
  // The files of the browser application have a route for everything; it must not come first.
  app.get('/*', missing);
  // Clients know the type without a charset.
  app.addHook('onSend', async (_request, reply, payload) => {
    if (reply.getHeader('content-type') === 'application/json; charset=utf-8') reply.header('content-type', 'application/json');
    return payload;
  });

  route(app, '/', { GET: async (request) => Object.fromEntries(resources.map((name) => [name, `${base(request)}/${name}/`])) });
  restJobs(app, services);
  restJobActions(app, services);
  restJobExports(app, services);
  restResults(app, services);
  restDevices(app, services);
  restDeviceTypes(app, services);
  restWorkers(app, services);
  restNames(app, services);
  restPeople(app, services);
  restPermissions(app, services);
  restSystem(app, services, events, byPassword);
}

const withSuffix = /^(\/api\/v0\.2\/(?:(?:aliases|devices|devicetypes|groups|jobs|permissions\/device(?:type)?s|remote-artifact-tokens|tags|users|workers)|jobs\/\d+(?:\/(?:suites|tests)(?:\/\d+)?)?))\.json(?=\?|$)/;

/** `/api/v0.2/jobs.json` is another name of `/api/v0.2/jobs/`. */
export function withoutSuffix(url: string): string {
  return url.replace(withSuffix, '$1/');
}

/** The reader of forms throws plain errors for what a client sent wrongly. */
function brokenForm(error: unknown, request: FastifyRequest): HttpError | undefined {
  const ofForm = request.isMultipart() && error instanceof Error && /form|multipart|boundary|part header/i.test(error.message) && !('code' in error);
  return ofForm ? badRequest(`Multipart form parse error - ${error.message}`) : undefined;
}

/** There is no 401: that would need a challenge. */
const restStatus = ({ status }: HttpError) => (status === 401 ? 403 : status);

/** The body of an error in the words of LAVA's REST API. */
function restBody(error: HttpError): unknown {
  if (error.body !== undefined) return error.body;
  switch (error.code) {
    case 'login-required': return { detail: 'Authentication credentials were not provided.' };
    case 'forbidden': return { detail: 'You do not have permission to perform this action.' };
    case 'not-found': return { detail: 'Not found.' };
    default: return { detail: error.message };
  }
}
