import { workerHealths, workerStates } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { visibleWorkers } from '../../auth/visibility.ts';
import type { User } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { addWorker, changeWorker, removeWorker } from '../../objects/write-worker.ts';
import { change } from '../../store/change.ts';
import { notFound } from '../errors.ts';
import { requirePermission } from '../who.ts';
import { configurationRoute } from './configuration.ts';
import { workerFields } from './fields.ts';
import { listing } from './page.ts';
import { messageError } from './refusals.ts';
import { restTime, route, type RestRequest } from './route.ts';
import { refused, writtenColumns, type WriteField } from './write.ts';

interface Raw { hostname: string; state: number; health: number; description: string; last_ping: Date | null; job_limit: number; version: string | null }
interface OfWorker { hostname: string }

const columns = sql`workers.hostname, workers.state, workers.health, workers.description, workers.last_ping, workers.job_limit, workers.version`;
const show = (w: Raw) => ({ ...w, state: workerStates[w.state], health: workerHealths[w.health], last_ping: restTime(w.last_ping) });

const orderings = Object.fromEntries(['hostname', 'description', 'state', 'health', 'last_ping', 'job_limit', 'version'].map((n) => [n, `workers.${n}`]));

const written: Readonly<Record<string, WriteField>> = {
  hostname: { kind: 'text', column: 'hostname', most: 200 }, description: { kind: 'text', column: 'description', most: 200 },
  job_limit: { kind: 'integer', column: 'job_limit' }, health: { kind: 'choice', column: 'health', words: workerHealths },
};

export function restWorkers(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const readFor = async (user: User | null, hostname: string) => {
    const { rows } = await sql<Raw>`select ${columns} from workers where workers.hostname = ${hostname} and ${visibleWorkers(user)}`.execute(db);
    if (!rows[0]) throw notFound('Worker');
    return show(rows[0]);
  };
  const read = (request: RestRequest<OfWorker>) => readFor(request.user, request.params.hostname);
  const update = async (request: RestRequest<OfWorker>) => {
    const user = requirePermission(request, 'lava_scheduler_app.change_worker');
    const { hostname } = await read(request);
    const { hostname: _fixed, ...fields } = written;
    const { health, ...columns } = writtenColumns(request, fields, []);
    await change(services, user.username, (c) => changeWorker(c, hostname, columns));
    if (typeof health === 'number') await services.workers.setHealth(hostname, workerHealths[health]!, user.username);
    return read(request);
  };

  route(app, '/workers/', {
    POST: async (request, reply) => {
      const user = requirePermission(request, 'lava_scheduler_app.add_worker');
      const columns = writtenColumns(request, written, ['hostname']);
      const hostname = String(columns['hostname']);
      await refused('worker', 'hostname', () => change(services, user.username, (c) => addWorker(c, { ...columns, hostname })));
      return reply.code(201).send(await readFor(user, hostname));
    },
    GET: async (request) => listing<Raw, unknown>({
      db, request, columns, from: sql`workers`, fields: workerFields, where: visibleWorkers(request.user),
      orderings,
      defaultOrder: sql`workers.hostname`, most: 10_000, show,
    }),
  }, { filters: workerFields, orderings: Object.keys(orderings), body: written, required: ['hostname'] });
  route<OfWorker>(app, '/workers/:hostname/', {
    GET: read, PUT: update, PATCH: update,
    DELETE: async (request, reply) => {
      const user = requirePermission(request, 'lava_scheduler_app.delete_worker');
      const { hostname } = await read(request);
      await change(services, user.username, async (c) => {
        if (!await removeWorker(c, hostname)) throw messageError(400, `Worker '${hostname}' runs jobs: cancel them first.`);
      });
      return reply.code(204).send();
    },
  }, { body: written });
  route<OfWorker>(app, '/workers/:hostname/set_health/', {
    POST: async (request, reply) => {
      const user = requirePermission(request, 'lava_scheduler_app.change_worker');
      const { hostname } = await read(request);
      const { health, reason } = (request.body ?? {}) as { health?: unknown; reason?: unknown };
      const word = workerHealths.find((h) => h.toLowerCase() === String(health ?? '').toLowerCase());
      if (!word) throw messageError(400, `Wrong worker health ${String(health ?? '').slice(0, 100)}`);
      await services.workers.setHealth(hostname, word, user.username, typeof reason === 'string' && reason !== '' ? reason.slice(0, 1000) : undefined);
      return reply.code(202).send({ message: 'OK' });
    },
  }, { body: { health: { kind: 'choice', column: 'health', words: workerHealths }, reason: { kind: 'text', column: 'reason', most: 1000 } }, required: ['health'] });

  const ofWorker = {
    named: async (request: RestRequest<{ key: string }>) => (await readFor(request.user, request.params.key)).hostname,
    mayWrite: (request: RestRequest) => requirePermission(request, 'lava_scheduler_app.change_worker'),
    done: () => ({ message: 'content successfully updated' }),
  };
  configurationRoute(app, services, {
    ...ofWorker, path: '/workers/:key/env/', kind: 'env', field: 'env',
    absent: (name) => `Worker '${name}' does not have 'env' file`, file: () => 'env.yaml',
  });
  configurationRoute(app, services, {
    ...ofWorker, path: '/workers/:key/config/', kind: 'dispatcher', field: 'config',
    absent: (name) => `Worker '${name}' does not have 'dispatcher' file`, file: () => 'dispatcher.yaml',
  });
}
