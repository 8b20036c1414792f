import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import type { LavaPaths } from '@lava/base';
import { jobFolder } from '../logs/job-folder.ts';
import type { Database } from '../store/database.ts';

const atOnce = 1000;

/** Folders of all jobs that are in the tables: the server's own, and those of a backup. */
export async function* jobFolders(db: Kysely<Database>, paths: LavaPaths, backup = '/'): AsyncGenerator<{ job: number; own: string; copy: string }> {
  for (let after = 0; ;) {
    const { rows } = await sql<{ id: number; day: string }>`
      select id, to_char(submit_time at time zone 'UTC', 'YYYY/MM/DD') as day from jobs where id > ${after} order by id limit ${atOnce}`.execute(db);
    for (const { id, day } of rows) yield { job: id, own: jobFolder(paths, day, id), copy: join(backup, 'job-output', day, String(id)) };
    if (rows.length < atOnce) return;
    after = rows.at(-1)!.id;
  }
}
