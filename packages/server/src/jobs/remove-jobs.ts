import { rm } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import { ConfigurationError, type LavaPaths } from '@lava/base';
import { JobFolders } from '../logs/job-folder.ts';
import { removeCopies } from '../logs/packed-log.ts';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';

/**
 * Removes a job that has finished, with its results. Returns how to remove its files, for after the change is stored.
 * @throws ConfigurationError when it still runs, or there is none
 */
export async function removeJob(c: Change, db: Kysely<Database>, paths: LavaPaths, id: number): Promise<() => Promise<void>> {
  const removeFiles = await jobFilesRemoval(db, paths, id);
  const job = await c.trx.selectFrom('jobs').select(['state', 'description']).where('id', '=', id).forUpdate().executeTakeFirst();
  if (!job) throw new ConfigurationError(`TestJob ${id} does not exists`, { code: 'unknown-job' });
  if (job.state !== jobState.Finished) throw new ConfigurationError(`Job ${id} has not finished`, { code: 'job-unfinished', hint: 'Cancel it first, and wait until it has ended.' });
  await c.trx.deleteFrom('jobs').where('id', '=', id).execute();
  c.note('job', id, `removed: ${job.description}`);
  return removeFiles;
}

/** How to remove the log and all other files of a job; its folder is looked up now, as long as the job is there. */
export async function jobFilesRemoval(db: Kysely<Database>, paths: LavaPaths, id: number): Promise<() => Promise<void>> {
  const folder = await new JobFolders(paths, db).of(id);
  return async () => {
    if (folder === undefined) return;
    await rm(folder, { recursive: true, force: true });
    await removeCopies(id, paths);
  };
}
