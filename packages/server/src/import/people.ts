import { sql } from 'kysely';
import { passwordFromDjango } from '../auth/django-passwords.ts';
import { knownPermission, serverUser } from '../auth/permissions.ts';
import { hashSecret } from '../auth/secrets.ts';
import type { Change } from '../store/change.ts';
import { importCallbackTokens } from './callback-tokens.ts';
import type { ImportParts, People } from './import-parts.ts';
import { sameNumber } from './numbers.ts';
import { records } from './records.ts';
import type { Row } from './source.ts';

/** Users, groups, what they may do with everything, and their tokens. Whoever is here already stays as they are. */
export async function importPeople(parts: ImportParts): Promise<People> {
  return parts.change(async (c) => {
    const people = { users: await users(parts, c), groups: await groups(parts, c) };
    await memberships(parts, c, people);
    await permissions(parts, c, people);
    await tokens(parts, c, people);
    await artifactTokens(parts, c, people);
    await importCallbackTokens(parts, c, people);
    return people;
  });
}

async function users({ source, report }: ImportParts, c: Change): Promise<Map<number, number>> {
  const columns = ['id', 'username', 'password', 'email', 'first_name', 'last_name', 'is_active', 'is_staff', 'is_superuser', 'date_joined', 'last_login'];
  const found = await source.rows('auth_user', columns, 'order by id');
  const irc = new Map((await source.rows('lava_scheduler_app_extendeduser', ['user_id', 'irc_handle', 'irc_server'])).map((r) => [r['user_id'], r]));
  const rows = found.map((r) => ({
    ...r, password: passwordFromDjango(String(r['password'])) ?? null, is_active: r['is_active'] === true && r['username'] !== serverUser,
    irc_handle: irc.get(r['id'])?.['irc_handle'] ?? '', irc_server: irc.get(r['id'])?.['irc_server'] ?? '',
  }));
  const { rows: made } = await sql<{ username: string }>`
    insert into users (id, username, password, email, first_name, last_name, is_active, is_staff, is_superuser, date_joined, last_login, irc_handle, irc_server)
    select ${sameNumber('users')}, username, password, email, first_name, last_name, is_active, is_staff, is_superuser, date_joined, last_login, irc_handle, irc_server
    from ${records(rows, 'id int, username text, password text, email text, first_name text, last_name text, is_active boolean, is_staff boolean, is_superuser boolean, date_joined timestamptz, last_login timestamptz, irc_handle text, irc_server text')}
    order by id on conflict (username) do nothing returning username`.execute(c.trx);
  const isNew = new Set(made.map((u) => u.username));
  for (const username of isNew) c.note('user', username, 'added by an import');
  report.took('users', isNew.size, rows.length);
  // A password that starts with ! was never one: such users sign in elsewhere (LDAP), or not at all.
  report.left('passwords of a kind that cannot be checked here; these users need new ones', found.flatMap((r) => {
    const [username, password] = [String(r['username']), String(r['password'])];
    return isNew.has(username) && password.includes('$') && !password.startsWith('!') && passwordFromDjango(password) === undefined ? [username] : [];
  }));
  const { rows: all } = await sql<{ id: number; username: string }>`select id, username from users where username = any(${found.map((r) => r['username'])}::text[])`.execute(c.trx);
  return numbersOf(found, 'username', new Map(all.map((u) => [u.username, u.id])));
}

async function groups({ source, report }: ImportParts, c: Change): Promise<Map<number, number>> {
  const found = await source.rows('auth_group', ['id', 'name'], 'order by id');
  const names = found.map((r) => String(r['name']));
  const { rows: made } = await sql<{ name: string }>`insert into groups (id, name) select ${sameNumber('groups')}, name from ${records(found, 'id int, name text')} order by id on conflict (name) do nothing returning name`.execute(c.trx);
  for (const { name } of made) c.note('group', name, 'added by an import');
  report.took('groups', made.length, names.length);
  const { rows: all } = await sql<{ id: number; name: string }>`select id, name from groups where name = any(${names}::text[])`.execute(c.trx);
  return numbersOf(found, 'name', new Map(all.map((g) => [g.name, g.id])));
}

