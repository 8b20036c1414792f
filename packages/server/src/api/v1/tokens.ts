import type { FastifyInstance } from 'fastify';
import { isTokenScope } from '../../auth/token-scope.ts';
import { newToken } from '../../auth/tokens.ts';
import type { Services } from '../../services.ts';
import { change } from '../../store/change.ts';
import { texts } from '../body.ts';
import { badRequest, notFound } from '../errors.ts';
import { text, type Query } from '../query.ts';
import { requireSuperuser, requireUser } from '../who.ts';

/** A user's own API tokens; superusers see and remove those of all. */
export function tokens(app: FastifyInstance, services: Services): void {
  const { db } = services;

  app.get<{ Querystring: Query }>('/tokens', async (request) => {
    const all = text(request.query, 'all') === 'true';
    const user = all ? requireSuperuser(request) : requireUser(request);
    const rows = db.selectFrom('tokens').innerJoin('users', 'users.id', 'tokens.user_id')
      .select(['tokens.id', 'users.username', 'tokens.description', 'tokens.created_at', 'tokens.expires_at', 'tokens.last_used_at', 'tokens.scope', 'tokens.device_types']).orderBy('tokens.id');
    return { tokens: await (all ? rows : rows.where('user_id', '=', user.id)).execute() };
  });

  app.post<{ Body: { description?: string; days?: string; scope?: string; device_types?: string } }>('/tokens', texts({ 'description?': 200, 'days?': 5, 'scope?': 10, 'device_types?': 2000 }), async (request, reply) => {
    const user = requireUser(request);
    const description = request.body.description ?? '';
    const days = request.body.days || undefined;
    if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) throw badRequest(`"${days}" is no number of days.`, 'Leave it out for a token that does not end.');
    const scope = request.body.scope || 'all';
    if (!isTokenScope(scope)) throw badRequest(`There is no scope "${scope}".`, 'Use read, submit or all.');
    const deviceTypes = request.body.device_types?.split(',').map((name) => name.trim()).filter((name) => name !== '');
    const token = await change(services, user.username, async (c) => {
      c.note('token', user.username, `Token added: ${description}`);
      return newToken(c.trx, user.id, description, { scope, deviceTypes: deviceTypes?.length ? deviceTypes : undefined, ...(days !== undefined && { days: Number(days) }) });
    });
    return reply.code(201).send({ token });
  });

  app.delete<{ Params: { id: string } }>('/tokens/:id', async (request, reply) => {
    const user = requireUser(request);
    const id = /^\d{1,9}$/.test(request.params.id) ? Number(request.params.id) : 0;
    await change(services, user.username, async (c) => {
      const token = await c.trx.selectFrom('tokens').innerJoin('users', 'users.id', 'tokens.user_id').select(['username', 'user_id', 'description']).where('tokens.id', '=', id).executeTakeFirst();
      if (!token || (token.user_id !== user.id && !user.isSuperuser)) throw notFound(`Token ${request.params.id.slice(0, 20)}`);
      await c.trx.deleteFrom('tokens').where('id', '=', id).execute();
      c.note('token', token.username, `Token removed: ${token.description}`);
    });
    return reply.code(204).send();
  });
}
