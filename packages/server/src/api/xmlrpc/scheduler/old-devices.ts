import { ConfigurationError, messageOf } from '@lava/base';
import type { DeviceHealth } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { sql } from 'kysely';
import { may } from '../../../auth/permissions.ts';
import type { User } from '../../../auth/users.ts';
import { visibleDevices, visibleDeviceTypes, visibleJobs } from '../../../auth/visibility.ts';
import { deviceHealth } from '../../../store/numbers.ts';
import { likePattern } from '../../../store/like-pattern.ts';
import { anyone, login } from '../access.ts';
import { Fault, type XmlRpcValue } from '../codec/values.ts';
import { internalError } from '../codec/write.ts';
import { configurationText, jobContext, storeConfiguration } from '../configurations.ts';
import { method, type Context, type Method } from '../method.ts';
import { changeableDevice, findDevice, missing } from '../objects.ts';
import { text, unused } from '../param.ts';
import { deviceStatus } from '../../../read/status-words.ts';

const hostname = text('host name of the device');
const inUse = sql<boolean>`devices.health <> ${deviceHealth.Retired}`;
/** Devices rendered by one call at most: each takes a while. */
const mostChecked = 2000;

/** The interface to devices that was there first. */
export const schedulerOldDevices: readonly Method[] = [
  method('scheduler.all_devices', {
    access: anyone, about: 'Devices that are not retired.', returns: 'array of arrays: host name, device type, status, number of the job or nil, true',
    async run({ services, user }) {
      const { rows } = await sql<{ hostname: string; device_type: string; state: number; health: number; job: number | null }>`
        select devices.hostname, devices.device_type, devices.state, devices.health,
          (select jobs.id from jobs where jobs.actual_device = devices.hostname and jobs.state < 5 and ${visibleJobs(user)} limit 1) as job
        from devices where ${inUse} and ${visibleDevices(user)} order by devices.hostname`.execute(services.db);
      return rows.map((d) => [d.hostname, d.device_type, deviceStatus(d.state, d.health), d.job, true]);
    },
  }),
  method('scheduler.all_device_types', {
    access: anyone, about: 'Device types with what their devices do; those under maintenance do not count.', returns: 'array of structs with name, busy, idle, offline',
    async run({ services, user }) {
      const { rows } = await sql<{ name: string; busy: number; idle: number; offline: number }>`
        with seen as (
          select devices.device_type, devices.state <> 0 as busy, devices.health in (${deviceHealth.Good}, ${deviceHealth.Unknown}) and workers.state = 0 as usable, devices.health = ${deviceHealth.Maintenance} as maintained
          from devices left join workers on workers.hostname = devices.worker where ${inUse} and ${visibleDevices(user)})
        select device_types.name, count(*) filter (where busy)::int as busy, count(*) filter (where not busy and usable)::int as idle,
          count(*) filter (where not busy and not maintained and usable is false)::int as offline
        from device_types left join seen on seen.device_type = device_types.name
        where device_types.display and ${visibleDeviceTypes(user)} group by device_types.name order by device_types.name`.execute(services.db);
      return rows.map((t) => ({ ...t }));
    },
  }),
  method('scheduler.get_device_type_by_alias', {
    access: anyone, params: { alias: text('part of the name of an alias') }, about: 'Device types with an alias that contains a text.', returns: 'struct with one member: the text, and an array of names',
    async run({ services, user }, { alias }) {
      const { rows } = await sql<{ name: string }>`
        select distinct device_types.name from aliases a join device_types on device_types.name = a.device_type
        where a.name ilike ${likePattern(alias)} and ${visibleDeviceTypes(user)} order by 1`.execute(services.db);
      return new Map([[alias, rows.map((r) => r.name)]]);
    },
  }),
  method('scheduler.put_into_maintenance_mode', {
    access: login, params: { hostname, reason: text('why', ''), notify: unused('whom to tell') },
    about: 'Takes a device out of use. A job that runs on it goes on.', returns: 'nil',
    run: (context, { hostname, reason }) => setHealth(context, hostname, reason, 'Maintenance', `Permission denied for user to put ${hostname} into maintenance mode.`),
  }),
  method('scheduler.put_into_online_mode', {
    access: login, params: { hostname, reason: text('why', ''), skip_health_check: unused('leave out the health check', false) },
    about: 'Takes a device into use again; its health is Unknown.', returns: 'nil',
    run: (context, { hostname, reason }) => setHealth(context, hostname, reason, 'Unknown', `Permission denied for user to put ${hostname} into online mode.`),
  }),
  method('scheduler.get_device_config', {
    access: anyone, params: { device_hostname: hostname, context: text('context of a job, in YAML', null) },
    about: 'The configuration of a device, rendered from its dictionary.', returns: 'binary text: YAML',
    async run(asked, { device_hostname, context }) {
      if (device_hostname === '') throw new Fault(400, 'Bad request: Device hostname was not specified.');
      const ofJob = jobContext(context, (reason) => `Job context '${context?.slice(0, 200)}' is not valid. ${reason}`);
      const device = await findDevice(asked, device_hostname);
      if (!device) throw new Fault(404, 'Specified device was not found.');
      if (!device.visible) throw new Fault(401, `Permission denied for user to device ${device_hostname}`);
      return Buffer.from(await asked.services.devices.render(device_hostname, ofJob));
    },
  }),
  method('scheduler.import_device_dictionary', {
    access: login, params: { hostname, jinja_str: text('Jinja2; an empty text removes the dictionary') }, about: 'Replaces the dictionary of a device.', returns: 'string that says so',
    async run(context, { hostname, jinja_str }) {
      await changeableDevice(context, hostname, `Permission denied for user to store the configuration for ${hostname} on disk.`);
      await storeConfiguration(context, 'dictionary', hostname, jinja_str, `Unable to store the configuration for ${hostname} on disk`);
      return `Device dictionary updated for ${hostname}`;
    },
  }),
  method('scheduler.export_device_dictionary', {
    access: login, params: { hostname }, about: 'The dictionary of a device.', returns: 'binary text: Jinja2',
    async run(context, { hostname }) {
      await changeableDevice(context, hostname, `Permission denied for user to retrieve device dictionary for '${hostname}'.`);
      const dictionary = await configurationText(context, 'dictionary', hostname);
      if (dictionary === undefined) throw new Fault(404, `Device '${hostname}' does not have a device dictionary`);
      return dictionary;
    },
  }),
  method('scheduler.validate_pipeline_devices', {
    access: anyone, params: { name: text('name of a device type or device; without it all devices', null) },
    about: 'Renders and checks the configuration of devices that are not retired.', returns: 'binary text: a YAML mapping from host names to {Valid: null} or {Invalid: why}',
    run: validateDevices,
  }),
  method('scheduler.get_publisher_event_socket', {
    access: anyone, about: 'The ZeroMQ socket that publishes events.', returns: 'string: tcp://*:5500, where * is the host of this server',
    run: async ({ events }) => events.socket,
  }),
];

