import type { User } from '../../../auth/users.ts';
import { change, type Change } from '../../../store/change.ts';
import { isTaken } from '../../../store/taken.ts';
import { permission } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Context, type Method } from '../method.ts';
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
        await changeGroup(context, name, 'added', (trx) => trx.insertInto('groups').values({ name }).execute());
      } catch (error) {
        throw isTaken(error) ? new Fault(400, 'Bad request: group already exists?') : error;
      }
    },
  }),
  method('auth.groups.delete', {
    access: mayChange, params: { name }, about: 'Removes a group, and with it what it may do.', returns: 'nil',
    async run(context, { name }) {
      const { numDeletedRows } = await changeGroup(context, name, 'removed', (trx) => trx.deleteFrom('groups').where('name', '=', name).executeTakeFirst());
      if (numDeletedRows === 0n) throw new Fault(404, 'Bad request: group does not exists');
    },
  }),
  method('auth.groups.list', {
    access: mayView, about: 'All groups.', returns: 'array of names',
    run: async ({ services }) => (await services.db.selectFrom('groups').select('name').orderBy('name').execute()).map((g) => g.name),
  }),
  method('auth.groups.show', {
    access: mayView, params: { name }, about: 'A group with its members and what it may do.', returns: 'struct with id, name, permissions, users',
    async run(context, { name }) {
      const id = await groupNamed(context, name);
      const users = await context.services.db.selectFrom('user_groups').innerJoin('users', 'users.id', 'user_id').select('username').where('group_id', '=', id).orderBy('username').execute();
      return { id, name, permissions: await globalPermissionsOf(context, 'group', id), users: users.map((u) => u.username) };
    },
  }),
  ...globalPermissionMethods({ of: 'group', key: 'name', name, listed: '', mayChange, mayView, id: groupNamed, noted: changeGroup }),
];

async function changeGroup<T>({ services, user }: Context<User>, name: string, what: string, work: (trx: Change['trx']) => Promise<T>): Promise<T> {
  return change(services, user.username, async (c) => {
    const result = await work(c.trx);
    c.note('group', name, what);
    return result;
  });
}
