import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { hashPassword } from '../../auth/passwords.ts';
import { joinGroup, leaveGroup, type Named } from '../../objects/write-group.ts';
import { addUser, changeUser, removeUser } from '../../objects/write-user.ts';
import type { Services } from '../../services.ts';
import type { Change } from '../../store/change.ts';
import { requireSuperuser } from '../who.ts';
import { groupFields, userResourceFields } from './fields.ts';
import { resource } from './resource.ts';
import { fieldError, messageError } from './refusals.ts';
import { restTime } from './route.ts';

interface UserRow {
  id: number; username: string; first_name: string; last_name: string; email: string; is_active: boolean; is_staff: boolean; is_superuser: boolean;
  groups: string[]; last_login: Date | null; date_joined: Date;
}

const text = (column: string, most: number) => ({ kind: 'text', column, most, blank: true }) as const;
const flag = (column: string) => ({ kind: 'boolean', column }) as const;

/** Groups and users, for superusers. */
export function restPeople(app: FastifyInstance, services: Services): void {
  resource<{ id: number; name: string }>(app, services, {
    path: '/groups/', title: 'Group', audit: 'group', table: 'groups', key: { column: 'groups.id', kind: 'number' },
    columns: sql`groups.id, groups.name`, from: sql`groups`, fields: groupFields, orderings: { id: 'groups.id', name: 'groups.name' },
    written: { name: { kind: 'text', column: 'name', most: 150 } }, required: ['name'],
    allow: requireSuperuser, show: (group) => group,
    async mayRemove(db, id) {
      const job = await db.selectFrom('job_groups').select('job').where('group_id', '=', Number(id)).limit(1).executeTakeFirst();
      // Without the group they would be seen by more people than before.
      if (job) throw messageError(400, 'This group sees jobs that only it may see: remove those first.');
    },
  });

  resource<UserRow>(app, services, {
    path: '/users/', title: 'User', audit: 'user', table: 'users', key: { column: 'users.id', kind: 'number' },
    columns: sql`users.id, users.username, users.first_name, users.last_name, users.email, users.is_active, users.is_staff, users.is_superuser, users.last_login, users.date_joined,
      array(select g.name from groups g join user_groups ug on ug.group_id = g.id where ug.user_id = users.id order by 1) as groups`,
    from: sql`users`, fields: userResourceFields,
    orderings: Object.fromEntries(['id', 'username', 'email', 'first_name', 'last_name', 'is_active', 'is_staff', 'is_superuser', 'last_login', 'date_joined'].map((n) => [n, `users.${n}`])),
    written: {
      username: text('username', 150), first_name: text('first_name', 150), last_name: text('last_name', 150), email: text('email', 254), password: text('password', 1024),
      is_active: flag('is_active'), is_staff: flag('is_staff'), is_superuser: flag('is_superuser'),
    },
    required: ['username'], allow: requireSuperuser,
    show: (user) => ({ ...user, last_login: restTime(user.last_login), date_joined: restTime(user.date_joined) }),
    async resolve(_db, columns) {
      const { username, password } = columns;
      if (username !== undefined && !/^[\w.@+-]{1,150}$/.test(String(username))) throw fieldError('username', 'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.');
      // An empty password fits nobody's.
      return password === undefined ? columns : { ...columns, password: password === '' ? null : await hashPassword(String(password)) };
    },
    async after(c, id, request) {
      const { groups } = (request.body ?? {}) as { groups?: unknown };
      if (groups !== undefined) await setGroups(c, Number(id), names(groups));
    },
    writer: {
      add: (c, columns) => addUser(c, { ...columns, username: String(columns['username']) }),
      change: (c, id, username, columns) => changeUser(c, Number(id), username, columns),
      async remove(c, id, username) {
        if (await removeUser(c, Number(id), username) === 'server') throw messageError(400, 'The server itself works as this user: it stays.');
      },
    },
    async mayRemove(db, id) {
      const job = await db.selectFrom('jobs').select('id').where('submitter', '=', Number(id)).limit(1).executeTakeFirst();
      // Removing the user would remove the jobs.
      if (job) throw messageError(400, 'This user has jobs: set "is_active" to false to shut the user out.');
    },
  });
}

function names(value: unknown): string[] {
  const list = Array.isArray(value) ? value as unknown[] : value === '' ? [] : [value];
  if (list.some((name) => typeof name !== 'string')) throw fieldError('groups', 'Expected a list of names.');
  return list as string[];
}

async function setGroups(c: Change, id: number, groups: readonly string[]): Promise<void> {
  const { rows } = await sql<Named>`select id, name from groups where name = any(${groups}::text[])`.execute(c.trx);
  const unknown = groups.find((name) => !rows.some((r) => r.name === name));
  if (unknown !== undefined) throw fieldError('groups', `Object with name=${unknown.slice(0, 150)} does not exist.`);
  const { username: name } = await c.trx.selectFrom('users').select('username').where('id', '=', id).executeTakeFirstOrThrow();
  const before: Named[] = await c.trx.selectFrom('groups').innerJoin('user_groups', 'group_id', 'groups.id').select(['groups.id', 'groups.name']).where('user_id', '=', id).execute();
  for (const group of before) if (!groups.includes(group.name)) await leaveGroup(c, { id, name }, group);
  for (const group of rows) await joinGroup(c, { id, name }, group);
}
