import { deviceHealths, deviceStates, jobStates, workerHealths, workerStates } from '@lava/job';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { visibleDeviceTypes } from '../auth/visibility.ts';
import type { Services } from '../services.ts';

const registries = new WeakMap<object, Registry>();

/** Measures every request of this server. */
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

/** `/metrics` and the health of the server, for monitoring. */
export async function metrics(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  const registry = registries.get(app.server)!;
  gauges(registry, services);

  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));

  const health = async () => ((await services.healthy()) ? { health: 'good' } : { health: 'bad', error: 'database connection lost' });
  for (const path of ['/healthz', '/v1/healthz/']) {
    app.get(path, async (_request, reply) => {
      const answer = await health();
      return reply.code(answer.health === 'good' ? 200 : 500).send(answer);
    });
  }
  app.get('/v1/healthz', async (_request, reply) => reply.redirect('/v1/healthz/', 301));
  app.get('/v1/prometheus', async (_request, reply) => reply.redirect('/v1/prometheus/', 301));
  app.get('/v1/prometheus/', async (_request, reply) => reply.type('text/plain; version=0.0.4').send(await classicMetrics(services)));
}

/** Counts of the tables by state, read when somebody asks. */
function gauges(registry: Registry, services: Services): void {
  const gauge = <L extends string>(name: string, help: string, labelNames: L[], read: (set: (labels: Record<L, string>, value: number) => void) => Promise<void>) =>
    new Gauge({
      name, help, labelNames, registers: [registry],
      async collect() { this.reset(); await read((labels, value) => this.set(labels, value)); },
    });

  gauge('lava_jobs', 'Unfinished jobs by state; Submitted is the queue.', ['state'], async (set) => {
    const { rows } = await sql<{ state: number; n: number }>`select state, count(*)::int as n from jobs where state < 5 group by state`.execute(services.db);
    for (const [i, state] of jobStates.slice(0, 5).entries()) set({ state }, rows.find((r) => r.state === i)?.n ?? 0);
  });
  gauge('lava_devices', 'Devices by state and health.', ['state', 'health'], async (set) => {
    const { rows } = await sql<{ state: number; health: number; n: number }>`select state, health, count(*)::int as n from devices group by state, health`.execute(services.db);
    for (const r of rows) set({ state: deviceStates[r.state]!, health: deviceHealths[r.health]! }, r.n);
  });
  gauge('lava_workers', 'Workers by state and health; Online have a session on the link.', ['state', 'health'], async (set) => {
    const { rows } = await sql<{ state: number; health: number; n: number }>`select state, health, count(*)::int as n from workers group by state, health`.execute(services.db);
    for (const r of rows) set({ state: workerStates[r.state]!, health: workerHealths[r.health]! }, r.n);
  });
  gauge('lava_attempts', 'Attempts that hold a device now.', [], async (set) => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from attempts where ended_at is null`.execute(services.db);
    set({}, rows[0]!.n);
  });
}

/** The names that LAVA's own monitoring page has. */
async function classicMetrics(services: Services): Promise<string> {
  const { rows } = await sql<Record<string, number>>`select
    (select count(*)::int from devices d join workers w on w.hostname = d.worker where d.health in (0, 1) and w.state = 0) as devices_online,
    (select count(*)::int from devices where health <> 5) as devices_not_retired,
    (select count(*)::int from devices where state = 2) as devices_running,
    (select count(*)::int from jobs where state = 3) as jobs_running,
    (select count(*)::int from devices d join device_types t on t.name = d.device_type where d.health <> 5 and not t.disable_health_check) as devices_health_check_total,
    (select count(*)::int from devices where health = 0) as devices_health_check_complete,
    (select count(*)::int from workers where health <> 2) as workers_not_retired,
    (select count(*)::int from workers where health <> 2 and state = 0) as workers_online,
    (select count(*)::int from workers where health <> 2 and state = 1) as workers_offline,
    (select count(*)::int from workers where health = 1) as workers_maintenance,
    (select count(*)::int from workers where health = 0) as workers_active`.execute(services.db);
  const types = await sql<Record<string, number> & { name: string }>`
    select t.name, count(*) filter (where d.state = 0 and d.health in (0, 1))::int as idle, count(*) filter (where d.state <> 0)::int as busy,
      count(*) filter (where d.state = 0 and d.health in (2, 3))::int as offline, count(*) filter (where d.health = 4)::int as maintenance,
      (select count(*)::int from jobs j where j.requested_device_type = t.name and j.state = 0) as queue
    from device_types t left join devices d on d.device_type = t.name where t.display and ${visibleDeviceTypes(null, 't.name')} group by t.name order by t.name`.execute(services.db);
  const series = (name: string, lines: string[]) => `# TYPE ${name} counter\n${lines.join('\n')}\n`;
  const label = (value: string) => value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
  const all = Object.entries(rows[0]!).map(([name, n]) => series(name, [`${name} ${n}`]));
  const byType = types.rows.flatMap((t) => ['idle', 'busy', 'offline', 'maintenance', 'queue'].map((state) => `device_type{name="${label(t.name)}",state="${state}"} ${t[state]}`));
  return all.join('') + (byType.length > 0 ? series('device_type', byType) : '');
}
