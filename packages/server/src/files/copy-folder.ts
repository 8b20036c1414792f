import { chmod, chown, copyFile, lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Times are written with less precision than they are read (ms). */
const clockGrain = 2;

interface CopyOptions {
  /** Removes what is in the copy only. */
  readonly exactly?: boolean;
}

/**
 * Copies the plain files of a folder that are missing in the other or have another size or time there. Links and the
 * like are left out. Returns the number of files copied; a folder that is not there has none.
 */
export async function copyFolder(from: string, to: string, options: CopyOptions = {}): Promise<number> {
  const entries = await readdir(from, { withFileTypes: true }).catch(ignoreMissing);
  if (!entries) return 0;
  const made = await mkdir(to, { recursive: true });
  if (made !== undefined) for (let folder = to; folder.length >= made.length; folder = dirname(folder)) await asTheOther(from, folder);
  let copied = 0;
  for (const entry of entries) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copied += await copyFolder(source, target, options);
    else if (entry.isFile()) copied += await copyOne(source, target);
  }
  if (options.exactly) {
    const kept = new Set(entries.map((e) => e.name));
    for (const name of await readdir(to)) if (!kept.has(name)) await rm(join(to, name), { recursive: true, force: true });
  }
  return copied;
}

async function copyOne(source: string, target: string): Promise<number> {
  const wanted = await lstat(source).catch(ignoreMissing);
  if (!wanted) return 0;
  const there = await lstat(target).catch(ignoreMissing);
  if (there && there.size === wanted.size && Math.abs(there.mtimeMs - wanted.mtimeMs) < clockGrain) return 0;
  await copyFile(source, `${target}.copy`);
  await asTheOther(source, `${target}.copy`);
  await utimes(`${target}.copy`, wanted.atime, wanted.mtime);
  await rename(`${target}.copy`, target);
  return 1;
}

/** The same mode and, as root, the same owner. */
async function asTheOther(source: string, target: string): Promise<void> {
  const { mode, uid, gid } = await lstat(source);
  await chmod(target, mode & 0o777);
  if (process.geteuid?.() === 0) await chown(target, uid, gid);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
