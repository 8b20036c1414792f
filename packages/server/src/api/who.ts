import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from '../services.ts';
import { holds } from '../auth/permissions.ts';
import { sameText } from '../auth/secrets.ts';
import { csrfToken, sessionSeconds, userBySession } from '../auth/sessions.ts';
import { userByToken } from '../auth/tokens.ts';
import { scopeAllows, scopeOfRequest, scopeRefusal } from '../auth/token-scope.ts';
import type { User } from '../auth/users.ts';
import { forbidden, HttpError, loginRequired } from './errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null is anonymous. */
    user: User | null;
    /** True when only the session cookie says who asks, so that another site may have caused the request. */
    bySession: boolean;
  }
}

export const sessionCookie = 'lava_session';
const csrfCookie = 'lava_csrf';

/** What is wrong with an `Authorization: Token` header; the texts are those of LAVA's REST API. */
const refused = (message: string) => new HttpError(401, 'invalid-token', message);

/**
 * Finds who asks, from `Authorization: Token SECRET` or else from the session cookie. Other schemes are ignored: such a
 * request is anonymous. Throws when a token is given and no good.
 */
export async function whoAsks(services: Services, request: FastifyRequest): Promise<{ user: User | null; bySession: boolean }> {
  const [scheme, secret, ...rest] = (request.headers.authorization ?? '').trim().split(/\s+/);
  if (scheme?.toLowerCase() === 'token') {
    if (secret === undefined) throw refused('Invalid token header. No credentials provided.');
    if (rest.length > 0) throw refused('Invalid token header. Token string should not contain spaces.');
    const user = await userByToken(services.db, secret);
    if (!user) throw refused('Invalid token.');
    if (!user.isActive) throw refused('User inactive or deleted.');
    checkScope(request, user);
    return { user, bySession: false };
  }
  const session = request.cookies[sessionCookie];
  const user = (session && await userBySession(services.db, session)) || null;
  return { user, bySession: user !== null };
}

/** Refuses what the token that somebody came with is not for. */
function checkScope(request: FastifyRequest, user: User): void {
  const needed = scopeOfRequest(request.method, request.routeOptions.url ?? '');
  if (!scopeAllows(user, needed)) throw new HttpError(403, 'token-scope', scopeRefusal(user.scope, needed));
}

/** Refuses a changing request that another site may have caused. */
export function checkCsrf(request: FastifyRequest): void {
  if (!request.bySession) return;
  const sent = request.headers['x-csrf-token'];
  if (typeof sent === 'string' && sameText(sent, csrfToken(request.cookies[sessionCookie] ?? ''))) return;
  throw new HttpError(403, 'csrf', 'CSRF Failed: CSRF token missing or incorrect.', { hint: `Send the header X-CSRF-Token with the value of the cookie ${csrfCookie}.` });
}

/** The active user with this name and token, as Basic credentials carry them. */
export async function userOfToken(services: Services, username: string, token: string): Promise<User | undefined> {
  const user = await userByToken(services.db, token);
  return user?.isActive && user.username === username ? user : undefined;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Makes every route of this scope know who asks. */
export function identifyRequests(app: FastifyInstance, services: Services): void {
  app.decorateRequest('user', null);
  app.decorateRequest('bySession', false);
  app.addHook('onRequest', async (request) => {
    Object.assign(request, await whoAsks(services, request));
    if (!safeMethods.has(request.method)) checkCsrf(request);
  });
}

/** The user who asks, or 401. */
export function requireUser(request: FastifyRequest): User {
  if (!request.user) throw loginRequired();
  return request.user;
}

export function requireSuperuser(request: FastifyRequest): User {
  const user = requireUser(request);
  if (!user.isSuperuser) throw forbidden();
  return user;
}

/** The user who asks, if a permission for everything (`lava_scheduler_app.add_device`) allows it. */
export function requirePermission(request: FastifyRequest, permission: string): User {
  const user = requireUser(request);
  if (!holds(user, permission)) throw forbidden();
  return user;
}

export function setSessionCookies(request: FastifyRequest, reply: FastifyReply, secret: string): void {
  const cookie = { path: '/', sameSite: 'lax', secure: request.protocol === 'https', maxAge: sessionSeconds } as const;
  void reply.setCookie(sessionCookie, secret, { ...cookie, httpOnly: true });
  // Pages read this one, so it cannot be HttpOnly.
  void reply.setCookie(csrfCookie, csrfToken(secret), cookie);
}

export function clearSessionCookies(reply: FastifyReply): void {
  void reply.clearCookie(sessionCookie, { path: '/' }).clearCookie(csrfCookie, { path: '/' });
}
