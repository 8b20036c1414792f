import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { Services } from '../../services.ts';
import { whoAsks } from '../who.ts';
import { classicMetrics } from './classic-metrics.ts';
import { measureJobs } from './measure-jobs.ts';
import { requestRegistry } from './request-durations.ts';
import { storedCounts } from './stored-counts.ts';
import { tableGauges } from './table-gauges.ts';
import { workerGauges } from './worker-gauges.ts';

/** `/metrics` and the health of the server, for monitoring (docs/operations.md). */
export async function metrics(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  const requests = requestRegistry(app);

  app.get('/metrics', async (request, reply) => {
    // Names of hidden devices, types and workers are told to those who may see them.
    const { user } = await whoAsks(services, request);
    await measureJobs(services.db);
    const stored = new Registry();
    tableGauges(stored, services.db, user);
    workerGauges(stored, services.db, user);
    storedCounts(stored, services.db, user);
    return reply.type(stored.contentType).send(await Registry.merge([stored, services.timings.registry, requests]).metrics());
  });

  const health = async () => ((await services.healthy()) ? { health: 'good' } : { health: 'bad', error: 'database connection lost' });
  for (const path of ['/healthz', '/v1/healthz/']) {
    app.get(path, async (_request, reply) => {
      const answer = await health();
      return reply.code(answer.health === 'good' ? 200 : 500).send(answer);
    });
  }
  // For a balancer: 503 says "ask another server", where /healthz says what LAVA's clients know.
  app.get('/readyz', async (_request, reply) => {
    const ready = await services.healthy();
    return reply.code(ready ? 200 : 503).send({ ready, ...(!ready && { error: 'database connection lost' }) });
  });
  app.get('/v1/healthz', async (_request, reply) => reply.redirect('/v1/healthz/', 301));
  app.get('/v1/prometheus', async (_request, reply) => reply.redirect('/v1/prometheus/', 301));
  app.get('/v1/prometheus/', async (_request, reply) => reply.type('text/plain; version=0.0.4').send(await classicMetrics(services)));
}
