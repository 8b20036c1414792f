import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { readAudit } from '../../read/audit.ts';
import { deviceRows } from '../../read/devices.ts';
import { workerRows } from '../../read/workers.ts';

export function workers(app: FastifyInstance, services: Services): void {
  const { db } = services;

  app.get('/workers', async (request) => ({ workers: await workerRows(db, request.user) }));

  app.get<{ Params: { hostname: string } }>('/workers/:hostname', async (request) => {
    const { hostname } = request.params;
    const row = (await workerRows(db, request.user, [hostname]))[0];
    if (!row) throw notFound(`Worker ${hostname}`);
    const all = await deviceRows(db, request.user);
    return { ...row, devices: all.filter((d) => d.worker === hostname), log: await readAudit(db, request.user, { kind: 'worker', object: hostname }, 50) };
  });
}
