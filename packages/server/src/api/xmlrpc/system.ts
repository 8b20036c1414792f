import { version } from '@lava/base';
import { sql } from 'kysely';
import { may } from '../../auth/permissions.ts';
import { userColumns, type User } from '../../auth/users.ts';
import { visibleJobs } from '../../auth/visibility.ts';
import { masterConfig } from '../events/settings.ts';
import { change } from '../../store/change.ts';
import { anyone, login, permission, staff } from './access.ts';
import { Fault, type XmlRpcValue } from './codec/values.ts';
import { method, type Context, type Method } from './method.ts';
import { findDevice, findType } from './objects.ts';
import { anything, text } from './param.ts';
import { grant, groupNamed, revoke } from './permissions.ts';

const username = text('of another user; for superusers', null);
const ofDevice = { perm: text('view_device, submit_to_device or change_device'), device: anything('host name of the device'), group: text('name of the group') };
const ofType = { perm: text('view_devicetype, submit_to_devicetype or change_devicetype'), device_type: anything('name of the device type'), group: text('name of the group') };
const changesDevices = permission('lava_scheduler_app.change_device');
const changesTypes = permission('lava_scheduler_app.change_devicetype');

/** The interface as such, and questions about what somebody may do. */
export const system: readonly Method[] = [
  method('system.version', { access: anyone, about: 'Version of the server.', returns: 'string: year.month', run: async () => version }),
  method('system.api_version', { access: anyone, about: 'Version of this interface.', returns: 'integer: 2', run: async () => 2 }),
  method('system.whoami', { access: anyone, about: 'Who asks.', returns: 'name of the user; nil without a login', run: async ({ user }) => user?.username ?? null }),
  method('system.master_config', {
    access: anyone, about: 'Settings that clients need.', returns: 'struct with EVENT_TOPIC, EVENT_SOCKET, EVENT_NOTIFICATION, LOG_SIZE_LIMIT (MB)',
    run: async ({ events }) => masterConfig(events),
  }),
  method('system.user_can_view_jobs', {
    access: login, params: { job_list: anything('array of job numbers'), username }, about: 'Which of these jobs a user may see.', returns: 'struct of booleans by job number; without jobs that do not exist',
    async run(context, { job_list, username }) {
      const wanted = list(job_list, 'job');
      const user = await asked(context, username);
      const ids = wanted.map(Number).filter((id) => Number.isInteger(id) && id > 0 && id < 2 ** 31);
      const { rows } = await sql<{ id: number; visible: boolean }>`select jobs.id, ${visibleJobs(user)} as visible from jobs where jobs.id = any(${ids}::integer[]) order by 1`.execute(context.services.db);
      return new Map(rows.map((j) => [String(j.id), j.visible]));
    },
  }),
  method('system.user_can_view_devices', {
    access: login, params: { device_list: anything('array of host names'), username },
    about: 'Which of these devices a user may see.', returns: 'struct by device type: arrays of structs by host name with visible, is_pipeline, exclusive; without devices that do not exist',
    async run(context, { device_list, username }) {
      const wanted = list(device_list, 'device');
      const user = await asked(context, username);
      const types = new Map<string, XmlRpcValue[]>();
      for (const name of wanted) {
        const device = await findDevice({ ...context, user }, String(name));
        if (!device) continue;
        const row = { [device.hostname]: device.visible ? { visible: true, is_pipeline: true, exclusive: true } : { visible: false } };
        types.set(device.device_type, [...types.get(device.device_type) ?? [], row]);
      }
      return types;
    },
  }),
  method('system.user_can_submit_to_types', {
    access: login, params: { type_list: anything('array of names of device types'), username },
    about: 'To which of these device types a user may submit.', returns: 'struct of booleans by device type; without types that do not exist',
    async run(context, { type_list, username }) {
      const wanted = list(type_list, 'type');
      const user = await asked(context, username);
      const answer = new Map<string, boolean>();
      for (const name of wanted) {
        const type = await findType({ ...context, user }, String(name));
        if (type) answer.set(type.name, may(user, 'submit', type.guarded));
      }
      return answer;
    },
  }),
  method('system.user_can_view_bundles', {
    access: anyone, params: { bundle_list: anything('anything'), username }, about: 'Whether a user may see bundles, which there are none of.', returns: 'false',
    run: async () => false,
  }),
  method('system.set_user_groups', {
    access: staff, params: { user: text('e-mail address of the user'), groups: anything('array of names; those of no group are left out') },
    about: 'Replaces the groups of a user.', returns: 'nil',
    run: setUserGroups,
  }),
  method('system.assign_perm_device', {
    access: changesDevices, params: ofDevice, about: 'Gives a group a permission for a device.', returns: 'nil',
    run: async (context, { perm, device, group }) => grant(context, 'device', await deviceOf(context, device), await groupNamed(context, group, noGroup), perm),
  }),
  method('system.revoke_perm_device', {
    access: changesDevices, params: ofDevice, about: 'Takes a permission for a device from a group.', returns: 'nil',
    run: async (context, { perm, device, group }) => revoke(context, 'device', await deviceOf(context, device), await groupNamed(context, group, noGroup), perm),
  }),
  method('system.assign_perm_device_type', {
    access: changesTypes, params: ofType, about: 'Gives a group a permission for a device type.', returns: 'nil',
    run: async (context, { perm, device_type, group }) => grant(context, 'devicetype', await typeOf(context, device_type), await groupNamed(context, group, noGroup), perm),
  }),
  method('system.revoke_perm_device_type', {
    access: changesTypes, params: ofType, about: 'Takes a permission for a device type from a group.', returns: 'nil',
    run: async (context, { perm, device_type, group }) => revoke(context, 'devicetype', await typeOf(context, device_type), await groupNamed(context, group, noGroup), perm),
  }),
];

