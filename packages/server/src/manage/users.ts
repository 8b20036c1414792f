import { sql } from 'kysely';
import type { Command } from 'commander';
import { hashPassword } from '../auth/passwords.ts';
import { randomSecret } from '../auth/secrets.ts';
import { joinGroup, leaveGroup } from '../objects/write-group.ts';
import { addUser, changeUser, linkIdentity } from '../objects/write-user.ts';
import { addNew, given, groupNamed, mustNameUser, userId, userNamed } from './objects.ts';
import { aligned, csv } from './table.ts';
import { CommandError, visit } from './visit.ts';

interface UserOptions {
  readonly email?: string;
  readonly ircHandle?: string;
  readonly ircServer?: string;
  readonly passwd?: string;
  readonly active?: boolean;
  readonly staff?: boolean;
  readonly superuser?: boolean;
  readonly group?: string[];
}

export function users(manage: Command): void {
  const group = manage.command('users').description('people and programs that use this server');

  group.command('add <name>').description('add a user; prints the password that was made, unless --passwd gives one')
    .option('--email <address>').option('--passwd <password>').option('--staff', 'may see the admin pages').option('--superuser', 'may do everything').option('--group <names...>', 'puts the user into these groups')
    .action((name: string, options: UserOptions, command: Command) => visit(command, async ({ change, print }) => {
      mustNameUser(name);
      const password = options.passwd ?? randomSecret(12);
      const hash = await hashPassword(password);
      await change(async (c) => {
        const columns = { username: name, password: hash, email: options.email ?? '', is_staff: options.staff ?? false, is_superuser: options.superuser ?? false };
        const id = await addNew(`User '${name}' already exists`, () => addUser(c, columns));
        for (const joined of options.group ?? []) await joinGroup(c, { id, name }, await groupNamed(c.trx, joined));
      });
      if (options.passwd === undefined) print(password);
    }));

  group.command('update <name>').description('change a user')
    .option('--email <address>').option('--passwd <password>').option('--active').option('--not-active').option('--staff').option('--not-staff')
    .option('--irc-handle <nick>').option('--irc-server <host>', 'where notifications reach the user')
    .option('--superuser').option('--not-superuser').option('--group <names...>', 'puts the user into these groups').option('--not-group <names...>', 'takes the user out of these groups')
    .action((name: string, options: UserOptions & { notGroup?: string[]; notActive?: boolean; notStaff?: boolean; notSuperuser?: boolean }, command: Command) => visit(command, async ({ change }) => {
      const flag = (yes?: boolean, no?: boolean) => (yes ? true : no ? false : undefined);
      const set = given({
        email: options.email, irc_handle: options.ircHandle, irc_server: options.ircServer, password: options.passwd === undefined ? undefined : await hashPassword(options.passwd),
        is_active: flag(options.active, options.notActive), is_staff: flag(options.staff, options.notStaff), is_superuser: flag(options.superuser, options.notSuperuser),
      });
      if (Object.keys(set).length === 0 && !options.group && !options.notGroup) throw new CommandError('Nothing to update: give at least one option');
      await change(async (c) => {
        const user = await userNamed(c.trx, name);
        for (const joined of options.group ?? []) await joinGroup(c, user, await groupNamed(c.trx, joined));
        for (const left of options.notGroup ?? []) await leaveGroup(c, user, await groupNamed(c.trx, left));
        await changeUser(c, user.id, name, set);
      });
    }));

  group.command('details <name>').description('show a user').action((name: string, _: unknown, command: Command) => visit(command, async ({ db, print }) => {
    const { rows: [user] } = await sql<{ username: string; is_active: boolean; is_staff: boolean; is_superuser: boolean; groups: string[] }>`
      select username, is_active, is_staff, is_superuser, array(select groups.name from groups join user_groups on group_id = groups.id where user_id = users.id order by 1) as groups
      from users where username = ${name}`.execute(db);
    if (!user) throw new CommandError(`User '${name}' does not exist`);
    print(aligned({ ...user, groups: `[${user.groups.join(', ')}]` }));
  }));

  group.command('list').description('list users').option('-a, --all', 'also those who are not active').option('--csv')
    .action((options: { all?: boolean; csv?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const rows = await db.selectFrom('users').selectAll().where('is_active', 'in', options.all ? [true, false] : [true]).orderBy('username').execute();
      if (options.csv) print(csv(['username', 'fullname', 'email', 'staff', 'superuser'], rows.map((u) => [u.username, fullName(u), u.email, u.is_staff, u.is_superuser])));
      else print(['List of users:', ...rows.map((u) => `* ${u.username}${fullName(u) === '' ? '' : ` (${fullName(u)})`}${u.is_active ? '' : ' [inactive]'}`)].join('\n'));
    }));

  group.command('link <name>').description('let a user sign in by an account elsewhere (docs/sign-in.md)')
    .requiredOption('--provider <name>', 'ldap, or oidc:NAME of the settings').requiredOption('--subject <text>', 'what names the account there and never changes')
    .action((name: string, { provider, subject }: { provider: string; subject: string }, command: Command) => visit(command, async ({ change }) => change(async (c) => {
      await linkIdentity(c, await userId(c.trx, name), name, { provider, subject });
    })));

  manage.command('authorize_superuser').description('let a user do everything (the classic form of "users update --superuser")').requiredOption('--username <name>')
    .action(({ username }: { username: string }, command: Command) => visit(command, async ({ change, print }) => {
      await change(async (c) => changeUser(c, await userId(c.trx, username), username, { is_staff: true, is_superuser: true }));
      print(`User "${username}" granted superuser rights`);
    }));
}

const fullName = (user: { first_name: string; last_name: string }) => `${user.first_name} ${user.last_name}`.trim();
