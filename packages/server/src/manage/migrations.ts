import type { Command } from 'commander';
import { daemonLog } from '@lava/base';
import { migrationsOf } from '../backup/tables.ts';
import { migrate, migrationNames } from '../store/migrate.ts';
import { openStore, type Store } from '../store/open-store.ts';
import { pathsOf } from './visit.ts';

/** `migrate` and `showmigrations`: the server migrates by itself when it starts; scripts that do it before find nothing left to do. */
export function migrations(manage: Command): void {
  manage.command('migrate').description('bring the tables up to date; the server does it too when it starts').option('--noinput, --no-input', 'nothing is ever asked')
    .option('--fake-initial', 'accepted for old start scripts; without effect').option('--run-syncdb', 'accepted for old start scripts; without effect')
    .action((_: unknown, command: Command) => withTables(command, async ({ db }) => {
      const applied = await migrate(db);
      print(['Running migrations:', ...applied.length === 0 ? ['  No migrations to apply.'] : applied.map((name) => `  Applying ${name}... OK`)]);
    }));

  manage.command('showmigrations').description('list what the tables have seen of what this release needs').option('--plan', 'the same').option('--list', 'the same')
    .action((_: unknown, command: Command) => withTables(command, async ({ db }) => {
      const seen = await migrationsOf(db).catch((error: unknown) => { if ((error as { code?: string }).code === '42P01') return [] as string[]; throw error; });
      print([...migrationNames, ...seen.filter((name) => !migrationNames.includes(name))].map((name) => `[${seen.includes(name) ? 'X' : ' '}] ${name}`));
    }));
}

/** Opens the database and leaves its tables as they are. */
export async function withTables(command: Command, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore({ paths: pathsOf(command), log: daemonLog('WARN', (line) => { process.stderr.write(line); }), visit: true, asIs: true });
  await work(store).finally(() => store.close());
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