const noGroup = 'please use existing group name';

function list(value: XmlRpcValue, what: string): readonly XmlRpcValue[] {
  if (!Array.isArray(value)) throw new Fault(400, `${what} list argument must be a list`);
  return value as readonly XmlRpcValue[];
}

/** The user of whom a superuser asks; everybody else asks of himself only. */
async function asked({ services, user }: Context<User>, username: string | null): Promise<User> {
  if (username === null || username === user.username) return user;
  if (!user.isSuperuser) throw new Fault(401, `Permission denied for user '${user.username}' to query other users`);
  const { rows } = await sql<User>`select ${userColumns} from users where users.username = ${username}`.execute(services.db);
  if (!rows[0]) throw new Fault(404, `Username ${username} not found`);
  return rows[0];
}

async function deviceOf(context: Context, name: XmlRpcValue): Promise<string> {
  if (typeof name !== 'string') throw new Fault(400, 'device argument must be a string');
  const device = await findDevice(context, name);
  if (!device) throw new Fault(400, 'please use existing device hostname');
  return name;
}

async function typeOf(context: Context, name: XmlRpcValue): Promise<string> {
  if (typeof name !== 'string') throw new Fault(400, 'device_type name must be a string');
  const type = await findType(context, name);
  if (!type) throw new Fault(400, 'please use existing device type name');
  return name;
}

async function setUserGroups({ services, user }: Context<User>, { user: email, groups }: { user: string; groups: XmlRpcValue }): Promise<void> {
  const found = email === '' ? [] : await services.db.selectFrom('users').select(['id', 'username', 'is_superuser']).where('email', '=', email).limit(2).execute();
  const [target] = found;
  if (!target || found.length > 1) throw new Fault(400, 'please use an existing user');
  if (!Array.isArray(groups)) throw new Fault(400, 'groups must be a list');
  const names = (groups as readonly XmlRpcValue[]).map(String);
  await change(services, user.username, async (c) => {
    await c.trx.deleteFrom('user_groups').where('user_id', '=', target.id).execute();
    await sql`insert into user_groups (user_id, group_id) select ${target.id}, id from groups where name = any(${names}::text[])`.execute(c.trx);
    c.note('user', target.username, 'changed groups');
  });
}
