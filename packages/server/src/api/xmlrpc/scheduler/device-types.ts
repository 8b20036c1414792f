import { deviceHealths, deviceStates } from '@lava/job';
import { listTemplates, readTemplate } from '@lava/device';
import { sql } from 'kysely';
import type { User } from '../../../auth/users.ts';
import { visibleDevices, visibleDeviceTypes } from '../../../auth/visibility.ts';
import { readConfiguration } from '../../../devices/configuration.ts';
import { typeSources } from '../../../devices/renderer.ts';
import { addDeviceType, changeDeviceType, dropAlias, setAlias } from '../../../objects/write-device-type.ts';
import { change } from '../../../store/change.ts';
import { anyone, login, permission } from '../access.ts';
import { Fault, type XmlRpcValue } from '../codec/values.ts';
import { configurationText, storeConfiguration } from '../configurations.ts';
import { method, type Context, type Method } from '../method.ts';
import { changeableType, findType, missing, typeNamed } from '../objects.ts';
import { flag, integer, text, unused } from '../param.ts';
import { listPermissions } from '../permissions.ts';
import { storeNew } from '../stored.ts';
import { healthNumber } from '../../../read/status-words.ts';
import { aliasNamed, freeForAlias } from './aliases.ts';
import { objectPermissions } from './object-permissions.ts';

const name = text('name of the device type');
const ownersOnly = unused('owners only');
const denominators = ['hours', 'jobs'];

export const schedulerDeviceTypes: readonly Method[] = [
  method('scheduler.device_types.list', {
    access: anyone, params: { show_all: flag('also those that only have a template', false) }, about: 'Device types by name.', returns: 'array of structs with name, devices (how many), installed, template',
    async run({ services, user }, { show_all }) {
      const { rows } = await sql<{ name: string; devices: number }>`
        select device_types.name, (select count(*)::int from devices where devices.device_type = device_types.name and ${visibleDevices(user)}) as devices
        from device_types where ${visibleDeviceTypes(user)} order by device_types.name`.execute(services.db);
      const templates = new Set(listTemplates(await typeSources(services)).filter((t) => !t.startsWith('base')));
      const installed = rows.map((t) => ({ ...t, installed: true, template: templates.has(t.name) }));
      if (!show_all) return installed;
      const all = await services.db.selectFrom('device_types').select('name').execute();
      for (const { name } of all) templates.delete(name);
      return [...installed, ...[...templates].sort().map((name) => ({ name, devices: 0, installed: false, template: true }))];
    },
  }),
  method('scheduler.device_types.show', {
    access: anyone, params: { name }, about: 'Facts about a device type.',
    returns: 'struct with name, description, display, health_disabled, health_denominator, health_frequency, aliases, devices, default_template, permissions',
    run: show,
  }),
  method('scheduler.device_types.devices', {
    access: anyone, params: { name, health: text('only devices with this health', null) }, about: 'The devices of a type.', returns: 'array of structs with hostname, health, state',
    async run(context, { name, health }) {
      await typeNamed(context, name);
      const number = health === null ? undefined : healthNumber(health);
      if (health !== null && number === undefined) throw new Fault(400, `Invalid health '${health}'`);
      const { rows } = await sql<{ hostname: string; health: number; state: number }>`
        select devices.hostname, devices.health, devices.state from devices
        where devices.device_type = ${name} and ${number === undefined ? sql`true` : sql`devices.health = ${number}`} and ${visibleDevices(context.user)} order by 1`.execute(context.services.db);
      return rows.map((d) => ({ hostname: d.hostname, health: deviceHealths[d.health]!, state: deviceStates[d.state]! }));
    },
  }),
  method('scheduler.device_types.add', {
    access: permission('lava_scheduler_app.change_devicetype'),
    params: {
      name, description: text('description', null), display: flag('show it, and run its jobs', true), owners_only: ownersOnly,
      health_frequency: integer('how often a health check is due', 24), health_denominator: text('hours or jobs', 'hours'),
    },
    about: 'Adds a device type.', returns: 'nil',
    run: add,
  }),
  method('scheduler.device_types.update', {
    access: login,
    params: {
      name, description: text('description', null), display: flag('show it, and run its jobs', null), owners_only: ownersOnly,
      health_frequency: integer('how often a health check is due', null), health_denominator: text('hours or jobs', null), health_disabled: flag('run no health checks', null),
    },
    about: 'Changes a device type. What is nil stays as it is.', returns: 'nil',
    run: update,
  }),
  method('scheduler.device_types.get_template', {
    access: anyone, params: { name }, about: "The template of a device type: the admin's, or the one that comes with LAVA.", returns: 'binary text: Jinja2',
    async run(context, { name }) {
      await readableName(context, name);
      const template = readTemplate(`${name}.jinja2`, await typeSources(context.services));
      if (template === undefined) throw missing('Device-type', name);
      return Buffer.from(template);
    },
  }),
  method('scheduler.device_types.set_template', {
    access: login, params: { name, config: text('Jinja2; an empty text removes the own template') }, about: 'Replaces the template of a device type.', returns: 'nil',
    run: (context, { name, config }) => store(context, 'template', name, config),
  }),
  method('scheduler.device_types.get_health_check', {
    access: anyone, params: { name }, about: 'The health check of a device type.', returns: 'binary text: a job definition',
    async run(context, { name }) {
      await readableName(context, name);
      const check = await configurationText(context, 'health-check', name);
      if (check === undefined) throw missing('Device-type', name);
      return check;
    },
  }),
  method('scheduler.device_types.set_health_check', {
    access: login, params: { name, config: text('a job definition; an empty text removes the health check') }, about: 'Replaces the health check of a device type.', returns: 'nil',
    run: (context, { name, config }) => store(context, 'health-check', name, config),
  }),
  ...objectPermissions({ kind: 'devicetype', prefix: 'scheduler.device_types', noun: 'a device type', key: 'name', name, mustExist: async (context, name) => { if (!await findType(context, name)) throw missing('Device-type', name); } }),
  method('scheduler.device_types.aliases.add', {
    access: permission('lava_scheduler_app.add_alias'), params: { name, alias: text('name of the alias') },
    about: 'Gives a device type an alias; one of another type moves.', returns: 'nil',
    async run(context, { name, alias }) {
      await changeableType(context, name, noChange(name));
      await freeForAlias(context, alias);
      await change(context.services, context.user.username, async (c) => {
        await setAlias(c, alias, name);
        await changeDeviceType(c, name, {}, [`aliases: ${alias} added`]);
      });
    },
  }),
  method('scheduler.device_types.aliases.delete', {
    access: login, params: { name, alias: text('name of the alias') }, about: 'Takes an alias from a device type; the alias is removed.', returns: 'nil',
    async run(context, { name, alias }) {
      await changeableType(context, name, noChange(name));
      if (await aliasNamed(context, alias) !== name) throw missing('Alias', alias);
      await change(context.services, context.user.username, (c) => dropAlias(c, alias, name));
    },
  }),
  method('scheduler.device_types.aliases.list', {
    access: anyone, params: { name }, about: 'The aliases of a device type.', returns: 'array of names, sorted',
    async run(context, { name }) {
      await typeNamed(context, name);
      return aliasesOf(context, name);
    },
  }),
];

