import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { sql, type Kysely, type Transaction } from 'kysely';
import { version, type LavaPaths } from '@lava/base';
import type { Database } from '../store/database.ts';
import { copyFolder } from '../files/copy-folder.ts';
import type { SharedFiles } from '../logs/shared-files.ts';
import { jobFolders } from './job-folders.ts';
import { copyShared } from './shared-folders.ts';
import { folders, tableFile, writeManifest } from './manifest.ts';
import { migrationsOf, sequencesOf, tablesInOrder } from './tables.ts';

const rowsAtOnce = 2000;

export interface BackupParts {
  readonly db: Kysely<Database>;
  readonly paths: LavaPaths;
  /** Where several servers have logs and files of jobs; folders on this disk if left out. */
  readonly shared?: SharedFiles | undefined;
  progress(line: string): void;
}

/**
 * Writes all that a server keeps to a folder: the tables as of one moment, logs and files of jobs, configuration and
 * certificates. The server may run meanwhile. Into the folder of an earlier backup only what changed is copied; until
 * it is done, the earlier one can no longer be used.
 */
export async function backup({ db, paths, shared, progress }: BackupParts, folder: string): Promise<void> {
  await mkdir(join(folder, 'tables.new'), { recursive: true });
  // Hashes of passwords and the server's key are in it.
  await chmod(folder, 0o700);
  const manifest = await db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(async (trx) => {
    const tables = [];
    for (const name of await tablesInOrder(trx)) {
      const rows = await writeTable(trx, name, tableFile(folder, name, 'tables.new'));
      tables.push({ name, rows });
      if (rows > 0) progress(`${name}: ${rows} rows`);
    }
    return { format: 1, version, madeAt: new Date().toISOString(), migrations: await migrationsOf(trx), sequences: await sequencesOf(trx), tables } as const;
  });
  await rm(join(folder, 'manifest.json'), { force: true });
  await rm(join(folder, 'tables'), { recursive: true, force: true });
  await rename(join(folder, 'tables.new'), join(folder, 'tables'));
  // Jobs that were removed since an earlier backup keep their folders there: a media folder that is not mounted must not empty it.
  let copied = 0;
  for await (const { job, own, copy } of jobFolders(db, paths, folder)) {
    copied += (shared && await copyShared(shared, db, job, copy)) ?? await copyFolder(own, copy, { exactly: true });
  }
  progress(`files of jobs: ${copied} copied`);
  await copyFolder(paths.serverConfig, join(folder, folders.config), { exactly: true });
  await copyFolder(paths.certificates, join(folder, folders.certificates), { exactly: true });
  await writeManifest(folder, manifest);
}

/** One row a line as JSON, made by the database itself so that no digit is lost. Returns the number of rows. */
async function writeTable(trx: Transaction<Database>, table: string, file: string): Promise<number> {
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    await sql`declare backup no scroll cursor for select to_jsonb(t)::text as row from ${sql.table(table)} t`.execute(trx);
    for (;;) {
      const { rows } = await sql<{ row: string }>`fetch ${sql.lit(rowsAtOnce)} from backup`.execute(trx);
      if (rows.length === 0) break;
      count += rows.length;
      yield rows.map(({ row }) => `${row}\n`).join('');
    }
    await sql`close backup`.execute(trx);
  }
  await pipeline(Readable.from(lines()), createGzip(), createWriteStream(file, { flush: true }));
  return count;
}
