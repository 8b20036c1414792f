import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

const registries = new WeakMap<object, Registry>();

/** Measures every request of this server, and the process. */
export function measureRequests(app: FastifyInstance): void {
  const registry = new Registry();
  registries.set(app.server, registry);
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'lava_http_request_duration_seconds', help: 'Time until the answer of a request was sent.', labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10], registers: [registry],
  });
  const started = new WeakMap<FastifyRequest, (labels: { route: string; status: number }) => number>();
  app.addHook('onRequest', async (request) => { started.set(request, durations.startTimer({ method: request.method })); });
  app.addHook('onResponse', async (request, reply) => {
    // The pattern of the route, not the address: the number of series stays small whatever is asked for.
    started.get(request)?.({ route: request.routeOptions.url ?? 'unknown', status: reply.statusCode });
  });
}

/** What `measureRequests` counts for this server. */
export const requestRegistry = (app: FastifyInstance): Registry => registries.get(app.server)!;
