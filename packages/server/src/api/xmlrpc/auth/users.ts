import { lookUpPerson, type DirectoryEntry } from '../../../auth/ldap.ts';
import type { SignInRefused } from '../../../auth/outside-person.ts';
import { askDirectory } from '../../../auth/sign-in.ts';
import type { User } from '../../../auth/users.ts';
import { addGroup, joinGroup, leaveGroup } from '../../../objects/write-group.ts';
import { addPerson, addUser, changeUser, removeUser } from '../../../objects/write-user.ts';
import { change } from '../../../store/change.ts';
import { permission } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Context, type Method } from '../method.ts';
import { missing } from '../objects.ts';
import { flag, text } from '../param.ts';
import { groupNamed } from '../permissions.ts';
import { storeNew } from '../stored.ts';
import { globalPermissionMethods, globalPermissionsOf, mayGive } from './global-permissions.ts';

const username = text('name of the user');
const names = { first_name: text('first name', null), last_name: text('last name', null), email: text('e-mail address', null) };
const [mayAdd, mayChange, mayView] = [permission('auth.add_user'), permission('auth.change_user'), permission('auth.view_user')];

export const authUsers: readonly Method[] = [
  method('auth.users.add', {
    access: mayAdd,
    params: {
      username, ...names, is_active: flag('may sign in', true), is_staff: flag('may see who holds which permission', false),
      is_superuser: flag('may do everything', false), ldap: flag('take the names from the directory', false),
    },
    about: 'Adds a user without a password, or somebody of the directory, who signs in there.', returns: 'nil',
    async run(context, { username, first_name, last_name, email, is_active, is_staff, is_superuser, ldap }) {
      const { services, user } = context;
      mayMakeSuperuser(user, is_superuser);
      const rights = { is_active, is_staff, is_superuser };
      const person = ldap ? await personNamed(context, username) : undefined;
      const columns = { username, first_name: first_name ?? '', last_name: last_name ?? '', email: email ?? '', ...rights };
      await storeNew('user', 'user already exists?', () => change(services, user.username, (c) => (person ? addPerson(c, person, rights) : addUser(c, columns))));
    },
  }),
  method('auth.users.update', {
    access: mayChange,
    params: { username, ...names, is_active: flag('may sign in', null), is_staff: flag('may see who holds which permission', null), is_superuser: flag('may do everything', null) },
    about: 'Changes a user. What is nil stays as it is.', returns: 'nil',
    async run(context, { username, ...given }) {
      const id = await userNamed(context, username);
      await maySet(context, id);
      mayMakeSuperuser(context.user, given.is_superuser);
      const columns = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
      await change(context.services, context.user.username, (c) => changeUser(c, id, username, columns));
    },
  }),
  method('auth.users.delete', {
    access: mayChange, params: { username }, about: 'Removes a user, with tokens and jobs. To keep the jobs, let the user be inactive instead.', returns: 'nil',
    async run(context, { username }) {
      const row = await context.services.db.selectFrom('users').select('id').where('username', '=', username).executeTakeFirst();
      if (!row) throw new Fault(404, 'Bad request: user does not exists');
      await maySet(context, row.id);
      await change(context.services, context.user.username, async (c) => {
        const kept = await removeUser(c, row.id, username);
        if (kept !== undefined) throw new Fault(400, `Bad request: user '${username}' ${kept === 'server' ? 'is the server itself' : 'has jobs that have not ended; cancel them first'}.`);
      });
    },
  }),
  method('auth.users.list', {
    access: mayView, about: 'All users.', returns: 'array of structs with username, last_name, first_name, is_superuser, is_staff, is_active',
    run: async ({ services }) => services.db.selectFrom('users').select(['username', 'last_name', 'first_name', 'is_superuser', 'is_staff', 'is_active']).orderBy('username').execute(),
  }),
  method('auth.users.show', {
    access: mayView, params: { username }, about: 'Facts about a user.',
    returns: 'struct with id, username, email, first_name, last_name, date_joined, last_login, is_active, is_staff, is_superuser, groups, permissions',
    async run(context, { username }) {
      const id = await userNamed(context, username);
      const row = await context.services.db.selectFrom('users').select(['id', 'username', 'email', 'first_name', 'last_name', 'date_joined', 'last_login', 'is_active', 'is_staff', 'is_superuser']).where('id', '=', id).executeTakeFirstOrThrow();
      return { ...row, groups: await groupsOf(context, id), permissions: await globalPermissionsOf(context, 'user', { id }) };
    },
  }),
  method('auth.users.groups.add', {
    access: mayChange, params: { username, group: text('name of the group') }, about: 'Puts a user into a group, which is made if there is none of the name.', returns: 'nil',
    async run(context, { username, group }) {
      const id = await userNamed(context, username);
      const given = await context.services.db.selectFrom('group_permissions').innerJoin('groups', 'groups.id', 'group_id').select('permission').where('name', '=', group).execute();
      for (const { permission } of given) mayGive(context.user, permission);
      await change(context.services, context.user.username, async (c) => {
        const find = () => c.trx.selectFrom('groups').select(['id', 'name']).where('name', '=', group);
        if (!await find().executeTakeFirst()) await addGroup(c, group);
        await joinGroup(c, { id, name: username }, await find().executeTakeFirstOrThrow());
      });
    },
  }),
  method('auth.users.groups.delete', {
    access: mayChange, params: { username, group: text('name of the group') }, about: 'Takes a user out of a group.', returns: 'nil',
    async run(context, { username, group }) {
      const id = await userNamed(context, username);
      const left = await groupNamed(context, group);
      await change(context.services, context.user.username, (c) => leaveGroup(c, { id, name: username }, left));
    },
  }),
  method('auth.users.groups.list', {
    access: mayView, params: { username }, about: 'The groups of a user.', returns: 'array of names',
    run: async (context, { username }) => groupsOf(context, await userNamed(context, username)),
  }),
  ...globalPermissionMethods({
    of: 'user', key: 'username', name: username, listed: '; without what follows from groups', mayChange, mayView,
    find: async (context, name) => ({ id: await userNamed(context, name), name }),
  }),
];

