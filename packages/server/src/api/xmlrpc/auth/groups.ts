import { fullPermission } from '../../../auth/permissions.ts';
import { addGroup, removeGroup } from '../../../objects/write-group.ts';
import { permitForAll } from '../../../objects/write-permission.ts';
import { change } from '../../../store/change.ts';
import { isTaken } from '../../../store/taken.ts';
import { permission } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Context, type Method } from '../method.ts';
import { text } from '../param.ts';
import { globalPermission, groupNamed } from '../permissions.ts';
import { mayGive, permissionNamed } from './users.ts';

const name = text('name of the group');
const ofPermission = { name, app: text('lava_scheduler_app, lava_results_app or auth'), model: text('device, worker, …'), codename: text('add_device, change_worker, …') };
const [mayAdd, mayChange, mayView] = [permission('auth.add_group'), permission('auth.change_group'), permission('auth.view_group')];

export const authGroups: readonly Method[] = [
  method('auth.groups.add', {
    access: mayAdd, params: { name }, about: 'Adds a group.', returns: 'nil',
    async run(context, { name }) {
      try {
        await change(context.services, context.user.username, (c) => addGroup(c, name));
      } catch (error) {
        throw isTaken(error) ? new Fault(400, 'Bad request: group already exists?') : error;
      }
    },
  }),
  method('auth.groups.delete', {
    access: mayChange, params: { name }, about: 'Removes a group, and with it what it may do.', returns: 'nil',
    async run(context, { name }) {
      const group = await context.services.db.selectFrom('groups').select(['id', 'name']).where('name', '=', name).executeTakeFirst();
      if (!group) throw new Fault(404, 'Bad request: group does not exists');
      const removed = await change(context.services, context.user.username, (c) => removeGroup(c, group));
      if (!removed) throw new Fault(400, `Bad request: group '${name}' sees jobs that only it may see; remove those first.`);
    },
  }),
  method('auth.groups.list', {
    access: mayView, about: 'All groups.', returns: 'array of names',
    run: async ({ services }) => (await services.db.selectFrom('groups').select('name').orderBy('name').execute()).map((g) => g.name),
  }),
  method('auth.groups.show', {
    access: mayView, params: { name }, about: 'A group with its members and what it may do.', returns: 'struct with id, name, permissions, users',
    async run(context, { name }) {
      const { id } = await groupNamed(context, name);
      const users = await context.services.db.selectFrom('user_groups').innerJoin('users', 'users.id', 'user_id').select('username').where('group_id', '=', id).orderBy('username').execute();
      return { id, name, permissions: await permissionsOf(context, id), users: users.map((u) => u.username) };
    },
  }),
  method('auth.groups.perms.add', {
    access: mayChange, params: ofPermission, about: 'Gives a group a permission for all objects of a kind.', returns: 'nil',
    async run(context, { name, ...given }) {
      const group = await groupNamed(context, name);
      const stored = permissionNamed(given);
      mayGive(context.user, stored);
      await change(context.services, context.user.username, (c) => permitForAll(c, 'group', group, stored, true));
    },
  }),
  method('auth.groups.perms.delete', {
    access: mayChange, params: ofPermission, about: 'Takes a permission for all objects of a kind from a group.', returns: 'nil',
    async run(context, { name, ...given }) {
      const group = await groupNamed(context, name);
      const stored = permissionNamed(given);
      await change(context.services, context.user.username, (c) => permitForAll(c, 'group', group, stored, false));
    },
  }),
  method('auth.groups.perms.list', {
    access: mayView, params: { name }, about: 'What a group may do with all objects of a kind.', returns: 'array of structs with app, model, codename',
    run: async (context, { name }) => (await permissionsOf(context, (await groupNamed(context, name)).id)).map(globalPermission),
  }),
];

async function permissionsOf({ services }: Context, id: number): Promise<string[]> {
  const rows = await services.db.selectFrom('group_permissions').select('permission').where('group_id', '=', id).orderBy('permission').execute();
  return rows.map((r) => fullPermission(r.permission));
}
