import { deviceHealths, deviceStates } from '@lava/job';
import { sql } from 'kysely';
import type { User } from '../../../auth/users.ts';
import { visibleDevices, visibleJobs } from '../../../auth/visibility.ts';
import { readConfiguration } from '../../../devices/configuration.ts';
import { addDevice, changeDevice, removeDevice } from '../../../objects/write-device.ts';
import { change, type Change } from '../../../store/change.ts';
import { deviceHealth } from '../../../store/numbers.ts';
import { anyone, login, permission } from '../access.ts';
import { Fault, type XmlRpcValue } from '../codec/values.ts';
import { configurationText, jobContext, storeConfiguration } from '../configurations.ts';
import { method, type Context, type Method } from '../method.ts';
import { changeableDevice, deviceNamed, findDevice, findType, missing, workerExists } from '../objects.ts';
import { flag, text, unused } from '../param.ts';
import { listPermissions } from '../permissions.ts';
import { storeNew } from '../stored.ts';
import { healthNumber } from '../../../read/status-words.ts';
import { extendedTemplate } from '../../../scheduler/health-check-files.ts';
import { objectPermissions } from './object-permissions.ts';
import { tagNamed } from './tags.ts';

const hostname = text('host name of the device');

export const schedulerDevices: readonly Method[] = [
  method('scheduler.devices.list', {
    access: anyone, params: { show_all: flag('with retired devices', false), offline_info: unused('offline information', false) },
    about: 'Devices by name.', returns: 'array of structs with hostname, type, health, state, current_job, pipeline',
    async run({ services, user }, { show_all }) {
      const shown = show_all ? sql<boolean>`true` : sql<boolean>`devices.health <> ${deviceHealth.Retired}`;
      const { rows } = await sql<{ hostname: string; type: string; health: number; state: number; current_job: number | null }>`
        select devices.hostname, devices.device_type as type, devices.health, devices.state, ${currentJob(user)} as current_job
        from devices where ${shown} and ${visibleDevices(user)} order by devices.hostname`.execute(services.db);
      return rows.map((d) => ({ ...d, health: deviceHealths[d.health]!, state: deviceStates[d.state]!, pipeline: true }));
    },
  }),
  method('scheduler.devices.show', {
    access: anyone, params: { hostname }, about: 'Facts about a device.',
    returns: 'struct with hostname, device_type, health, state, health_job, description, pipeline, has_device_dict, worker, current_job, tags, permissions',
    run: show,
  }),
  method('scheduler.devices.add', {
    access: permission('lava_scheduler_app.change_device'),
    params: {
      hostname, type_name: text('name of the device type'), worker_hostname: text('host name of the worker'), user_name: unused('owner'), group_name: unused('group'),
      public: unused('public', true), health: text('GOOD, UNKNOWN, LOOPING, BAD, MAINTENANCE or RETIRED', null), description: text('description', null),
    },
    about: 'Adds a device. It is Unknown unless a health is given.', returns: 'nil',
    run: add,
  }),
  method('scheduler.devices.update', {
    access: login,
    params: {
      hostname, worker_hostname: text('host name of the worker', null), user_name: text('who has the device on the desk', null), group_name: unused('group'), public: unused('public', true),
      health: text('GOOD, UNKNOWN, LOOPING, BAD, MAINTENANCE or RETIRED', null), description: text('description', null), device_type: text('name of the device type', null),
      reason: text('why the health changes', null),
    },
    about: 'Changes a device. What is nil stays as it is.', returns: 'nil',
    run: update,
  }),
  method('scheduler.devices.delete', {
    access: permission('lava_scheduler_app.delete_device'), params: { hostname }, about: 'Removes a device that runs nothing.', returns: 'nil',
    async run(context, { hostname }) {
      const device = await findDevice(context, hostname);
      if (!device) throw missing('Device', hostname);
      await change(context.services, context.user.username, async (c) => {
        if (!await removeDevice(c, hostname)) throw new Fault(400, `Bad request: device '${hostname}' is in use; cancel its job first.`);
      });
    },
  }),
  method('scheduler.devices.get_dictionary', {
    access: anyone, params: { hostname, render: flag('render it into the configuration of the device', false), context: text('context of a job, in YAML', null) },
    about: 'The dictionary of a device, or its configuration.', returns: 'binary text: Jinja2, or YAML',
    async run(asked, { hostname, render, context }) {
      await deviceNamed(asked, hostname);
      const dictionary = await configurationText(asked, 'dictionary', hostname);
      const ofJob = jobContext(context, (reason) => `Job Context '${context?.slice(0, 200)}' is not valid: ${reason}`);
      if (dictionary === undefined) throw new Fault(404, `Device '${hostname}' does not have a configuration`);
      return render ? Buffer.from(await asked.services.devices.render(hostname, ofJob)) : dictionary;
    },
  }),
  method('scheduler.devices.set_dictionary', {
    access: login, params: { hostname, dictionary: text('Jinja2; an empty text removes the dictionary') }, about: 'Replaces the dictionary of a device.', returns: 'true',
    async run(context, { hostname, dictionary }) {
      await changeableDevice(context, hostname, needsAdmin(context, hostname));
      await storeConfiguration(context, 'dictionary', hostname, dictionary, `Unable to store the configuration for ${hostname} on disk`);
      return true;
    },
  }),
  ...objectPermissions({ kind: 'device', prefix: 'scheduler.devices', noun: 'a device', key: 'hostname', name: hostname, mustExist: async (context, name) => { if (!await findDevice(context, name)) throw missing('Device', name); } }),
  method('scheduler.devices.tags.add', {
    access: permission('lava_scheduler_app.add_tag'), params: { hostname, name: text('name of the tag') }, about: 'Gives a device a tag, which is made if there is none of the name.', returns: 'nil',
    async run(context, { hostname, name }) {
      await changeableDevice(context, hostname, needsAdmin(context, hostname));
      await changeTags(context, hostname, async (trx) => {
        await sql`insert into tags (name) values (${name}) on conflict do nothing`.execute(trx);
        await sql`insert into device_tags (device, tag_id) select ${hostname}, id from tags where name = ${name} on conflict do nothing`.execute(trx);
      });
    },
  }),
  method('scheduler.devices.tags.delete', {
    access: login, params: { hostname, name: text('name of the tag') }, about: 'Takes a tag from a device.', returns: 'nil',
    async run(context, { hostname, name }) {
      await changeableDevice(context, hostname, needsAdmin(context, hostname));
      const { id } = await tagNamed(context, name);
      await changeTags(context, hostname, (trx) => trx.deleteFrom('device_tags').where('device', '=', hostname).where('tag_id', '=', id).execute());
    },
  }),
  method('scheduler.devices.tags.list', {
    access: anyone, params: { hostname }, about: 'The tags of a device.', returns: 'array of names',
    async run(context, { hostname }) {
      if (!(await findDevice(context, hostname))?.visible) throw missing('Device', hostname);
      return tagsOf(context, hostname);
    },
  }),
];

