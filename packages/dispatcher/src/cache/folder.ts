import { lstat, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEntry, type Entry } from './entry.ts';
import { lockFile } from './file-lock.ts';

/** Milliseconds that an unfinished download is kept for the next job, and that a file which nobody names may lie around. */
const keepPartsMs = 24 * 3_600_000;
const keepStrayMs = 3_600_000;

/** Where everything of a cache is. */
export const placesIn = (folder: string) => ({
  /** Whole files: `SHA256.FORM`. */
  files: join(folder, 'files'),
  /** What is known of them: one record a checksum or address. */
  names: join(folder, 'names'),
  /** What is being fetched, or could not be fetched to its end. */
  parts: join(folder, 'parts'),
});

/** A thing that takes room. */
export interface Holding {
  readonly kind: 'file' | 'part';
  readonly name: string;
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly used: number;
  /** Some job reads it, so removing it would free nothing. Of unfinished downloads only their lock tells. */
  readonly inUse: boolean;
}

async function look(folder: string, kind: Holding['kind']): Promise<Holding[]> {
  const found = await Promise.all((await readdir(folder).catch(() => [])).map(async (name) => {
    const stats = await lstat(join(folder, name)).catch(() => undefined);
    return stats && { kind, name, bytes: stats.blocks * 512, used: kind === 'file' ? stats.atimeMs : stats.mtimeMs, inUse: kind === 'file' && stats.nlink > 1 };
  }));
  return found.filter((holding) => holding !== undefined);
}

/** Everything that takes room, the least recently used first. */
export async function holdings(folder: string): Promise<Holding[]> {
  const { files, parts } = placesIn(folder);
  return [...await look(files, 'file'), ...await look(parts, 'part')].sort((a, b) => a.used - b.used);
}

/** What is known of the cached files, by file; those that are gone included. */
export async function entriesOf(folder: string): Promise<(Entry & { readonly record: string })[]> {
  const { names } = placesIn(folder);
  const found = await Promise.all((await readdir(names).catch(() => [])).map(async (name) => {
    const entry = parseEntry(await readFile(join(names, name), 'utf8').catch(() => ''));
    return entry && { ...entry, record: join(names, name) };
  }));
  return found.filter((entry) => entry !== undefined);
}

interface Trim {
  /** Bytes that all may take together. */
  readonly limit: number;
  /** Bytes that the disk must have room for. */
  readonly free?: number;
}

/**
 * Removes what was not used for longest until the rest is within the limit, and what killed processes left. Any number of
 * processes may do so at once, while others fetch and use files: what a job uses, and what is being fetched, stays.
 */
export async function trim(folder: string, { limit, free: needed = 0 }: Trim): Promise<void> {
  const { files, names } = placesIn(folder);
  const all = await holdings(folder);
  let total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const disk = await statfs(folder);
  let free = disk.bavail * disk.bsize;
  let removed = false;
  for (const holding of all) {
    const stale = holding.kind === 'part' && holding.used < Date.now() - keepPartsMs;
    if ((total <= limit && free >= needed && !stale) || holding.inUse) continue;
    if (holding.kind === 'file') await rm(join(files, holding.name), { force: true });
    else if (!(await removePart(folder, holding.name))) continue;
    total -= holding.bytes;
    free += holding.bytes;
    removed = true;
  }
  if (removed) await sweepNames(folder);
  // Records that were written to their end have no such name.
  for (const name of await readdir(names).catch(() => [])) {
    const path = join(names, name);
    if (name.endsWith('.new') && ((await lstat(path).catch(() => undefined))?.mtimeMs ?? Infinity) < Date.now() - keepStrayMs) await rm(path, { force: true });
  }
}

/** Records of files that are gone. */
async function sweepNames(folder: string): Promise<void> {
  const { files } = placesIn(folder);
  const there = new Set(await readdir(files).catch(() => []));
  for (const { file, record } of await entriesOf(folder)) if (!there.has(file)) await rm(record, { force: true });
}

/** @returns false when it is being fetched */
async function removePart(folder: string, name: string): Promise<boolean> {
  const { parts } = placesIn(folder);
  // The bytes themselves are the lock; the note and what was decompressed go with them.
  const raw = join(parts, name.replace(/\.(json|plain)$/, ''));
  const lock = await lockFile(raw);
  if (!lock) return false;
  try {
    for (const suffix of ['.json', '.plain', '']) await rm(raw + suffix, { force: true });
    return true;
  } finally {
    await lock.close();
  }
}

/** Removes all that no job uses. @returns bytes that it took */
export async function clear(folder: string): Promise<number> {
  const before = (await holdings(folder)).reduce((sum, { bytes }) => sum + bytes, 0);
  await trim(folder, { limit: -1 });
  return before - (await holdings(folder)).reduce((sum, { bytes }) => sum + bytes, 0);
}
