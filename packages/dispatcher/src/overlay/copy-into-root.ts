import { chown, copyFile, lstat, mkdir, readlink, rm, symlink, utimes, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { walkLinks } from './follow-links.ts';
import { layerEntries, type Layer } from './layers.ts';

/**
 * Copies layers into the root file system of a device that is unpacked on the worker. Links in it are followed as the
 * device follows them: never out of that root, wherever a job's archive makes them point.
 */
export async function copyIntoRoot(root: string, layers: readonly Layer[], skipped: (path: string) => void): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  for await (const entry of layerEntries(layers, skipped)) {
    const path = join(root, await resolveInRoot(root, entry.path, entry.kind === 'folder'));
    if (entry.kind === 'folder') {
      const there = await lstat(path).catch(() => undefined);
      if (there?.isDirectory()) continue;
      await rm(path, { force: true });
      await mkdir(path, { recursive: true });
      await chmod(path, entry.mode);
    } else {
      await mkdir(join(path, '..'), { recursive: true });
      await rm(path, { recursive: true, force: true });
      if (entry.kind === 'link') {
        await symlink(entry.target, path);
        continue;
      }
      await copyFile(entry.from, path);
      await chmod(path, entry.mode);
      await utimes(path, entry.mtime, entry.mtime);
    }
    if (isRoot) await chown(path, entry.uid, entry.gid);
  }
}

/** The path in a root with links on the way followed inside of it; the last part only when it must be a folder. */
export async function resolveInRoot(root: string, path: string, followLast: boolean): Promise<string> {
  const walk = walkLinks(path, followLast, 'root file system');
  let step = walk.next();
  while (!step.done) {
    const here = join(root, step.value);
    const isLink = await lstat(here).then((stats) => stats.isSymbolicLink(), () => false);
    step = walk.next(isLink ? await readlink(here) : undefined);
  }
  return step.value;
}