async function setHealth(context: Context<User>, hostname: string, reason: string, health: DeviceHealth, refusal: string): Promise<void> {
  if (hostname === '') throw new Fault(400, 'Bad request: Hostname was not specified.');
  if (reason === '') throw new Fault(400, 'Bad request: Reason was not specified.');
  const device = await findDevice(context, hostname);
  if (!device) throw missing('Device', hostname);
  if (!may(context.user, 'change', device.guarded)) throw new Fault(403, refusal);
  await context.services.devices.setHealth(hostname, health, context.user.username, reason.slice(0, 1000));
}

async function validateDevices({ services, user }: Context, { name }: { name: string | null }): Promise<XmlRpcValue> {
  const named = name === null || name === '' ? sql<boolean>`true` : sql<boolean>`(case when exists (select from device_types t where t.name = ${name}) then devices.device_type = ${name} else devices.hostname = ${name} end)`;
  const { rows } = await sql<{ hostname: string }>`
    select devices.hostname from devices where ${inUse} and ${named} and ${visibleDevices(user)} order by devices.hostname limit ${mostChecked + 1}`.execute(services.db);
  if (rows.length === 0) {
    throw new Fault(404, name ? `No devices found with hostname or device type name ${name}, visible by the user` : 'No pipeline devices visible by user were found on this instance.');
  }
  if (rows.length > mostChecked) throw new Fault(-32603, internalError(`more than ${mostChecked} devices: name a device type.`));
  const answer = new Map<string, Map<string, string | null>>();
  for (const { hostname } of rows) answer.set(hostname, await verdict(services, hostname));
  return Buffer.from(dumpYaml(answer));
}

async function verdict(services: Context['services'], hostname: string): Promise<Map<string, string | null>> {
  try {
    await services.devices.render(hostname);
    return new Map([['Valid', null]]);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return new Map([['Invalid', error.code === 'no-dictionary' ? 'Missing device dictionary' : messageOf(error)]]);
  }
}
