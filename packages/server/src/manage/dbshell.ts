import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command } from 'commander';
import { findManagedPostgres } from '../store/managed/managed-postgres.ts';
import { withTables } from './migrations.ts';
import { CommandError, pathsOf } from './visit.ts';

/** `dbshell`: psql in the database of the server, wherever that is. */
export function dbshell(manage: Command): void {
  manage.command('dbshell').description('open psql in the database of the server').argument('[options...]', 'for psql, behind --')
    .action((options: string[], _: unknown, command: Command) => withTables(command, async () => {
      const url = process.env['DATABASE_URL'];
      const where = url ? [url] : ['--host', await findManagedPostgres(join(pathsOf(command).serverState, 'postgresql')) ?? '', '--username', 'lava', 'lava'];
      const child = spawn('psql', [...options, ...where], { stdio: 'inherit' });
      const [status, signal] = await once(child, 'exit').catch((error: NodeJS.ErrnoException) => {
        throw new CommandError(error.code === 'ENOENT' ? 'psql is not installed: apt install postgresql-client' : error.message);
      }) as [number | null, string | null];
      if (status !== 0) throw new CommandError(`psql ended with ${signal ?? `status ${status}`}`, status ?? 1);
    }));
}
