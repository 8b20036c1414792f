import type { FastifyInstance } from 'fastify';
import { newToken } from '../../auth/tokens.ts';
import type { Services } from '../../services.ts';
import { change } from '../../store/change.ts';
import { texts } from '../body.ts';
import { badRequest, notFound } from '../errors.ts';
import { requireUser } from '../who.ts';

/** A user's own API tokens. */
export function tokens(app: FastifyInstance, services: Services): void {
  const { db } = services;

  app.get('/tokens', async (request) => {
    const user = requireUser(request);
    const rows = await db.selectFrom('tokens').select(['id', 'description', 'created_at', 'expires_at', 'last_used_at']).where('user_id', '=', user.id).orderBy('id').execute();
    return { tokens: rows };
  });

  app.post<{ Body: { description?: string; days?: string } }>('/tokens', texts({ 'description?': 200, 'days?': 5 }), async (request, reply) => {
    const user = requireUser(request);
    const description = request.body.description ?? '';
    const days = request.body.days || undefined;
    if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) throw badRequest(`"${days}" is no number of days.`, 'Leave it out for a token that does not end.');
    const token = await change(services, user.username, async (c) => {
      c.note('token', user.username, `Token added: ${description}`);
      return newToken(c.trx, user.id, description, days === undefined ? {} : { days: Number(days) });
    });
    return reply.code(201).send({ token });
  });

  app.delete<{ Params: { id: string } }>('/tokens/:id', async (request, reply) => {
    const user = requireUser(request);
    const id = /^\d{1,9}$/.test(request.params.id) ? Number(request.params.id) : 0;
    await change(services, user.username, async (c) => {
      const gone = await c.trx.deleteFrom('tokens').where('id', '=', id).where('user_id', '=', user.id).returning('description').executeTakeFirst();
      if (!gone) throw notFound(`Token ${request.params.id.slice(0, 20)}`);
      c.note('token', user.username, `Token removed: ${gone.description}`);
    });
    return reply.code(204).send();
  });
}
