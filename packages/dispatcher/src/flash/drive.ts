import { copyFile, mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Action, sharedKey } from '../pipeline/action.ts';

/** Where the drive that a board shows is mounted on the worker. */
export const mountedDrive = sharedKey<string>('mount-drive');

/** Mounts a drive. Not in the job's folder: if it cannot be unmounted, removing that folder would empty the board. @param options before the device's name */
export async function mountDrive(a: Action, device: string, options: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lava-drive-'));
  await a.exec(['mount', ...options, device, folder], { error: 'Infrastructure', errorMessage: `Unable to mount '${device}'`, code: 'drive-mount' });
  a.set(mountedDrive, folder);
  a.log.debug(`'${device}' is mounted at '${folder}'`);
  return folder;
}

/** Writes out what was copied and takes the drive off; nothing to do if it is off already. */
export async function unmountDrive(a: Action): Promise<void> {
  const folder = a.get(mountedDrive);
  if (folder === undefined) return;
  a.set(mountedDrive, '');
  if (folder === '') return;
  await a.exec(['sync', folder], { error: 'Infrastructure', allowFail: true });
  await a.exec(['umount', folder], { error: 'Infrastructure', errorMessage: `Unable to unmount '${folder}'`, code: 'drive-mount' });
  await rmdir(folder);
}

/** Copies files into the root of a drive, under their own names. */
export async function copyToDrive(a: Action, files: readonly string[], folder: string): Promise<void> {
  for (const file of files) {
    a.log.debug(`Copying '${file}' to '${folder}'`);
    await copyFile(file, join(folder, basename(file)));
  }
}

