import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { hashPassword } from '../auth/passwords.ts';
import { addUser, changeUser } from '../objects/write-user.ts';
import { Asker } from './ask.ts';
import { isTaken } from '../store/taken.ts';
import { mustNameUser, userId } from './objects.ts';
import { CommandError, visit } from './visit.ts';

/** `createsuperuser` and `changepassword`, as scripts and people know them from other servers. */
export function accounts(manage: Command): void {
  manage.command('createsuperuser').description('add somebody who may do everything').option('--username <name>', 'DJANGO_SUPERUSER_USERNAME').option('--email <address>', 'DJANGO_SUPERUSER_EMAIL')
    .option('--noinput, --no-input', 'ask nothing: the password is in DJANGO_SUPERUSER_PASSWORD; without one nobody signs in by password')
    .action((options: { username?: string; email?: string; input: boolean }, command: Command) => visit(command, async ({ change, print }) => {
      const { env } = process;
      const asked = options.input ? await askForSuperuser(options.username) : undefined;
      const username = asked?.username ?? options.username ?? env['DJANGO_SUPERUSER_USERNAME'];
      if (!username) throw new CommandError('You must use --username with --noinput.');
      mustNameUser(username);
      const email = options.email ?? asked?.email ?? env['DJANGO_SUPERUSER_EMAIL'] ?? '';
      const given = asked?.password ?? env['DJANGO_SUPERUSER_PASSWORD'];
      const password = given ? await hashPassword(given) : null;
      await change((c) => addUser(c, { username, email, password, is_staff: true, is_superuser: true })).catch((error: unknown) => { throw isTaken(error) ? new CommandError('Error: That username is already taken.') : error; });
      print('Superuser created successfully.');
    }));

  manage.command('changepassword [username]').description('ask for a new password of a user, or read it from standard input; who is signed in is signed out')
    .action((given: string | undefined, _: unknown, command: Command) => visit(command, async ({ db, change, print }) => {
      const username = given ?? userInfo().username;
      const id = await userId(db, username).catch(() => { throw new CommandError(`user '${username}' does not exist`); });
      print(`Changing password for user '${username}'`);
      const asker = new Asker();
      const typed = await twice(asker).finally(() => asker.close());
      const password = await hashPassword(typed);
      await change((c) => changeUser(c, id, username, { password }));
      print(`Password changed successfully for user '${username}'`);
    }));
}

async function askForSuperuser(given: string | undefined): Promise<{ username: string; email: string; password: string }> {
  const asker = new Asker();
  try {
    const username = given ?? await asker.ask('Username: ');
    const email = await asker.ask('Email address: ');
    if (!username || email === undefined) throw new CommandError('There is nobody to ask: give --noinput and DJANGO_SUPERUSER_PASSWORD, or use: lava-server manage users add NAME --superuser');
    return { username, email, password: await twice(asker) };
  } finally {
    asker.close();
  }
}

/** A password that was typed twice; a script may write it once. */
async function twice(asker: Asker): Promise<string> {
  const first = await asker.ask('Password: ', { secret: true });
  if (!first) throw new CommandError('There is no password: type one, or write it to standard input');
  const second = await asker.ask('Password (again): ', { secret: true });
  if (second !== undefined && second !== first) throw new CommandError('The two passwords are not the same');
  return first;
}
