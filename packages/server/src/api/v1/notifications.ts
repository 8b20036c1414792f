import type { FastifyInstance } from 'fastify';
import { listDeliveries } from '../../notify/deliveries.ts';
import { withoutSecrets } from '../../notify/without-secrets.ts';
import type { Services } from '../../services.ts';
import { visibleJobId } from '../job-id.ts';

/** Messages of one answer. */
const most = 500;

export function notifications(app: FastifyInstance, services: Services): void {
  const { db } = services;
  /** Who is told of a job, and whether it arrived: for who submitted it; others learn nothing of recipients. */
  app.get<{ Params: { job: string } }>('/jobs/:job/notifications', async (request) => {
    const { user } = request;
    const job = await visibleJobId(services, user, request.params.job);
    const { submitter } = await db.selectFrom('jobs').select('submitter').where('id', '=', job).executeTakeFirstOrThrow();
    if (user?.id !== submitter && !user?.isSuperuser) return { notifications: [] };
    const rows = await listDeliveries(db, { job, limit: most });
    return {
      notifications: rows.toReversed().map(({ id, method, recipient, status, attempts, created_at, next_at, ended_at, error }) => ({
        id, method, recipient: method === 'callback' ? withoutSecrets(recipient) : recipient, status, tries: attempts, error,
        created_at: created_at.toISOString(), next_at: status === 'waiting' ? next_at.toISOString() : null, ended_at: ended_at?.toISOString() ?? null,
      })),
    };
  });
}