/** Number of the job on a device that who asks may see. */
const currentJob = (user: User | null) => sql<number | null>`(select jobs.id from jobs where jobs.actual_device = devices.hostname and jobs.state < 5 and ${visibleJobs(user)} limit 1)`;

const needsAdmin = ({ user }: Context<User>, hostname: string) => `User '${user.username}' needs admin permission on device ${hostname}.`;

async function tagsOf({ services }: Context, hostname: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select t.name from device_tags dt join tags t on t.id = dt.tag_id where dt.device = ${hostname} order by t.name`.execute(services.db);
  return rows.map((r) => r.name);
}

async function changeTags({ services, user }: Context<User>, hostname: string, work: (trx: Change['trx']) => Promise<unknown>): Promise<void> {
  await change(services, user.username, async (c) => {
    await work(c.trx);
    await changeDevice(c, hostname, {}, ['tags']);
  });
}

async function show(context: Context, args: { hostname: string }): Promise<XmlRpcValue> {
  const { services, user } = context;
  const device = await deviceNamed(context, args.hostname);
  const { hostname, device_type, worker } = device;
  const { rows: [current] } = await sql<{ job: number | null }>`select ${currentJob(user)} as job from devices where devices.hostname = ${hostname}`.execute(services.db);
  const dictionary = await readConfiguration(services, 'dictionary', hostname);
  // A health check goes by what the dictionary extends, whatever the type is called.
  const template = extendedTemplate(dictionary ?? '');
  return {
    hostname, device_type, health: deviceHealths[device.health]!, state: deviceStates[device.state]!,
    health_job: template !== undefined && await readConfiguration(services, 'health-check', template) !== undefined, description: device.description || null, pipeline: true,
    has_device_dict: dictionary !== undefined, worker, current_job: current?.job ?? null, tags: await tagsOf(context, hostname),
    permissions: (await listPermissions(context, 'device', hostname)).map((p) => ({ ...p })),
  };
}

interface AddArguments { readonly hostname: string; readonly type_name: string; readonly worker_hostname: string; readonly health: string | null; readonly description: string | null }

async function add(context: Context<User>, { hostname, type_name, worker_hostname, health, description }: AddArguments): Promise<void> {
  if (!await findType(context, type_name)) throw missing('DeviceType', type_name);
  await workerExists(context, worker_hostname);
  const number = health === null ? deviceHealth.Unknown : healthNumber(health);
  if (number === undefined) throw new Fault(400, 'Invalid health');
  const columns = { hostname, device_type: type_name, worker: worker_hostname, health: number, description: description ?? '' };
  await storeNew('device', 'device already exists?', () => change(context.services, context.user.username, (c) => addDevice(c, columns)));
}

interface UpdateArguments {
  readonly hostname: string; readonly worker_hostname: string | null; readonly user_name: string | null; readonly health: string | null;
  readonly description: string | null; readonly device_type: string | null; readonly reason: string | null;
}

async function update(context: Context<User>, { hostname, worker_hostname, user_name, health, description, device_type, reason }: UpdateArguments): Promise<void> {
  const { services, user } = context;
  await changeableDevice(context, hostname, needsAdmin(context, hostname));
  const unable = (what: string, name: string) => new Fault(404, `Unable to find ${what} '${name}'`);
  if (worker_hostname !== null) await workerExists(context, worker_hostname).catch((error: unknown) => { throw error instanceof Fault ? unable('worker', worker_hostname) : error; });
  const owner = user_name === null ? undefined : await services.db.selectFrom('users').select('id').where('username', '=', user_name).executeTakeFirst();
  if (user_name !== null && !owner) throw unable('username', user_name);
  if (device_type !== null && !await findType(context, device_type)) throw unable('device-type', device_type);
  const number = health === null ? undefined : healthNumber(health);
  if (health !== null && number === undefined) throw new Fault(400, `Health '${health}' is invalid`);
  const columns = {
    ...(worker_hostname !== null && { worker: worker_hostname }), ...(owner && { physical_owner: owner.id }),
    ...(description !== null && { description }), ...(device_type !== null && { device_type }),
  };
  await change(services, user.username, (c) => changeDevice(c, hostname, columns));
  if (number !== undefined) await services.devices.setHealth(hostname, deviceHealths[number]!, user.username, reason ?? 'xmlrpc api');
}
