import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { loginRequired } from '../errors.ts';
import { whoAsks } from '../who.ts';
import { userOfHeader } from '../xmlrpc/credentials.ts';

/** What nobody has to be signed in for: signing in, the program of the page, health, and workers, who prove themselves otherwise. */
const open = [
  /^\/(?:healthz|readyz|v1\/healthz\/?|ws\/v1\/healthz)$/, /^\/api\/v1\/(?:login|logout|me|sign-in|ci\/token)$/, /^\/api\/v0\.2\/token\/$/, /^\/login\//, /^\/scheduler\/internal\//, /^\/api\/v1\/enrolment/,
];
/** Addresses of the interfaces; all others are files and pages of the browser application, which hold no data. */
const interfaces = /^\/(?:api|RPC2|ws|results|scheduler|metrics|v1|schemas)(?:\/|$)/;

/** A private instance: what is not open needs somebody who is signed in. */
export function requireLogin(app: FastifyInstance, services: Services): void {
  app.addHook('onRequest', async (request) => {
    const path = request.url.split('?', 1)[0]!;
    // Files of the browser application are found below one address for all.
    const pattern = request.routeOptions.url === '/*' ? undefined : request.routeOptions.url;
    if (open.some((is) => is.test(pattern ?? path)) || !(interfaces.test(path) || (pattern !== undefined && interfaces.test(pattern)))) return;
    // A page of the browser application may have an address that an interface has, too.
    if (pattern === undefined && request.headers.accept?.includes('text/html')) return;
    const { authorization } = request.headers;
    const user = authorization?.startsWith('Basic ') ? await userOfHeader(services, authorization) : (await whoAsks(services, request)).user;
    if (!user) throw loginRequired();
  });
}
