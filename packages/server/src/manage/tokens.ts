import { sql } from 'kysely';
import type { Command } from 'commander';
import { hashSecret } from '../auth/secrets.ts';
import { isTokenScope } from '../auth/token-scope.ts';
import { newToken } from '../auth/tokens.ts';
import { userId } from './objects.ts';
import { csv } from './table.ts';
import { CommandError, visit } from './visit.ts';

export function tokens(manage: Command): void {
  const group = manage.command('tokens').description('secrets with which programs use the API');

  group.command('add').description('add a token and print it; it is shown only this once')
    .requiredOption('-u, --user <name>').option('-d, --description <text>', '', '').option('--secret <text>', 'this secret instead of a new one').option('--expires <days>', 'ends after so many days; never if left out')
    .option('--scope <scope>', 'read, submit or all', 'all').option('--device-type <names...>', 'jobs submitted with it may ask for these types only')
    .action((options: { user: string; description: string; secret?: string; expires?: string; scope: string; deviceType?: string[] }, command: Command) => visit(command, async (v) => {
      if (options.secret !== undefined && options.secret.length < 16) throw new CommandError('A secret has at least 16 characters');
      const { scope } = options;
      if (!isTokenScope(scope)) throw new CommandError(`There is no scope '${scope}': use read, submit or all`);
      const id = await userId(v.db, options.user);
      const days = options.expires === undefined ? undefined : wholeDays(options.expires);
      v.print(await newToken(v.db, id, options.description, { secret: options.secret, days, scope, deviceTypes: options.deviceType }));
      await v.change(async (c) => c.note('token', options.user, `token added${options.description ? ` (${options.description})` : ''}`));
    }));

  group.command('list').description('list the tokens of a user; the secrets themselves are not stored').requiredOption('-u, --user <name>').option('--csv')
    .action((options: { user: string; csv?: boolean }, command: Command) => visit(command, async (v) => {
      const rows = await v.db.selectFrom('tokens').select(['id', 'description']).where('user_id', '=', await userId(v.db, options.user)).orderBy('id').execute();
      if (options.csv) v.print(csv(['id', 'secret', 'description'], rows.map((t) => [t.id, '', t.description])));
      else v.print([`Tokens for user '${options.user}':`, ...rows.map((t) => `* ${t.id} (${t.description})`)].join('\n'));
    }));

  group.command('rm [secret]').description('remove a token, or all that were not used for some time').option('--token <secret>', 'the same').option('--id <number>').option('-n, --days <days>', 'not used for so many days')
    .action((secret: string | undefined, options: { token?: string; id?: string; days?: string }, command: Command) => visit(command, async ({ change, print }) => {
      const token = options.token ?? secret;
      const days = options.days === undefined ? undefined : wholeDays(options.days);
      const which = token !== undefined ? sql`hash = ${hashSecret(token)}`
        : options.id !== undefined ? sql`id = ${Number(options.id)}`
          : days !== undefined ? sql`coalesce(last_used_at, created_at) < now() - make_interval(days => ${days}::int)` : undefined;
      if (!which) throw new CommandError('Say which: the secret, --id or --days');
      const removed = await change(async (c) => {
        const { rows } = await sql<{ username: string; description: string }>`delete from tokens using users where users.id = user_id and tokens.id in (select id from tokens where ${which})
          returning username, description`.execute(c.trx);
        for (const t of rows) c.note('token', t.username, `token removed${t.description ? ` (${t.description})` : ''}`);
        return rows.length;
      });
      if (removed === 0 && days === undefined) throw new CommandError('There is no such token');
      print(`Removed ${removed} token${removed === 1 ? '' : 's'}`);
    }));
}

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new CommandError(`'${text}' is no number of days`);
  return Number(text);
}
