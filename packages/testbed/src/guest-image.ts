import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assetFolder } from '@lava/base';

/** A small Linux that boots in QEMU in seconds, also under pure emulation. Login `root`, no password, prompt `root@guest:`. */
export interface GuestImage {
  readonly folder: string;
  /** Debian's cloud kernel. */
  readonly kernel: string;
  /** busybox root file system, gzipped newc cpio. */
  readonly ramdisk: string;
  /** The same as an ext4 image of 64 MiB; boot it with the ramdisk and `root=/dev/vda`. */
  readonly rootfs: string;
  /** The same as a gzipped tar, for a folder that is mounted over NFS. */
  readonly archive: string;
}

/** What few guests need beside the plain ramdisk: modules for a root over NFS, for IDE disks; the programs kexec, dropbear. */
export type GuestPart = 'nfs' | 'disk' | 'kexec' | 'ssh';

type GuestArchitecture = 'amd64' | 'arm64';

/**
 * The test guest, built once from Debian packages and kept below `cache` under a name that changes with its recipe.
 * @throws what the build printed, when it fails (no apt, no busybox-static, no e2fsprogs)
 */
export async function guestImage(cache: string, architecture: GuestArchitecture = 'amd64'): Promise<GuestImage> {
  const recipe = assetFolder(import.meta.url, 'guest');
  const hash = createHash('sha256');
  for (const name of (await readdir(recipe)).sort()) hash.update(name).update(await readFile(join(recipe, name)));
  const folder = join(cache, `guest-${architecture === 'amd64' ? '' : `${architecture}-`}${hash.digest('hex').slice(0, 12)}`);
  const image = { folder, kernel: join(folder, 'vmlinuz'), ramdisk: join(folder, 'initramfs.cpio.gz'), rootfs: join(folder, 'rootfs.ext4'), archive: join(folder, 'rootfs.tar.gz') };
  if (await exists(folder)) return image;

  await mkdir(cache, { recursive: true });
  const unfinished = `${folder}.${process.pid}`;
  try {
    await promisify(execFile)('bash', [join(recipe, 'build.sh'), unfinished, architecture]);
    // Two builders at once: whoever is first wins, the images are the same.
    await rename(unfinished, folder).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return image;
}

/** A ramdisk of the guest with these parts, kept beside the plain one. @returns its file */
export async function guestRamdisk({ folder, ramdisk }: GuestImage, ...parts: GuestPart[]): Promise<string> {
  const file = join(folder, `initramfs-${parts.join('-')}.cpio.gz`);
  if (await exists(file)) return file;
  const unfinished = `${file}.${process.pid}`;
  const archives = [ramdisk, ...parts.map((part) => join(folder, `${part}.cpio.gz`))];
  // The kernel unpacks archives that follow one another.
  await writeFile(unfinished, Buffer.concat(await Promise.all(archives.map((archive) => readFile(archive)))));
  await rename(unfinished, file);
  return file;
}

const exists = (path: string) => access(path).then(() => true, () => false);
