import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { deviceTypeFields } from './fields.ts';
import { listing } from './page.ts';
import { requireSuperuser } from '../who.ts';
import { messageError, route, type RestRequest } from './route.ts';
import { refused, writtenColumns, type WriteField } from './write.ts';

interface Raw { name: string; aliases: string[]; description: string; health_frequency: number; disable_health_check: boolean; health_denominator: number; display: boolean }

const columns = sql`device_types.name, array(select a.name from aliases a where a.device_type = device_types.name order by 1) as aliases, device_types.description,
  device_types.health_frequency, device_types.disable_health_check, device_types.health_denominator, device_types.display`;
const show = (t: Raw) => ({
  name: t.name, architecture: null, processor: null, cpu_model: null, aliases: t.aliases, bits: null, cores: [], core_count: null, description: t.description,
  health_frequency: t.health_frequency, disable_health_check: t.disable_health_check, health_denominator: ['hours', 'jobs'][t.health_denominator], display: t.display,
});

interface OfType { name: string }

const written: Readonly<Record<string, WriteField>> = {
  name: { kind: 'text', column: 'name', most: 50 }, description: { kind: 'text', column: 'description', most: 200 },
  health_frequency: { kind: 'integer', column: 'health_frequency' }, disable_health_check: { kind: 'boolean', column: 'disable_health_check' }, display: { kind: 'boolean', column: 'display' },
};

export function restDeviceTypes(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const read = async (name: string) => {
    const { rows } = await sql<Raw>`select ${columns} from device_types where device_types.name = ${name}`.execute(db);
    if (!rows[0]) throw notFound('Device type');
    return show(rows[0]);
  };
  const update = (required: readonly string[]) => async (request: RestRequest<OfType>) => {
    requireSuperuser(request);
    const { name } = await read(request.params.name);
    const { name: _fixed, ...fields } = written;
    const set = writtenColumns(request, fields, required);
    if (Object.keys(set).length > 0) await db.updateTable('device_types').set(set).where('name', '=', name).execute();
    return read(name);
  };

  route(app, '/devicetypes/', {
    POST: async (request, reply) => {
      requireSuperuser(request);
      const set = writtenColumns(request, written, ['name']);
      await refused('device type', 'name', () => db.insertInto('device_types').values(set as never).execute());
      return reply.code(201).send(await read(String(set['name'])));
    },
    GET: async (request) => listing<Raw, unknown>({
      db, request, columns, from: sql`device_types`, fields: deviceTypeFields, where: sql<boolean>`true`,
      orderings: Object.fromEntries(['name', 'description', 'health_frequency', 'disable_health_check', 'display'].map((n) => [n, `device_types.${n}`])),
      defaultOrder: sql`device_types.name`, most: 10_000, show,
    }),
  });
  route<OfType>(app, '/devicetypes/:name/', {
    GET: async (request) => read(request.params.name), PUT: update([]), PATCH: update([]),
    DELETE: async (request, reply) => {
      requireSuperuser(request);
      const { name } = await read(request.params.name);
      const used = await sql`select from devices where device_type = ${name} union all select from jobs where requested_device_type = ${name} limit 1`.execute(db);
      // Deleting it would delete all of them.
      if (used.rows.length > 0) throw messageError(400, `Device type '${name}' has devices or jobs: set "display" to false to take it out of use.`);
      await db.deleteFrom('device_types').where('name', '=', name).execute();
      return reply.code(204).send();
    },
  });
}