const noChange = (name: string) => `No 'change' permissions for device-type '${name}'.`;

async function aliasesOf({ services }: Context, type: string): Promise<string[]> {
  return (await services.db.selectFrom('aliases').select('name').where('device_type', '=', type).orderBy('name').execute()).map((a) => a.name);
}

/** A name of a file without a folder; of a type that is there it must be visible. */
async function readableName(context: Context, name: string): Promise<void> {
  if (name === '' || name.startsWith('.') || name.includes('/')) throw new Fault(400, `Invalid device-type '${name}'`);
  const type = await findType(context, name);
  if (type && !type.visible) throw missing('Device-type', name);
}

async function store(context: Context<User>, kind: 'template' | 'health-check', name: string, text: string): Promise<void> {
  if (name === '' || name.startsWith('.') || name.includes('/')) throw new Fault(400, `Invalid device-type '${name}'`);
  await changeableType(context, name, noChange(name));
  await storeConfiguration(context, kind, name, text, `Unable to write ${kind === 'template' ? 'device-type configuration' : 'health-check'}: the folder cannot be written`);
}

async function show(context: Context, args: { name: string }): Promise<XmlRpcValue> {
  const { services, user } = context;
  const type = await typeNamed(context, args.name);
  const { rows: devices } = await sql<{ hostname: string }>`select devices.hostname from devices where devices.device_type = ${type.name} and ${visibleDevices(user)} order by 1`.execute(services.db);
  return {
    name: type.name, description: type.description || null, display: type.display, health_disabled: type.disable_health_check,
    health_denominator: denominators[type.health_denominator]!, health_frequency: type.health_frequency, aliases: await aliasesOf(context, type.name),
    devices: devices.map((d) => d.hostname), default_template: await readConfiguration(services, 'template', type.name) === undefined,
    permissions: (await listPermissions(context, 'devicetype', type.name)).map((p) => ({ ...p })),
  };
}

function denominatorNumber(word: string): number {
  const n = denominators.indexOf(word);
  if (n < 0) throw new Fault(400, 'Bad request: invalid health_denominator.');
  return n;
}

interface AddArguments { readonly name: string; readonly description: string | null; readonly display: boolean; readonly health_frequency: number; readonly health_denominator: string }

async function add({ services, user }: Context<User>, { name, description, display, health_frequency, health_denominator }: AddArguments): Promise<void> {
  const columns = { name, description: description ?? '', display, health_frequency, health_denominator: denominatorNumber(health_denominator) };
  await storeNew('device-type', 'device-type name is already used.', () => change(services, user.username, (c) => addDeviceType(c, columns)));
}

interface UpdateArguments {
  readonly name: string; readonly description: string | null; readonly display: boolean | null; readonly health_frequency: number | null;
  readonly health_denominator: string | null; readonly health_disabled: boolean | null;
}

async function update(context: Context<User>, { name, description, display, health_frequency, health_denominator, health_disabled }: UpdateArguments): Promise<void> {
  await changeableType(context, name, `No 'admin' permissions for device-type '${name}'.`);
  const columns = {
    ...(description !== null && { description }), ...(display !== null && { display }), ...(health_frequency !== null && { health_frequency }),
    ...(health_denominator !== null && { health_denominator: denominatorNumber(health_denominator) }), ...(health_disabled !== null && { disable_health_check: health_disabled }),
  };
  await change(context.services, context.user.username, (c) => changeDeviceType(c, name, columns));
}
