import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { ConfigurationError } from '@lava/base';
import type { Database } from '../store/database.ts';
import { migrate, migrateTo, migrationNames } from '../store/migrate.ts';
import type { BackupParts } from './backup.ts';
import { copyFolder } from '../files/copy-folder.ts';
import { jobFolders } from './job-folders.ts';
import { shareFolder } from './shared-folders.ts';
import { folders, readManifest, tableFile, type Manifest } from './manifest.ts';
import { migrationsOf } from './tables.ts';

/** Rows that are stored by one statement, and the length of their text at which fewer are. */
const rowsAtOnce = 1000;
const textAtOnce = 8 * 1024 * 1024;

/**
 * Fills an empty server with what `backup` wrote, also an earlier release's. All rows are stored or none.
 * @throws ConfigurationError when the server is not empty, or the backup is of a newer release or damaged
 */
export async function restore({ db, paths, shared, progress }: BackupParts, folder: string): Promise<void> {
  const manifest = await readManifest(folder);
  const unknown = manifest.migrations.find((name) => !migrationNames.includes(name));
  if (unknown !== undefined) throw new ConfigurationError(`the backup was made by LAVA ${manifest.version}, whose tables this release does not know (${unknown})`, { code: 'newer-backup', hint: 'Install that release, or a newer one.' });
  await mustBeEmpty(db);
  // Files first: whatever goes wrong with them, the server is still empty and can be filled again.
  await copyFolder(join(folder, folders.config), paths.serverConfig);
  await copyFolder(join(folder, folders.certificates), paths.certificates);
  await asTheTablesWere(db, manifest);
  await db.transaction().execute(async (trx) => {
    // The server makes its own user when it starts; the backup has it too.
    await sql`truncate ${sql.join(manifest.tables.map(({ name }) => sql.table(name)))} cascade`.execute(trx);
    for (const { name, rows } of manifest.tables) {
      const stored = await readTable(trx, name, tableFile(folder, name));
      if (stored !== rows) throw new ConfigurationError(`the backup is damaged: table ${name} has ${stored} rows instead of ${rows}`, { code: 'damaged-backup' });
      if (rows > 0) progress(`${name}: ${rows} rows`);
    }
    for (const [name, last] of Object.entries(manifest.sequences)) await sql`select setval(${name}::regclass, ${last})`.execute(trx);
  });
  await migrate(db);
  let copied = 0;
  for await (const { job, own, copy } of jobFolders(db, paths, folder)) {
    copied += shared ? await shareFolder(shared, db, job, copy) : await copyFolder(copy, own, { exactly: true });
  }
  progress(`files of jobs: ${copied} copied`);
}

async function mustBeEmpty(db: Kysely<Database>): Promise<void> {
  const { rows: [found] } = await sql<{ what: string | null }>`select case
    when exists (select from jobs) then 'jobs' when exists (select from devices) then 'devices' when exists (select from workers) then 'workers'
    when exists (select from users where username <> 'lava-health') then 'users' end as what`.execute(db);
  if (found!.what !== null) throw new ConfigurationError(`this server is not empty: it has ${found!.what}`, { code: 'not-empty', hint: 'Restore into a new one: another --root, or an empty database in DATABASE_URL.' });
}

/** Tables of an earlier release are made as they were, filled, and then brought up to date. */
async function asTheTablesWere(db: Kysely<Database>, { migrations }: Manifest): Promise<void> {
  const present = await migrationsOf(db);
  if (present.length === migrations.length && present.every((name) => migrations.includes(name))) return;
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
  await migrateTo(db, migrations);
}

async function readTable(db: Kysely<Database>, table: string, file: string): Promise<number> {
  let [count, waiting, size] = [0, [] as string[], 0];
  const store = async () => {
    if (waiting.length === 0) return;
    const name = sql.table(table);
    const { numAffectedRows } = await sql`insert into ${name} overriding system value select * from jsonb_populate_recordset(null::${name}, ${`[${waiting.join(',')}]`}::jsonb)`.execute(db);
    count += Number(numAffectedRows);
    [waiting, size] = [[], 0];
  };
  await pipeline(createReadStream(file), createGunzip().setEncoding('utf8'), async (pieces: AsyncIterable<string>) => {
    let rest = '';
    for await (const piece of pieces) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        waiting.push(line);
        size += line.length;
        if (waiting.length >= rowsAtOnce || size > textAtOnce) await store();
      }
    }
  });
  await store();
  return count;
}
