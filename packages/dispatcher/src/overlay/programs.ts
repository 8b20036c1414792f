import { which } from '../connections/which.ts';

/** Programs of the worker that put overlays into images, and the Debian packages that bring them. */
const packages: Readonly<Record<string, string>> = {
  debugfs: 'e2fsprogs', dumpe2fs: 'e2fsprogs', mke2fs: 'e2fsprogs', sfdisk: 'fdisk',
  simg2img: 'android-sdk-libsparse-utils', img2simg: 'android-sdk-libsparse-utils',
};

/** Path of a program. @throws InfrastructureError that names the package to install */
export function needProgram(program: string): string {
  return which(program, `Install the Debian package ${packages[program] ?? program} on the worker.`);
}
