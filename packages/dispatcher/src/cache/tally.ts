import { appendFile, lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';

// Jobs are processes of their own that may be killed at any time: each use appends one byte to a file, whose size is the count.

/** How often jobs found a file in the cache, and how often they fetched one. */
export interface Tally {
  readonly hits: number;
  readonly misses: number;
}

/** Counts one use of a cache. What cannot be counted is not. */
export async function countUse(folder: string, kind: keyof Tally): Promise<void> {
  await appendFile(join(folder, kind), '.', { mode: 0o600 }).catch(() => undefined);
}

export async function readTally(folder: string): Promise<Tally> {
  const size = async (kind: keyof Tally) => (await lstat(join(folder, kind)).catch(() => undefined))?.size ?? 0;
  return { hits: await size('hits'), misses: await size('misses') };
}

/** Counts from zero again. */
export async function clearTally(folder: string): Promise<void> {
  for (const kind of ['hits', 'misses']) await rm(join(folder, kind), { force: true });
}
