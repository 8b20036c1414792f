import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CiRefused, ciTokens } from '../../auth/ci-tokens.ts';
import { OidcClient, type Trip } from '../../auth/oidc.ts';
import { SignInRefused, userOfPerson } from '../../auth/outside-person.ts';
import { openSession } from '../../auth/sessions.ts';
import type { SignInSettings } from '../../auth/sign-in-settings.ts';
import { loginThrottle } from '../../auth/throttle.ts';
import type { Services } from '../../services.ts';
import { HttpError, notFound } from '../errors.ts';
import { setSessionCookies } from '../who.ts';

const tripCookie = 'lava_sign_in';
const tripSeconds = 600;

/** Signing in elsewhere, and tokens for CI jobs (docs/sign-in.md). */
export async function signIn(app: FastifyInstance, { services, settings }: { services: Services; settings: SignInSettings }): Promise<void> {
  const providers = new Map(settings.oidc.map((provider) => [provider.name, { provider, client: new OidcClient(provider, settings.publicUrl!) }]));
  const named = (name: string) => {
    const found = providers.get(name);
    if (!found) throw notFound(`A place to sign in named ${name.slice(0, 50)}`);
    return found;
  };
  app.addHook('onSend', async (_request, reply) => { reply.header('cache-control', 'no-store'); });

  app.get('/api/v1/sign-in', async () => ({
    require_login: settings.requireLogin, providers: settings.oidc.map(({ name, label }) => ({ name, label, url: `/login/oidc/${name}` })),
  }));

  app.get<{ Params: { name: string }; Querystring: { next?: string } }>('/login/oidc/:name', async (request, reply) => {
    const { url, trip } = await refusals(named(request.params.name).client.leave(pageOf(request.query.next)));
    // Lax: the way back is a link from another site.
    void reply.setCookie(tripCookie, Buffer.from(JSON.stringify(trip)).toString('base64url'), { path: '/login/oidc', httpOnly: true, sameSite: 'lax', secure: request.protocol === 'https', maxAge: tripSeconds });
    return reply.redirect(url, 302);
  });

  app.get<{ Params: { name: string } }>('/login/oidc/:name/callback', async (request, reply) => {
    const { provider, client } = named(request.params.name);
    const trip = tripOf(request);
    void reply.clearCookie(tripCookie, { path: '/login/oidc' });
    if (trip?.provider !== provider.name) throw new HttpError(400, 'sign-in-refused', 'This browser was not on its way to sign in.', { hint: 'Begin at the page for signing in; cookies must be allowed.' });
    const user = await refusals(client.arrive(request.url.split('?', 2)[1] ?? '', trip).then((person) => userOfPerson(services, person, { ...provider, takeByName: false })));
    await startSession(services, request, reply, user.id);
    return reply.redirect(pageOf(trip.next), 302);
  });

  const throttle = loginThrottle();
  const exchange = ciTokens(services, settings.ci);
  app.post<{ Body: { token?: unknown } | undefined }>('/api/v1/ci/token', async (request, reply) => {
    const wait = throttle.wait('ci', request.ip);
    if (wait > 0) throw new HttpError(429, 'too-many-attempts', 'Too many tokens were refused.', { hint: `Try again in ${Math.ceil(wait / 60)} min.` });
    const jwt = request.body?.token;
    if (typeof jwt !== 'string') throw new HttpError(400, 'bad-request', 'The body must be {"token": "…"}.');
    try {
      return await reply.code(201).send(await exchange(jwt));
    } catch (error) {
      if (!(error instanceof CiRefused)) throw error;
      throttle.failed('ci', request.ip);
      throw new HttpError(403, error.code, error.message, { hint: error.hint });
    }
  });
}

async function startSession(services: Services, request: FastifyRequest, reply: FastifyReply, user: number): Promise<void> {
  setSessionCookies(request, reply, await openSession(services.db, user));
}

/** Only pages of this server: no other site may use us to send people on. */
function pageOf(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])[^\s\\]*$/.test(next) && next.length < 500 ? next : '/';
}

function tripOf(request: FastifyRequest): Trip | undefined {
  try {
    const trip = JSON.parse(Buffer.from(request.cookies[tripCookie] ?? '', 'base64url').toString()) as Partial<Trip> | null;
    const texts = [trip?.provider, trip?.state, trip?.nonce, trip?.verifier];
    return texts.every((text) => typeof text === 'string' && text !== '') ? trip as Trip : undefined;
  } catch {
    return undefined;
  }
}

/** Whoever is refused reads why. */
async function refusals<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof SignInRefused ? new HttpError(403, error.code, `${error.message}.`, { hint: error.hint }) : error;
  }
}
