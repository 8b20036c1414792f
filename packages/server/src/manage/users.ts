import { sql } from 'kysely';
import type { Command } from 'commander';
import { hashPassword } from '../auth/passwords.ts';
import { randomSecret } from '../auth/secrets.ts';
import { changeUser } from '../objects/write-user.ts';
import { addToGroup, removeFromGroup, userId } from './objects.ts';
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
      if (!/^[\w.@+-]{1,150}$/.test(name)) throw new CommandError(`'${name}' cannot be a user name: use letters, digits and @ . + - _`);
      const password = options.passwd ?? randomSecret(12);
      const hash = await hashPassword(password);
      await change(async (c) => {
        const { numAffectedRows } = await sql`
          insert into users (username, password, email, is_staff, is_superuser)
          values (${name}, ${hash}, ${options.email ?? ''}, ${options.staff ?? false}, ${options.superuser ?? false}) on conflict do nothing`.execute(c.trx);
        if (numAffectedRows === 0n) throw new CommandError(`User '${name}' already exists`);
        c.note('user', name, options.superuser ? 'added as superuser' : 'added');
        for (const joined of options.group ?? []) await addToGroup(c, name, joined);
      });
      if (options.passwd === undefined) print(password);
    }));

  group.command('update <name>').description('change a user')
    .option('--email <address>').option('--passwd <password>').option('--active').option('--not-active').option('--staff').option('--not-staff')
    .option('--irc-handle <nick>').option('--irc-server <host>', 'where notifications reach the user')
    .option('--superuser').option('--not-superuser').option('--group <names...>', 'puts the user into these groups').option('--not-group <names...>', 'takes the user out of these groups')
    .action((name: string, options: UserOptions & { notGroup?: string[]; notActive?: boolean; notStaff?: boolean; notSuperuser?: boolean }, command: Command) => visit(command, async ({ change }) => {
      const flag = (yes?: boolean, no?: boolean) => (yes ? true : no ? false : undefined);
      const set = {
        email: options.email, irc_handle: options.ircHandle, irc_server: options.ircServer, password: options.passwd === undefined ? undefined : await hashPassword(options.passwd),
        is_active: flag(options.active, options.notActive), is_staff: flag(options.staff, options.notStaff), is_superuser: flag(options.superuser, options.notSuperuser),
      };
      const changed = Object.entries(set).filter(([, value]) => value !== undefined);
      if (changed.length === 0 && !options.group && !options.notGroup) throw new CommandError('Nothing to update: give at least one option');
      await change(async (c) => {
        const id = await userId(c.trx, name);
        for (const joined of options.group ?? []) await addToGroup(c, name, joined);
        for (const left of options.notGroup ?? []) await removeFromGroup(c, name, left);
        await changeUser(c, id, name, Object.fromEntries(changed));
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
      if (options.csv) print(csv(['username', 'fullname', 'email', 'staff', 'superuser'], rows.map((u) => [u.username, `${u.first_name} ${u.last_name}`.trim(), u.email, u.is_staff, u.is_superuser])));
      else print(['List of users:', ...rows.map((u) => `* ${u.username}`)].join('\n'));
    }));

  group.command('link <name>').description('let a user sign in by an account elsewhere (docs/sign-in.md)')
    .requiredOption('--provider <name>', 'ldap, or oidc:NAME of the settings').requiredOption('--subject <text>', 'what names the account there and never changes')
    .action((name: string, { provider, subject }: { provider: string; subject: string }, command: Command) => visit(command, async ({ change }) => change(async (c) => {
      const user_id = await userId(c.trx, name);
      await c.trx.insertInto('user_identities').values({ provider, subject, user_id }).onConflict((same) => same.columns(['provider', 'subject']).doUpdateSet({ user_id })).execute();
      c.note('user', name, `may sign in by ${provider} as ${subject}`);
    })));

  manage.command('authorize_superuser').description('let a user do everything (the classic form of "users update --superuser")').requiredOption('--username <name>')
    .action(({ username }: { username: string }, command: Command) => visit(command, async ({ change, print }) => {
      await change(async (c) => {
        await c.trx.updateTable('users').set({ is_staff: true, is_superuser: true }).where('id', '=', await userId(c.trx, username)).execute();
        c.note('user', username, 'changed is_staff, is_superuser');
      });
      print(`User "${username}" granted superuser rights`);
    }));
}
