import type { FastifyInstance, FastifyReply } from 'fastify';
import { sql } from 'kysely';
import type { User } from '../../auth/users.ts';
import { visibleDeviceTypes } from '../../auth/visibility.ts';
import { readTypeTemplate } from '../../devices/templates.ts';
import { addDeviceType, changeDeviceType, removeDeviceType, setAlias } from '../../objects/write-device-type.ts';
import type { Services } from '../../services.ts';
import { change, type Change } from '../../store/change.ts';
import { notFound } from '../errors.ts';
import { requirePermission, requireSuperuser } from '../who.ts';
import { configurationRoute } from './configuration.ts';
import { deviceTypeFields } from './fields.ts';
import { listing } from './page.ts';
import { fieldError, messageError } from './refusals.ts';
import { route, type RestRequest } from './route.ts';
import { refused, writtenColumns, type WriteField, type WrittenColumns } from './write.ts';

interface Raw {
  name: string; architecture: string | null; processor: string | null; cpu_model: string | null; aliases: string[]; bits: number | null; cores: string[]; core_count: number | null;
  description: string; health_frequency: number; disable_health_check: boolean; health_denominator: number; display: boolean;
}

const columns = sql`device_types.name, device_types.architecture, device_types.processor, device_types.cpu_model,
  array(select a.name from aliases a where a.device_type = device_types.name order by 1) as aliases, device_types.bits, device_types.cores, device_types.core_count,
  device_types.description, device_types.health_frequency, device_types.disable_health_check, device_types.health_denominator, device_types.display`;
const show = (t: Raw) => ({ ...t, health_denominator: ['hours', 'jobs'][t.health_denominator] });
const orderings = Object.fromEntries(
  ['name', 'architecture', 'processor', 'cpu_model', 'bits', 'core_count', 'description', 'health_frequency', 'disable_health_check', 'health_denominator', 'display'].map((n) => [n, `device_types.${n}`]),
);

interface OfType { name: string }

const optional = (column: string, most: number): WriteField => ({ kind: 'text', column, most, nullable: true });
const written: Readonly<Record<string, WriteField>> = {
  name: { kind: 'text', column: 'name', most: 50 }, architecture: optional('architecture', 100), processor: optional('processor', 100), cpu_model: optional('cpu_model', 100),
  bits: { kind: 'integer', column: 'bits', nullable: true }, core_count: { kind: 'integer', column: 'core_count', nullable: true },
  description: { kind: 'text', column: 'description', most: 200 }, health_frequency: { kind: 'integer', column: 'health_frequency' },
  disable_health_check: { kind: 'boolean', column: 'disable_health_check' }, display: { kind: 'boolean', column: 'display' },
};

/** A list of names of the body, if it is there. */
function writtenNames(request: RestRequest, field: string): string[] | undefined {
  const given = (request.body as Record<string, unknown> | null | undefined)?.[field];
  if (given === undefined) return undefined;
  const names: unknown[] = Array.isArray(given) ? given : [given];
  if (names.some((name) => typeof name !== 'string' || name === '' || name.length > 200 || name.includes('/'))) throw fieldError(field, 'Expected a list of names.');
  return [...new Set(names as string[])];
}

/** `bits` is stored in a small column. */
function withinRange(columns: WrittenColumns): WrittenColumns {
  if (typeof columns['bits'] === 'number' && columns['bits'] > 32_767) throw fieldError('bits', 'Ensure this value is less than or equal to 32767.');
  return columns;
}

/** The aliases of a type are these and no others; one that belongs to another type moves. */
async function setAliases(c: Change, type: string, aliases: readonly string[] | undefined): Promise<void> {
  if (!aliases) return;
  const clash = await c.trx.selectFrom('device_types').select('name').where('name', 'in', aliases.length > 0 ? aliases : ['']).executeTakeFirst();
  if (clash) throw fieldError('aliases', `DeviceType with name '${clash.name}' already exists.`);
  await c.trx.deleteFrom('aliases').where('device_type', '=', type).execute();
  for (const alias of aliases) await setAlias(c, alias, type);
}

export function restDeviceTypes(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const read = async (user: User | null, name: string) => {
    const { rows } = await sql<Raw>`select ${columns} from device_types where device_types.name = ${name} and ${visibleDeviceTypes(user)}`.execute(db);
    if (!rows[0]) throw notFound('Device type');
    return show(rows[0]);
  };
  const store = (user: User, request: RestRequest, name: string, write: (c: Change, cores: { cores?: string[] }, also: readonly string[]) => Promise<unknown>) =>
    refused('device type', 'name', () => change(services, user.username, async (c) => {
      const [cores, aliases] = [writtenNames(request, 'cores'), writtenNames(request, 'aliases')];
      await write(c, cores ? { cores } : {}, aliases ? ['aliases'] : []);
      await setAliases(c, name, aliases);
    }));
  const update = async (request: RestRequest<OfType>) => {
    const user = requireSuperuser(request);
    const { name } = await read(user, request.params.name);
    const { name: _fixed, ...fields } = written;
    const set = withinRange(writtenColumns(request, fields, []));
    await store(user, request, name, (c, cores, also) => changeDeviceType(c, name, { ...set, ...cores }, also));
    return read(user, name);
  };
  const add = async (request: RestRequest, reply: FastifyReply) => {
    const user = requireSuperuser(request);
    const set = withinRange(writtenColumns(request, written, ['name']));
    const name = String(set['name']);
    const alias = await db.selectFrom('aliases').select('name').where('name', '=', name).executeTakeFirst();
    if (alias) throw fieldError('name', `Alias with name '${name}' already exists.`);
    await store(user, request, name, (c, cores) => addDeviceType(c, { ...set, ...cores, name }));
    return reply.code(201).send(await read(user, name));
  };

  route(app, '/devicetypes/', {
    POST: add,
    GET: async (request) => listing<Raw, unknown>({
      db, request, columns, from: sql`device_types`, fields: deviceTypeFields, where: visibleDeviceTypes(request.user), orderings, defaultOrder: sql`device_types.name`, most: 10_000, show,
    }),
  }, { filters: deviceTypeFields, orderings: Object.keys(orderings), body: written, required: ['name'] });
  route<OfType>(app, '/devicetypes/:name/', {
    GET: async (request) => read(request.user, request.params.name), PUT: update, PATCH: update,
    DELETE: async (request, reply) => {
      const user = requireSuperuser(request);
      const { name } = await read(user, request.params.name);
      await change(services, user.username, async (c) => {
        if (!await removeDeviceType(c, name)) throw messageError(400, `Device type '${name}' has devices or jobs: set "display" to false to take it out of use.`);
      });
      return reply.code(204).send();
    },
  }, { body: written });

  const ofType = {
    named: async (request: RestRequest<{ key: string }>) => (await read(request.user, request.params.key)).name,
    mayWrite: (request: RestRequest) => requirePermission(request, 'lava_scheduler_app.change_device'),
    done: (reply: FastifyReply) => reply.code(204).send(),
  };
  configurationRoute(app, services, {
    ...ofType, path: '/devicetypes/:key/template/', kind: 'template', field: 'template', missing: 'Device type template is required.',
    read: (name) => readTypeTemplate(services, name),
    absent: (name) => `Device-type '${name}' template was not found.`, file: (name) => `${name}.jinja2`,
  });
  configurationRoute(app, services, {
    ...ofType, path: '/devicetypes/:key/health_check/', kind: 'health-check', field: 'config', missing: 'Health check configuration is required.',
    absent: (name) => `Device-type '${name}' health check was not found.`, file: (name) => `${name}_health_check.yaml`,
  });
}
