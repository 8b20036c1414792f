import { addGroup, removeGroup } from '../../../objects/write-group.ts';
import { change } from '../../../store/change.ts';
import { isTaken } from '../../../store/taken.ts';
import { permission } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Method } from '../method.ts';
import { text } from '../param.ts';
import { groupNamed } from '../permissions.ts';
import { globalPermissionMethods, globalPermissionsOf } from './global-permissions.ts';

const name = text('name of the group');
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
      const group = await groupNamed(context, name);
      const users = await context.services.db.selectFrom('user_groups').innerJoin('users', 'users.id', 'user_id').select('username').where('group_id', '=', group.id).orderBy('username').execute();
      return { ...group, permissions: await globalPermissionsOf(context, 'group', group), users: users.map((u) => u.username) };
    },
  }),
  ...globalPermissionMethods({ of: 'group', key: 'name', name, listed: '', mayChange, mayView, find: groupNamed }),
];
