import { version } from '@lava/base';
import type { FastifyInstance } from 'fastify';
import { newToken } from '../../auth/tokens.ts';
import { loginThrottle } from '../../auth/throttle.ts';
import { passwordSignIn, type PasswordSignIn } from '../../auth/sign-in.ts';
import { masterConfig, type EventSettings } from '../events/settings.ts';
import type { Services } from '../../services.ts';
import { HttpError } from '../errors.ts';
import { route, textBody } from './route.ts';
import { writtenColumns, type WriteField } from './write.ts';

const credentials: Readonly<Record<string, WriteField>> = { username: { kind: 'text', column: 'username', most: 4096 }, password: { kind: 'text', column: 'password', most: 4096 } };

/** Facts about the system, and the exchange of a password for a token. */
export function restSystem(app: FastifyInstance, services: Services, events: EventSettings, byPassword: PasswordSignIn = passwordSignIn(services, services.log, undefined)): void {
  const { db } = services;

  route(app, '/system/', { GET: async (_request, reply) => reply.type('application/json').send('') });
  route(app, '/system/version/', { GET: async () => ({ version }) });
  route(app, '/system/whoami/', { GET: async (request) => ({ user: request.user?.username ?? '' }) });
  route(app, '/system/master_config/', { GET: async () => masterConfig(events) });

  const throttle = loginThrottle();
  route(app, '/token/', {
    POST: async (request) => {
      const { username, password } = writtenColumns(request, credentials, Object.keys(credentials)) as { username: string; password: string };
      const wait = throttle.wait(username, request.ip);
      if (wait > 0) throw new HttpError(429, 'too-many-attempts', `Request was throttled. Expected available in ${wait} seconds.`);
      const user = await byPassword(username, password);
      if (!user) {
        throttle.failed(username, request.ip);
        throw new HttpError(400, 'wrong-password', 'Unable to log in with provided credentials.', { body: { non_field_errors: ['Unable to log in with provided credentials.'] } });
      }
      throttle.succeeded(username, request.ip);
      // Only hashes of tokens are kept, so that every exchange makes a new one.
      return { token: await newToken(db, user.id, 'Created by REST API call') };
    },
  }, textBody('username', 'password'));
}
