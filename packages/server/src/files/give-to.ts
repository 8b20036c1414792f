import { chown, lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * As root, gives a file or folder, and the folders that were made on the way to it, to the owner of `like`: a command
 * that root runs must not leave files that the server cannot read. Others own what they make anyway.
 * @param newFolder topmost folder that was made, as `mkdir` returns it
 */
export async function giveTo(like: string, path: string, newFolder: string | undefined): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await lstat(like);
  const inside = (await lstat(path)).isDirectory() ? await readdir(path, { recursive: true }) : [];
  for (const name of ['', ...inside]) await chown(join(path, name), uid, gid);
  for (let folder = dirname(path); newFolder !== undefined && folder.length >= newFolder.length; folder = dirname(folder)) await chown(folder, uid, gid);
}
