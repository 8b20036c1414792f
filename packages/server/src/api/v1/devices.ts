import { deviceHealths } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { texts } from '../body.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { text, whole, type Query } from '../query.ts';
import { readAudit } from '../../read/audit.ts';
import { deviceRows, deviceTypeRows, readDeviceType } from '../../read/devices.ts';
import { readHealthCheck } from './health-check.ts';
import { listJobs } from '../../read/jobs.ts';
import { requireUser } from '../who.ts';
import { mayDevice } from '../../read/access.ts';

interface OfDevice { Params: { hostname: string } }

export function devices(app: FastifyInstance, services: Services): void {
  const { db } = services;

  app.get('/devices', async (request) => ({ devices: await deviceRows(db, request.user) }));

  app.get<OfDevice>('/devices/:hostname', async (request) => {
    const { hostname } = request.params;
    const row = (await deviceRows(db, request.user, [hostname]))[0];
    if (!row) throw notFound(`Device ${hostname}`);
    const [dictionary, { jobs }, log] = await Promise.all([
      services.devices.dictionary(hostname),
      listJobs(db, request.user, { states: [], healths: [], device: hostname }, undefined, 20),
      readAudit(db, request.user, { kind: 'device', object: hostname }, 50),
    ]);
    const mayChange = await mayDevice(db, request.user, 'change', hostname);
    return { ...row, dictionary: dictionary ?? null, can_change: mayChange, health_check: await readHealthCheck(services, request.user, row, dictionary, mayChange), jobs, log };
  });

  app.post<OfDevice & { Body: { health: string; reason?: string } }>('/devices/:hostname/health', texts({ health: 20, 'reason?': 1000 }), async (request) => {
    const user = requireUser(request);
    const { hostname } = request.params;
    const health = deviceHealths.find((h) => h.toLowerCase() === request.body.health.toLowerCase());
    if (!health) throw badRequest(`"${request.body.health}" is no health of a device.`, `One of: ${deviceHealths.join(', ')}.`);
    if ((await deviceRows(db, user, [hostname])).length === 0) throw notFound(`Device ${hostname}`);
    if (!await mayDevice(db, user, 'change', hostname)) throw forbidden();
    await services.devices.setHealth(hostname, health, user.username, request.body.reason || undefined);
    return (await deviceRows(db, user, [hostname]))[0];
  });

  app.get('/device-types', async (request) => ({ device_types: await deviceTypeRows(db, request.user) }));

  app.get<{ Params: { name: string } }>('/device-types/:name', async (request) => {
    const type = await readDeviceType(db, request.user, request.params.name);
    if (!type) throw notFound(`Device type ${request.params.name.slice(0, 100)}`);
    return type;
  });

  app.get<{ Querystring: Query }>('/audit', async (request) => ({
    entries: await readAudit(db, request.user, { kind: text(request.query, 'kind'), object: text(request.query, 'object') }, whole(request.query, 'limit', 1, 500) ?? 100),
  }));
}
