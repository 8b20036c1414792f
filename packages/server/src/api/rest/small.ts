import { version } from '@lava/base';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { newToken } from '../../auth/tokens.ts';
import { loginThrottle } from '../../auth/throttle.ts';
import { userByPassword } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { HttpError, notFound } from '../errors.ts';
import { requireUser } from '../who.ts';
import { aliasFields, tagFields } from './fields.ts';
import { listing } from './page.ts';
import { bodyText, route } from './route.ts';

interface Tag { id: number; name: string; description: string }
interface Alias { name: string; device_type: string }

/** Tags, aliases, facts about the system, and the exchange of a password for a token. */
export function restSmall(app: FastifyInstance, services: Services): void {
  const { db } = services;

  route(app, '/tags/', {
    GET: async (request) => {
      requireUser(request);
      return listing<Tag, Tag>({
        db, request, columns: sql`tags.id, tags.name, tags.description`, from: sql`tags`, fields: tagFields, where: sql<boolean>`true`,
        orderings: { id: 'tags.id', name: 'tags.name', description: 'tags.description' }, defaultOrder: sql`tags.id`, most: 10_000, show: (t) => t,
      });
    },
  });
  route<{ id: string }>(app, '/tags/:id/', {
    GET: async (request) => {
      requireUser(request);
      const id = /^\d{1,9}$/.test(request.params.id) ? Number(request.params.id) : 0;
      const tag = await db.selectFrom('tags').select(['id', 'name', 'description']).where('id', '=', id).executeTakeFirst();
      if (!tag) throw notFound('Tag');
      return tag;
    },
  });

  route(app, '/aliases/', {
    GET: async (request) => {
      requireUser(request);
      return listing<Alias, Alias>({
        db, request, columns: sql`aliases.name, aliases.device_type`, from: sql`aliases join device_types on device_types.name = aliases.device_type`, fields: aliasFields,
        where: sql<boolean>`device_types.display`, orderings: { name: 'aliases.name' }, defaultOrder: sql`aliases.name`, most: 10_000, show: (a) => a,
      });
    },
  });
  route<{ name: string }>(app, '/aliases/:name/', {
    GET: async (request) => {
      requireUser(request);
      const alias = await db.selectFrom('aliases').select(['name', 'device_type']).where('name', '=', request.params.name).executeTakeFirst();
      if (!alias) throw notFound('Alias');
      return alias;
    },
  });

  route(app, '/system/', { GET: async (_request, reply) => reply.type('application/json').send('') });
  route(app, '/system/version/', { GET: async () => ({ version }) });
  route(app, '/system/whoami/', { GET: async (request) => ({ user: request.user?.username ?? '' }) });
  route(app, '/system/master_config/', {
    // Events are told on the web socket; there is no socket of the old kind for them.
    GET: async () => ({ EVENT_TOPIC: 'org.lavasoftware', EVENT_SOCKET: '', EVENT_NOTIFICATION: true, LOG_SIZE_LIMIT: 5 }),
  });

  const throttle = loginThrottle();
  route(app, '/token/', {
    POST: async (request) => {
      const [username, password] = [bodyText(request, 'username'), bodyText(request, 'password')];
      const wait = throttle.wait(username, request.ip);
      if (wait > 0) throw new HttpError(429, 'too-many-attempts', `Request was throttled. Expected available in ${wait} seconds.`);
      const user = await userByPassword(db, username, password);
      if (!user) {
        throttle.failed(username, request.ip);
        throw new HttpError(400, 'wrong-password', 'Unable to log in with provided credentials.', { body: { non_field_errors: ['Unable to log in with provided credentials.'] } });
      }
      throttle.succeeded(username, request.ip);
      // Only hashes of tokens are kept, so that every exchange makes a new one.
      return { token: await newToken(db, user.id, 'Created by REST API call') };
    },
  });
}
