import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Debian's packages of LAVA 2023.01, which tests compare with. Nothing of them is ever part of this project.

const cache = fileURLToPath(new URL('../../.cache/upstream', import.meta.url));

/**
 * Path of a file or folder of a Debian package: where it is installed, or else unpacked into .cache. Undefined, with a
 * word on stderr, where it can neither be found nor downloaded: tests that need it are skipped then.
 * @param name of the package: `lava-server`
 * @param path in the package: `/usr/share/lava-server/device-types`
 */
export function fromDebianPackage(name: string, path: string): string | undefined {
  if (existsSync(path)) return path;
  const unpacked = join(cache, name);
  if (!existsSync(unpacked)) unpack(name, unpacked);
  const found = join(unpacked, path);
  return existsSync(found) ? found : undefined;
}

/** Upstream's device types: a folder of the tester's own choice, or those of Debian's package `lava-server`. */
export function upstreamDeviceTypes(): string | undefined {
  return process.env['LAVA_UPSTREAM_DEVICE_TYPES'] ?? fromDebianPackage('lava-server', '/usr/share/lava-server/device-types');
}

function unpack(name: string, folder: string): void {
  mkdirSync(cache, { recursive: true });
  // Test files run side by side: each unpacks beside the place, and the first one there wins.
  const work = mkdtempSync(join(cache, `${name}-`));
  try {
    if (!run('apt-get', ['download', name], work)) return;
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (archive === undefined || !run('dpkg-deb', ['-x', archive, 'files'], work)) return;
    renameSync(join(work, 'files'), folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[], cwd: string): boolean {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) process.stderr.write(`tests: '${program} ${args.join(' ')}' failed, so nothing is compared with upstream: ${error?.message ?? stderr.trim()}\n`);
  return status === 0;
}
