import { ConfigurationError } from '@lava/base';
import type { LogStore } from '../services.ts';
import type { Change } from '../store/change.ts';
import { jobState } from '../store/numbers.ts';

/**
 * Removes a job that has finished, with its results. Returns how to remove its files, for after the change is stored.
 * @throws ConfigurationError when it still runs, or there is none
 */
export async function removeJob(c: Change, logs: LogStore, id: number): Promise<() => Promise<void>> {
  const removeFiles = await logs.removal(id);
  const job = await c.trx.selectFrom('jobs').select(['state', 'description']).where('id', '=', id).forUpdate().executeTakeFirst();
  if (!job) throw new ConfigurationError(`TestJob ${id} does not exists`, { code: 'unknown-job' });
  if (job.state !== jobState.Finished) throw new ConfigurationError(`Job ${id} has not finished`, { code: 'job-unfinished', hint: 'Cancel it first, and wait until it has ended.' });
  await c.trx.deleteFrom('jobs').where('id', '=', id).execute();
  c.note('job', id, `removed: ${job.description}`);
  return removeFiles;
}
