import { sql } from 'kysely';
import { migrationsOf } from '../../backup/tables.ts';
import { verifyPassword } from '../../auth/passwords.ts';
import type { Connection } from '../../store/connection.ts';
import { migrationNames } from '../../store/migrate.ts';
import { about, type Findings, type OpenSite } from './finding.ts';

/** As `server_version_num` says it. */
const oldestPostgres = 150_000;

/** Passwords that somebody else tries first, beside the name itself. */
const guessed = ['admin', 'lava', 'password', 'changeme', 'secret', '123456'];

/** Most accounts whose passwords are tried: each takes some hundredths of a second. */
const mostAccounts = 50;

/** Whether the database is one that this release can work with. */
export async function* checkDatabase({ db }: Connection): Findings {
  const { error } = about('database');
  const { rows: [version] } = await sql<{ number: number; name: string }>`select current_setting('server_version_num')::int as number, current_setting('server_version') as name`.execute(db);
  if (version!.number < oldestPostgres) yield error(`PostgreSQL is ${version!.name}`, 'Use 15 or newer.');
  const { rows: [made] } = await sql<{ there: boolean }>`select to_regclass('kysely_migration') is not null as there`.execute(db);
  const known = made!.there ? await migrationsOf(db) : [];
  const newer = known.filter((name) => !migrationNames.includes(name));
  if (newer.length > 0) yield error(`the tables are of a newer release (${newer.join(', ')})`, 'Install that release, or restore a backup that was made before the upgrade.');
  const missing = migrationNames.filter((name) => !known.includes(name));
  if (missing.length > 0) yield error(`${missing.length} migrations have not been applied: ${missing.join(', ')}`, 'Start the server, or: lava-server manage migrate');
}

/** Accounts that anybody could guess. */
export async function* checkAccounts({ connection: { db } }: OpenSite): Findings {
  const { error, warning } = about('accounts');
  const powerful = await db.selectFrom('users').select(['username', 'password']).where('is_active', '=', true)
    .where((e) => e.or([e('is_superuser', '=', true), e('is_staff', '=', true)])).orderBy('is_superuser', 'desc').orderBy('id').limit(mostAccounts).execute();
  if (powerful.length === 0) yield warning('there is no active superuser', 'Make one: lava-server manage users add NAME --superuser');
  for (const { username, password } of powerful) {
    if (password === null) continue;
    for (const guess of new Set([username, ...guessed])) {
      if (!await verifyPassword(password, guess)) continue;
      yield error(`the password of ${username} is ${guess === username ? 'the name itself' : `"${guess}"`}`, `lava-server manage changepassword ${username}`);
      break;
    }
  }
}
