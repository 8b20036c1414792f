import { chown, copyFile, lstat, mkdir, readlink, rm, symlink, utimes, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { layerEntries, type Layer } from './layers.ts';

/** As many links may lead to one another, as in Linux. */
const mostLinks = 40;

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
  let done: string[] = [];
  const ahead = path.split('/');
  for (let links = 0; ahead.length > 0;) {
    const name = ahead.shift() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') { done.pop(); continue; }
    const here = join(root, ...done, name);
    const isLink = await lstat(here).then((stats) => stats.isSymbolicLink(), () => false);
    if (!isLink || (ahead.length === 0 && !followLast)) { done.push(name); continue; }
    links += 1;
    if (links > mostLinks) throw new JobError(`Too many levels of links at '${path}' in the root file system`, { code: 'overlay-links' });
    const target = await readlink(here);
    if (target.startsWith('/')) done = [];
    ahead.unshift(...target.split('/'));
  }
  return done.join('/');
}
