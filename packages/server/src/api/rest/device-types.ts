import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { deviceTypeFields } from './fields.ts';
import { listing } from './page.ts';
import { route } from './route.ts';

interface Raw { name: string; aliases: string[]; description: string; health_frequency: number; disable_health_check: boolean; health_denominator: number; display: boolean }

const columns = sql`device_types.name, array(select a.name from aliases a where a.device_type = device_types.name order by 1) as aliases, device_types.description,
  device_types.health_frequency, device_types.disable_health_check, device_types.health_denominator, device_types.display`;
const show = (t: Raw) => ({
  name: t.name, architecture: null, processor: null, cpu_model: null, aliases: t.aliases, bits: null, cores: [], core_count: null, description: t.description,
  health_frequency: t.health_frequency, disable_health_check: t.disable_health_check, health_denominator: ['hours', 'jobs'][t.health_denominator], display: t.display,
});

export function restDeviceTypes(app: FastifyInstance, services: Services): void {
  const { db } = services;
  route(app, '/devicetypes/', {
    GET: async (request) => listing<Raw, unknown>({
      db, request, columns, from: sql`device_types`, fields: deviceTypeFields, where: sql<boolean>`true`,
      orderings: Object.fromEntries(['name', 'description', 'health_frequency', 'disable_health_check', 'display'].map((n) => [n, `device_types.${n}`])),
      defaultOrder: sql`device_types.name`, most: 10_000, show,
    }),
  });
  route<{ name: string }>(app, '/devicetypes/:name/', {
    GET: async (request) => {
      const { rows } = await sql<Raw>`select ${columns} from device_types where device_types.name = ${request.params.name}`.execute(db);
      if (!rows[0]) throw notFound('Device type');
      return show(rows[0]);
    },
  });
}
