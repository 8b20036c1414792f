import { execFile } from 'node:child_process';
import { link, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Gives a file of the cache to a job. A job that only reads it gets it by a second name, and the cache knows by the number of
 * names that it is in use; one that may write to it gets its own copy: at once where the file system shares blocks (Btrfs, XFS),
 * else by the kernel and without the holes.
 */
export async function handOver(path: string, target: string, reads: boolean, signal: AbortSignal): Promise<void> {
  await rm(target, { force: true });
  const linked = await link(path, target).then(() => true, (error: NodeJS.ErrnoException) => {
    // Another file system, or one without links; a file that is gone is told by the copy.
    if (['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOENT'].includes(error.code ?? '')) return false;
    throw error;
  });
  if (linked && reads) return;
  // As long as the copy is made the name keeps the cache from removing it.
  const copy = `${target}.copy`;
  await copyFile(linked ? target : path, copy, signal);
  await rename(copy, target);
}

/** Moves a file that the cache does not keep; over file systems, if need be. */
export async function moveOut(path: string, target: string, signal: AbortSignal): Promise<void> {
  await rename(path, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    await copyFile(path, target, signal);
    await rm(path);
  });
}

async function copyFile(from: string, to: string, signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)('cp', ['--reflink=auto', '--sparse=auto', '--', from, to], { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
