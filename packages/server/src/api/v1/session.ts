import { version } from '@lava/base';
import type { FastifyInstance } from 'fastify';
import { closeSession, openSession } from '../../auth/sessions.ts';
import { loginThrottle } from '../../auth/throttle.ts';
import { passwordSignIn, type PasswordSignIn } from '../../auth/sign-in.ts';
import type { User } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { texts } from '../body.ts';
import { HttpError } from '../errors.ts';
import { clearSessionCookies, sessionCookie, setSessionCookies } from '../who.ts';

const me = (user: User | null) => ({ username: user?.username ?? null, is_superuser: user?.isSuperuser ?? false, version });

export function session(app: FastifyInstance, services: Services, byPassword: PasswordSignIn = passwordSignIn(services, services.log, undefined)): void {
  const throttle = loginThrottle();

  app.get('/me', async (request) => me(request.user));

  app.post<{ Body: { username: string; password: string } }>('/login', texts({ username: 200, password: 1024 }), async (request, reply) => {
    const { username, password } = request.body;
    const wait = throttle.wait(username, request.ip);
    if (wait > 0) {
      reply.header('retry-after', wait);
      throw new HttpError(429, 'too-many-attempts', 'Too many failed sign-ins.', { hint: `Try again in ${Math.ceil(wait / 60)} min.` });
    }
    const user = await byPassword(username, password);
    if (!user) {
      throttle.failed(username, request.ip);
      throw new HttpError(401, 'wrong-password', 'User name and password do not belong together.');
    }
    throttle.succeeded(username, request.ip);
    const old = request.cookies[sessionCookie];
    if (old) await closeSession(services.db, old);
    setSessionCookies(request, reply, await openSession(services.db, user.id));
    return me(user);
  });

  app.post('/logout', async (request, reply) => {
    const secret = request.cookies[sessionCookie];
    if (secret) await closeSession(services.db, secret);
    clearSessionCookies(reply);
    return reply.code(204).send();
  });
}
