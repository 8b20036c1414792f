import { sql } from 'kysely';
import type { Command } from 'commander';
import { hashPassword } from '../auth/passwords.ts';
import { randomSecret } from '../auth/secrets.ts';
import { aligned, csv } from './table.ts';
import { CommandError, visit } from './visit.ts';

interface UserOptions {
  readonly email?: string;
  readonly passwd?: string;
  readonly active?: boolean;
  readonly staff?: boolean;
  readonly superuser?: boolean;
}

export function users(manage: Command): void {
  const group = manage.command('users').description('people and programs that use this server');

  group.command('add <name>').description('add a user; prints the password that was made, unless --passwd gives one')
    .option('--email <address>').option('--passwd <password>').option('--staff', 'may see the admin pages').option('--superuser', 'may do everything')
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
      });
      if (options.passwd === undefined) print(password);
    }));

  group.command('update <name>').description('change a user')
    .option('--email <address>').option('--passwd <password>').option('--active').option('--not-active').option('--staff').option('--not-staff')
    .option('--superuser').option('--not-superuser')
    .action((name: string, options: UserOptions & { notActive?: boolean; notStaff?: boolean; notSuperuser?: boolean }, command: Command) => visit(command, async ({ change }) => {
      const flag = (yes?: boolean, no?: boolean) => (yes ? true : no ? false : undefined);
      const set = {
        email: options.email, password: options.passwd === undefined ? undefined : await hashPassword(options.passwd),
        is_active: flag(options.active, options.notActive), is_staff: flag(options.staff, options.notStaff), is_superuser: flag(options.superuser, options.notSuperuser),
      };
      const changed = Object.entries(set).filter(([, value]) => value !== undefined);
      if (changed.length === 0) throw new CommandError('Nothing to update: give at least one option');
      await change(async (c) => {
        const { numUpdatedRows } = await c.trx.updateTable('users').set(Object.fromEntries(changed)).where('username', '=', name).executeTakeFirst();
        if (numUpdatedRows === 0n) throw new CommandError(`User '${name}' does not exist`);
        // Who knew the old password, or was shut out, is signed out.
        if (set.password !== undefined || set.is_active === false) await sql`delete from sessions using users where sessions.user_id = users.id and username = ${name}`.execute(c.trx);
        c.note('user', name, `changed ${changed.map(([key]) => key).join(', ')}`);
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
}
