import { which } from '../process/which.ts';

/** Programs of the worker that put overlays into images, and the Debian packages that bring them. */
const packages: Readonly<Record<string, string>> = {
  debugfs: 'e2fsprogs', dumpe2fs: 'e2fsprogs', mke2fs: 'e2fsprogs', sfdisk: 'fdisk',
  simg2img: 'android-sdk-libsparse-utils', img2simg: 'android-sdk-libsparse-utils',
};

/**
 * Words before a command that keep it from waiting for the disk. Programs for images wait at their end until all of the image is
 * written, also what was just downloaded; that can take seconds, and a job that is lost with its machine needs no image.
 * @returns none where eatmydata is not installed
 */
export function withoutSync(): string[] {
  try {
    return [which('eatmydata')];
  } catch {
    return [];
  }
}

/** Path of a program. @throws InfrastructureError that names the package to install */
export function needProgram(program: string): string {
  return which(program, `Install the Debian package ${packages[program] ?? program} on the worker.`);
}
