import { workerHealths, workerStates } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { requireSuperuser } from '../who.ts';
import { workerFields } from './fields.ts';
import { listing } from './page.ts';
import { messageError, restTime, route, type RestRequest } from './route.ts';

interface Raw { hostname: string; state: number; health: number; description: string; last_ping: Date | null; job_limit: number; version: string | null }
interface OfWorker { hostname: string }

const columns = sql`workers.hostname, workers.state, workers.health, workers.description, workers.last_ping, workers.job_limit, workers.version`;
const show = (w: Raw) => ({ ...w, state: workerStates[w.state], health: workerHealths[w.health], last_ping: restTime(w.last_ping) });

export function restWorkers(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const read = async (request: RestRequest<OfWorker>) => {
    const { rows } = await sql<Raw>`select ${columns} from workers where workers.hostname = ${request.params.hostname}`.execute(db);
    if (!rows[0]) throw notFound('Worker');
    return show(rows[0]);
  };
  route(app, '/workers/', {
    GET: async (request) => listing<Raw, unknown>({
      db, request, columns, from: sql`workers`, fields: workerFields, where: sql<boolean>`true`,
      orderings: Object.fromEntries(['hostname', 'description', 'state', 'health', 'last_ping', 'job_limit', 'version'].map((n) => [n, `workers.${n}`])),
      defaultOrder: sql`workers.hostname`, most: 10_000, show,
    }),
  });
  route<OfWorker>(app, '/workers/:hostname/', { GET: read });
  route<OfWorker>(app, '/workers/:hostname/set_health/', {
    POST: async (request, reply) => {
      const user = requireSuperuser(request);
      const { hostname } = await read(request);
      const { health, reason } = (request.body ?? {}) as { health?: unknown; reason?: unknown };
      const word = workerHealths.find((h) => h.toLowerCase() === String(health ?? '').toLowerCase());
      if (!word) throw messageError(400, `Wrong worker health ${String(health ?? '').slice(0, 100)}`);
      await services.workers.setHealth(hostname, word, user.username, typeof reason === 'string' && reason !== '' ? reason.slice(0, 1000) : undefined);
      return reply.code(202).send({ message: 'OK' });
    },
  });
}
