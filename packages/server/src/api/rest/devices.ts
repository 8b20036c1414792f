import { deviceHealths, deviceStates, isMapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { sql } from 'kysely';
import { visibleDevices, visibleJobs } from '../../auth/visibility.ts';
import type { User } from '../../auth/users.ts';
import { checkDictionary } from '../../devices/renderer.ts';
import { addDevice, changeDevice, removeDevice } from '../../objects/write-device.ts';
import type { Services } from '../../services.ts';
import { change, type Change } from '../../store/change.ts';
import { definitionLimit } from '../body.ts';
import { forbidden, notFound } from '../errors.ts';
import { attachment } from '../send.ts';
import { mayDevice } from '../../read/access.ts';
import { requirePermission, requireSuperuser, requireUser } from '../who.ts';
import { deviceFields } from './fields.ts';
import { listing } from './page.ts';
import { detailError, fieldError, fieldText, messageError } from './refusals.ts';
import { bodyText, route, textBody, type RestRequest } from './route.ts';
import { refused, writtenColumns, type WriteField } from './write.ts';

interface Raw {
  hostname: string; device_type: string; device_version: string | null; physical_owner: number | null; physical_group: number | null; description: string;
  tags: number[]; state: number; health: number; last_health_report_job: number | null; worker_host: string | null; is_synced: boolean;
}
interface OfDevice { hostname: string }

const columns = (user: User | null) => sql`devices.hostname, devices.device_type, devices.device_version, devices.physical_owner, devices.physical_group, devices.description,
  array(select t.tag_id from device_tags t where t.device = devices.hostname order by 1) as tags, devices.state, devices.health,
  (select jobs.id from jobs where jobs.id = devices.last_health_report_job and ${visibleJobs(user)}) as last_health_report_job, devices.worker as worker_host, devices.is_synced`;
const orderings = Object.fromEntries(['hostname', 'device_type', 'device_version', 'physical_owner', 'physical_group', 'description', 'state', 'health', 'last_health_report_job', 'is_synced'].map((n) => [n, `devices.${n}`]));
orderings['worker_host'] = 'devices.worker';
const show = (d: Raw) => ({ ...d, state: deviceStates[d.state], health: deviceHealths[d.health] });
const written: Readonly<Record<string, WriteField>> = {
  hostname: { kind: 'text', column: 'hostname', most: 200 }, device_type: { kind: 'text', column: 'device_type', most: 50 },
  device_version: { kind: 'text', column: 'device_version', most: 200, nullable: true }, physical_owner: { kind: 'integer', column: 'physical_owner', nullable: true },
  physical_group: { kind: 'integer', column: 'physical_group', nullable: true }, description: { kind: 'text', column: 'description', most: 200 },
  worker_host: { kind: 'text', column: 'worker', most: 200, nullable: true }, health: { kind: 'choice', column: 'health', words: deviceHealths },
};

/** The ids of `tags`, if the request has them. */
function writtenTags(request: RestRequest): number[] | undefined {
  const given = (request.body as { tags?: unknown } | null | undefined)?.tags;
  if (given === undefined) return undefined;
  const ids = (Array.isArray(given) ? given : [given]).map(Number);
  if (ids.some((id) => !Number.isInteger(id) || id < 0 || id >= 2 ** 31)) throw fieldError('tags', 'Incorrect type. Expected pk value.');
  return ids;
}

async function setTags(c: Change, device: string, tags: readonly number[] | undefined): Promise<void> {
  if (!tags) return;
  await c.trx.deleteFrom('device_tags').where('device', '=', device).execute();
  if (tags.length > 0) await sql`insert into device_tags (device, tag_id) select ${device}, unnest(${[...new Set(tags)]}::integer[])`.execute(c.trx);
}

/** Retired devices show only when all are asked for. */
const shown = (request: RestRequest) => (request.query['all'] ? sql<boolean>`true` : sql<boolean>`devices.health <> ${deviceHealths.indexOf('Retired')}`);

export function restDevices(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const read = async (request: RestRequest<OfDevice>, where = shown(request)) => {
    const { rows } = await sql<Raw>`select ${columns(request.user)} from devices where devices.hostname = ${request.params.hostname} and ${where} and ${visibleDevices(request.user)}`.execute(db);
    if (!rows[0]) throw notFound('Device');
    return show(rows[0]);
  };

  const add = async (request: RestRequest, reply: FastifyReply) => {
    const user = requireSuperuser(request);
    const columns = writtenColumns(request, written, ['hostname', 'device_type']);
    const tags = writtenTags(request);
    await refused('device', 'hostname', () => change(services, user.username, async (c) => {
      const [hostname, device_type] = [String(columns['hostname']), String(columns['device_type'])];
      await addDevice(c, { ...columns, hostname, device_type });
      await setTags(c, hostname, tags);
    }));
    return reply.code(201).send(await read(Object.assign(request, { params: { hostname: String(columns['hostname']) } }), sql<boolean>`true`));
  };
  const update = (required: readonly string[]) => async (request: RestRequest<OfDevice>) => {
    const user = requireSuperuser(request);
    const { hostname } = await read(request, sql<boolean>`true`);
    const { hostname: _fixed, ...fields } = written;
    const { health, ...columns } = writtenColumns(request, fields, required);
    const tags = writtenTags(request);
    await refused('device', 'hostname', () => change(services, user.username, async (c) => {
      await setTags(c, hostname, tags);
      await changeDevice(c, hostname, columns, tags ? ['tags'] : []);
    }));
    if (typeof health === 'number') await services.devices.setHealth(hostname, deviceHealths[health]!, user.username);
    const { hostname: _key, ...shownFields } = await read(request, sql<boolean>`true`);
    return shownFields;
  };
  const remove = async (request: RestRequest<OfDevice>, reply: FastifyReply) => {
    const user = requireSuperuser(request);
    const { hostname } = await read(request, sql<boolean>`true`);
    await change(services, user.username, async (c) => {
      if (!await removeDevice(c, hostname)) throw messageError(400, `Device '${hostname}' is in use: cancel its job first.`);
    });
    return reply.code(204).send();
  };

  route(app, '/devices/', {
    POST: add,
    GET: async (request) => listing<Raw, unknown>({
      db, request, columns: columns(request.user), from: sql`devices`, fields: deviceFields, where: sql<boolean>`${shown(request)} and ${visibleDevices(request.user)}`, orderings, defaultOrder: sql`devices.hostname`, most: 10_000, show,
    }),
  }, { filters: deviceFields, orderings: Object.keys(orderings), body: written, required: ['hostname', 'device_type'] });
  route<OfDevice>(app, '/devices/:hostname/', {
    GET: async (request) => read(request), PUT: update(['device_type']), PATCH: update([]), DELETE: remove,
  }, { body: written, required: ['device_type'] });

  route<OfDevice>(app, '/devices/:hostname/dictionary/', {
    GET: async (request, reply) => {
      const { hostname } = await read(request);
      const dictionary = await services.devices.dictionary(hostname);
      if (dictionary === undefined) throw detailError(400, `Device '${hostname}' does not have a configuration`);
      if (!request.query['render']) return attachment(reply, `${hostname}.jinja2`).type('text/plain; charset=utf-8').send(dictionary);
      const rendered = await services.devices.render(hostname, context(request));
      return attachment(reply, `${hostname}.yaml`).type('application/yaml').send(rendered);
    },
    POST: async (request) => {
      const user = requireUser(request);
      const { hostname } = await read(request, sql<boolean>`true`);
      if (!await mayDevice(db, user, 'change', hostname)) throw forbidden();
      await services.devices.setDictionary(hostname, bodyText(request, 'dictionary'), user.username);
      return { message: 'device config successfully updated' };
    },
  }, { bodyLimit: definitionLimit, ...textBody('dictionary') });

  app.register(async (scope) => {
    scope.addContentTypeParser('text/plain', { parseAs: 'string', bodyLimit: definitionLimit }, (_request, body, done) => done(null, body));
    route(scope, '/devices/validate/', {
      POST: async (request) => {
        requirePermission(request, 'lava_scheduler_app.add_device');
        const text = request.body;
        if (typeof text !== 'string' || text.trim() === '') throw fieldText('device', 'Device dictionary is required.');
        const error = await checkDictionary(services, text);
        return { message: error === undefined ? 'Device dictionary valid.' : `Device dictionary invalid: ${error}` };
      },
    });
  });

  route<OfDevice>(app, '/devices/:hostname/set_health/', {
    POST: async (request, reply) => {
      const user = requirePermission(request, 'lava_scheduler_app.change_device');
      const { hostname } = await read(request, sql<boolean>`true`);
      const { health, reason } = (request.body ?? {}) as { health?: unknown; reason?: unknown };
      const word = deviceHealths.find((h) => h.toLowerCase() === String(health ?? '').toLowerCase());
      if (!word) throw messageError(400, `Wrong device health ${String(health ?? '').slice(0, 100)}`);
      await services.devices.setHealth(hostname, word, user.username, typeof reason === 'string' && reason !== '' ? reason.slice(0, 1000) : undefined);
      return reply.code(202).send({ message: 'OK' });
    },
  }, { body: { health: { kind: 'choice', column: 'health', words: deviceHealths }, reason: { kind: 'text', column: 'reason', most: 1000 } }, required: ['health'] });
}

/** The job context of `?context=`, a YAML mapping. */
function context(request: RestRequest): Readonly<Record<string, unknown>> {
  const given = request.query['context'];
  const text = Array.isArray(given) ? given.at(-1) : given;
  if (!text) return {};
  let value: unknown;
  try { value = loadYaml(text, { limits: { size: 64 * 1024 } }); } catch { /* told below */ }
  if (!isMapping(value)) throw detailError(400, `Job Context '${text.slice(0, 200)}' is not valid: it must be a YAML mapping`);
  return value;
}
