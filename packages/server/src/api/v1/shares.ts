import type { FastifyInstance } from 'fastify';
import { groupShares, removeGroupShare, setGroupShare, type GroupShare } from '../../scheduler/group-shares.ts';
import type { Services } from '../../services.ts';
import { change } from '../../store/change.ts';
import { notFound } from '../errors.ts';
import { requireSuperuser } from '../who.ts';

const count = { type: ['integer', 'null'] };
const body = { type: 'object', additionalProperties: false, required: ['weight', 'quota', 'queue_limit'], properties: { weight: { type: 'number' }, quota: count, queue_limit: count } };

/** What groups get of the lab; for superusers. */
export function shares(app: FastifyInstance, services: Services): void {
  const missing = (group: string) => notFound(`Group ${group.slice(0, 150)}`);

  app.get('/shares', async (request) => {
    requireSuperuser(request);
    return { shares: await groupShares(services.db) };
  });

  app.put<{ Params: { group: string }; Body: GroupShare }>('/shares/:group', { schema: { body } }, async (request, reply) => {
    const { username } = requireSuperuser(request);
    const { group } = request.params;
    if (!await change(services, username, (c) => setGroupShare(c, group, request.body))) throw missing(group);
    return reply.code(204).send();
  });

  app.delete<{ Params: { group: string } }>('/shares/:group', async (request, reply) => {
    const { username } = requireSuperuser(request);
    const { group } = request.params;
    if (!await change(services, username, (c) => removeGroupShare(c, group))) throw missing(group);
    return reply.code(204).send();
  });
}