async function memberships({ source, report }: ImportParts, c: Change, people: People): Promise<void> {
  const found = await source.rows('auth_user_groups', ['user_id', 'group_id']);
  const rows = found.map((r) => ({ user_id: people.users.get(Number(r['user_id'])), group_id: people.groups.get(Number(r['group_id'])) }));
  const { numAffectedRows } = await sql`insert into user_groups (user_id, group_id) select user_id, group_id from ${records(rows, 'user_id int, group_id int')} on conflict do nothing`.execute(c.trx);
  report.took('memberships of groups', Number(numAffectedRows), rows.length);
}

async function permissions({ source, report }: ImportParts, c: Change, { users: userNumbers, groups: groupNumbers }: People): Promise<void> {
  const unknown: string[] = [];
  for (const [table, column, numbers, target] of [['auth_user_user_permissions', 'user_id', userNumbers, 'user_permissions'], ['auth_group_permissions', 'group_id', groupNumbers, 'group_permissions']] as const) {
    const found = await source.query(`select ${column} as owner, app_label || '.' || codename as permission from ${table} join auth_permission p on p.id = permission_id join django_content_type t on t.id = content_type_id`);
    const rows = found.flatMap((r) => {
      const permission = knownPermission(String(r['permission']));
      if (permission === undefined) unknown.push(String(r['permission']));
      return permission === undefined ? [] : [{ owner: numbers.get(Number(r['owner'])), permission }];
    });
    const { numAffectedRows } = await sql`insert into ${sql.table(target)} (${sql.ref(column)}, permission) select owner, permission from ${records(rows, 'owner int, permission text')} on conflict do nothing`.execute(c.trx);
    report.took('permissions for everything', Number(numAffectedRows), rows.length);
  }
  report.left('permissions for pages that are not here', [...new Set(unknown)].sort());
}

/** Only hashes are kept: the secrets stay with the programs that use them, but for those that callbacks send. */
async function tokens({ source, report }: ImportParts, c: Change, people: People): Promise<void> {
  const found = await source.rows('linaro_django_xmlrpc_authtoken', ['id', 'secret', 'description', 'created_on', 'last_used_on', 'user_id'], 'order by id');
  const rows = found.map(({ secret, user_id, ...r }) => ({ ...r, hash: hashSecret(String(secret)), user_id: people.users.get(Number(user_id)) }));
  const { rows: made } = await sql<{ user_id: number }>`
    insert into tokens (user_id, hash, description, created_at, last_used_at) select user_id, hash, description, created_on, last_used_on
    from ${records(rows, 'id int, user_id int, hash text, description text, created_on timestamptz, last_used_on timestamptz')} order by id on conflict do nothing returning user_id`.execute(c.trx);
  report.took('API tokens', made.length, rows.length);
}

async function artifactTokens({ source, report }: ImportParts, c: Change, people: People): Promise<void> {
  const found = await source.rows('lava_scheduler_app_remoteartifactsauth', ['name', 'token', 'user_id']);
  const rows = found.map((r) => ({ ...r, user_id: people.users.get(Number(r['user_id'])) }));
  const { numAffectedRows } = await sql`insert into remote_artifact_tokens (user_id, name, token) select user_id, name, token from ${records(rows, 'user_id int, name text, token text')} on conflict do nothing`.execute(c.trx);
  report.took('tokens for remote artifacts', Number(numAffectedRows), rows.length);
}

function numbersOf(found: readonly Row[], key: string, here: ReadonlyMap<string, number>): Map<number, number> {
  return new Map(found.map((r) => [Number(r['id']), here.get(String(r[key]))!]));
}
