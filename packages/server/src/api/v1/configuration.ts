import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sql, type RawBuilder } from 'kysely';
import { holds } from '../../auth/permissions.ts';
import type { User } from '../../auth/users.ts';
import { visibleDevices, visibleDeviceTypes, visibleWorkers } from '../../auth/visibility.ts';
import { configurationFile, configurationVersions, inDatabase, ownConfiguration, writeConfiguration } from '../../devices/configuration.ts';
import { readTypeTemplate } from '../../devices/templates.ts';
import type { Services } from '../../services.ts';
import { change } from '../../store/change.ts';
import type { ConfigurationKind } from '../../store/database.ts';
import { definitionLimit, texts } from '../body.ts';
import { forbidden, HttpError, notFound, shownProblem } from '../errors.ts';
import { mayDevice } from '../../read/access.ts';
import { requireUser } from '../who.ts';
import { checkConfigurationText } from './check-configuration.ts';

interface OfText { Params: { kind: string; name: string } }

interface Owner {
  readonly table: string;
  readonly key: string;
  visible(user: User | null): RawBuilder<boolean>;
  mayChange(services: Services, user: User | null, name: string): Promise<boolean>;
}

const device: Owner = { table: 'devices', key: 'hostname', visible: visibleDevices, mayChange: ({ db }, user, name) => mayDevice(db, user, 'change', name) };
const type: Owner = { table: 'device_types', key: 'name', visible: visibleDeviceTypes, mayChange: async (_services, user) => holds(user, 'lava_scheduler_app.change_device') };
const worker: Owner = { table: 'workers', key: 'hostname', visible: visibleWorkers, mayChange: async (_services, user) => holds(user, 'lava_scheduler_app.change_worker') };
const owners: Readonly<Record<ConfigurationKind, Owner>> = { dictionary: device, template: type, 'health-check': type, dispatcher: worker, env: worker, 'env-dut': worker };

/**
 * Texts that configure devices, device types and workers, with what they were before. A text that an admin keeps in a
 * file is shown with its path and not changed from here: whoever edits the file would not know.
 */
export function configuration(app: FastifyInstance, services: Services): void {
  const { db, paths } = services;

  /** The kind and the object of an address, if the user may see it. */
  const find = async (request: FastifyRequest<OfText>): Promise<{ kind: ConfigurationKind; name: string; mayChange: boolean }> => {
    const { kind, name } = request.params;
    if (!Object.hasOwn(owners, kind)) throw notFound(`Configuration ${kind.slice(0, 40)}`);
    const { table, key, visible, mayChange } = owners[kind as ConfigurationKind];
    const { rows } = await sql`select from ${sql.table(table)} where ${sql.ref(key)} = ${name} and ${visible(request.user)}`.execute(db);
    if (rows.length === 0) throw notFound(`${kind === 'dictionary' ? 'Device' : table === 'workers' ? 'Worker' : 'Device type'} ${name.slice(0, 100)}`);
    return { kind: kind as ConfigurationKind, name, mayChange: await mayChange(services, request.user, name) };
  };
  const findToChange = async (request: FastifyRequest<OfText>) => {
    const user = requireUser(request);
    const found = await find(request);
    if (!found.mayChange) throw forbidden();
    return { ...found, user };
  };

  app.get<OfText>('/configuration/:kind/:name', async (request) => {
    const { kind, name, mayChange } = await find(request);
    const own = await ownConfiguration(services, kind, name);
    const shipped = own === undefined && kind === 'template' ? await readTypeTemplate(services, name) : undefined;
    const place = own === undefined ? shipped === undefined ? null : 'shipped' : own.source === inDatabase ? 'database' : 'file';
    // Where files are is for those who administer them.
    const path = !mayChange ? null : place === 'file' ? own!.source : configurationFile(paths, kind, name);
    return { kind, name, text: own?.text ?? shipped ?? null, place, path, can_change: mayChange && place !== 'file' };
  });

  app.get<OfText>('/configuration/:kind/:name/versions', async (request) => {
    const { kind, name } = await findToChange(request);
    const versions = await configurationVersions(db, kind, name, 50);
    return { versions: versions.map((v) => ({ ...v, at: v.at.toISOString() })) };
  });

  const body = { ...texts({ text: definitionLimit }), bodyLimit: definitionLimit };
  app.post<OfText & { Body: { text: string } }>('/configuration/:kind/:name/check', { ...body, config: { rateLimit: { max: 120, timeWindow: '1 minute' } } }, async (request) => {
    const { kind, name } = await findToChange(request);
    const problems = await checkConfigurationText(services, kind, name, request.body.text);
    return { valid: problems.every((p) => p.severity !== 'error'), problems: problems.map(shownProblem) };
  });

  app.post<OfText & { Body: { text: string } }>('/configuration/:kind/:name', body, async (request, reply) => {
    const { kind, name, user } = await findToChange(request);
    await change(services, user.username, async (c) => {
      const own = await ownConfiguration({ db: c.trx, paths }, kind, name);
      if (own && own.source !== inDatabase) throw new HttpError(409, 'kept-in-file', `This text is kept in the file ${own.source}.`, { hint: 'Edit the file on the server; it counts at once.' });
      await writeConfiguration(c, paths, kind, name, request.body.text);
    });
    return reply.code(204).send();
  });
}