async function userNamed({ services }: Context, username: string): Promise<number> {
  const user = await services.db.selectFrom('users').select('id').where('username', '=', username).executeTakeFirst();
  if (!user) throw missing('User', username);
  return user.id;
}

/** Somebody of the directory. */
async function personNamed({ ldap, services }: Context, username: string): Promise<DirectoryEntry> {
  if (!ldap) throw new Fault(400, 'Bad request: authentication via LDAP not configured.');
  const person = await askDirectory(services.log, ldap, () => lookUpPerson(ldap, username)).catch(({ message, hint }: SignInRefused) => { throw new Fault(503, `${message}. ${hint}`); });
  if (!person) throw new Fault(404, `User '${username}' was not found in LDAP.`);
  return person;
}

/** Otherwise whoever may change users could become one. */
function mayMakeSuperuser(user: User, wanted: boolean | null): void {
  if (wanted && !user.isSuperuser) throw new Fault(403, 'Only superusers make superusers.');
}

/** A superuser is changed by superusers only. */
async function maySet({ services, user }: Context<User>, id: number): Promise<void> {
  const { is_superuser } = await services.db.selectFrom('users').select('is_superuser').where('id', '=', id).executeTakeFirstOrThrow();
  if (is_superuser && !user.isSuperuser) throw new Fault(403, 'Only superusers change superusers.');
}

async function groupsOf({ services }: Context, id: number): Promise<string[]> {
  const rows = await services.db.selectFrom('user_groups').innerJoin('groups', 'groups.id', 'group_id').select('name').where('user_id', '=', id).orderBy('name').execute();
  return rows.map((r) => r.name);
}
