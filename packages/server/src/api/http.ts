import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import websocket from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { enrolmentPath } from '@lava/link';
import type { EnrolmentTarget } from '../enrol/enrol-worker.ts';
import { enrolmentRoute } from './enrolment-route.ts';
import { noSignIn, type SignInSettings } from '../auth/sign-in-settings.ts';
import { passwordSignIn } from '../auth/sign-in.ts';
import { defaultEventSettings, type EventSettings } from './events/settings.ts';
import type { Services } from '../services.ts';
import { apiHelp } from './api-help.ts';
import { answerError, badRequest, errorBody } from './errors.ts';
import { eventFeed } from './events/feed.ts';
import { eventSocket } from './events/socket.ts';
import { eventStream } from './events/stream.ts';
import { live } from './live/live.ts';
import { metrics } from './metrics/metrics.ts';
import { measureRequests } from './metrics/request-durations.ts';
import { plain } from './plain/plain.ts';
import { openApi } from './rest/openapi.ts';
import { rest, withoutSuffix } from './rest/rest.ts';
import { schemas } from './schemas.ts';
import { contentSecurityPolicy, webApplication } from './web-application.ts';
import { requireLogin } from './sign-in/require-login.ts';
import { signIn } from './sign-in/sign-in.ts';
import { v1 } from './v1/v1.ts';
import { toLeader, type LeaderAddress } from './to-leader.ts';
import { workerHttp, workerHttpPath, type WorkerHttpParts } from './worker-http/worker-http.ts';
import { xmlrpc } from './xmlrpc/xmlrpc.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Folder with the built web application; without it `/` says that there is none. */
  readonly webRoot?: string;
  /** Names of events, and what clients are told about the socket for them. */
  readonly events?: EventSettings;
  /** Where workers that enrol are sent; without it they are told that there are no certificates here. */
  readonly enrolment?: EnrolmentTarget;
  /** Where people sign in besides with a password of this server; nowhere if left out. */
  readonly signIn?: SignInSettings;
  /** Workers of LAVA's HTTP protocol; without it they find nothing. */
  readonly workers?: WorkerHttpParts;
  /** Where there are several servers: what only the leader can answer is sent on to it. */
  readonly leader?: LeaderAddress;
  /** Whether a proxy at this address may say who the client is and whether it came by https; one on this machine if left out. */
  readonly trustProxy?: (address: string) => boolean;
  /** Nothing but what other servers and balancers ask the leader. */
  readonly onlyForServers?: boolean;
}

/** Bodies other than definitions are small. */
const bodyLimit = 64 * 1024;

/** Starts the HTTP interfaces (docs/api.md). `close` ends open streams and sockets too. */
export async function startHttp(services: Services, options: HttpOptions): Promise<{ url: string; close(): Promise<void> }> {
  const app = await createHttp(services, options);
  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: () => app.close() };
}

async function createHttp(services: Services, options: HttpOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit,
    trustProxy: options.trustProxy ?? 'loopback',
    rewriteUrl: (request) => withoutSuffix(request.url ?? '/'),
    forceCloseConnections: true,
    requestTimeout: 60_000,
    frameworkErrors: (_error, _request, reply) => { void (reply as FastifyReply).code(400).send(errorBody(badRequest('The address is not well formed.'))); },
    routerOptions: { maxParamLength: 300 },
    // A request with a field we do not know is refused, not trimmed; nothing is turned into another type.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  });

  const jsonParser = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  // Many clients send the JSON content type with an empty body where nothing is to be said.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void jsonParser(request, body as string, done);
  });

  const policy = contentSecurityPolicy(options.webRoot);
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'same-origin');
    reply.header('x-frame-options', 'DENY');
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', policy);
  });

  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, services.log, (answer) => [answer.status, 'application/json; charset=utf-8', errorBody(answer)]));

  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  await app.register(websocket, { options: { maxPayload: bodyLimit } });
  measureRequests(app);
  if (options.leader) toLeader(app, [workerHttpPath, enrolmentPath], options.leader, services.log);
  const people = options.signIn ?? noSignIn;
  const byPassword = passwordSignIn(services, services.log, people.ldap);
  if (people.requireLogin) requireLogin(app, services);
  await app.register(metrics, { services });
  await app.register(enrolmentRoute, { prefix: enrolmentPath, services, targetNow: () => options.enrolment });
  if (options.workers) await app.register(workerHttp, { prefix: workerHttpPath, services, parts: options.workers });
  if (options.onlyForServers) return app;

  const events = options.events ?? defaultEventSettings;
  await app.register(v1, { prefix: '/api/v1', services, byPassword });
  openApi(app);
  apiHelp(app);
  await app.register(rest, { prefix: '/api/v0.2', services, events, byPassword });
  await app.register(xmlrpc, { services, events, ldap: people.ldap });
  await app.register(live, { services });
  const feed = eventFeed(services, events);
  app.addHook('onClose', () => feed.close());
  await app.register(eventSocket, { services, feed });
  await app.register(eventStream, { services, feed });
  await app.register(signIn, { services, settings: people });
  await app.register(plain, { services });
  await app.register(schemas, { services });
  await app.register(webApplication, { webRoot: options.webRoot });
  return app;
}
