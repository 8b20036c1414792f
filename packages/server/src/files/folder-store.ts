import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ObjectStore } from './object-store.ts';

/** Files in a folder: a network file system that all servers mount. */
export function folderStore(folder: string): ObjectStore {
  return {
    place: folder,
    async put(name, content) {
      const path = join(folder, name);
      const fresh = `${path}.${randomUUID()}.new`;
      await mkdir(dirname(path), { recursive: true });
      try {
        if (Buffer.isBuffer(content)) await writeFile(fresh, content, { mode: 0o640 });
        else await copyFile(content.path, fresh);
        await sync(fresh);
        await rename(fresh, path);
        await sync(dirname(path));
      } finally {
        await rm(fresh, { force: true });
      }
    },
    async get(name) {
      const path = join(folder, name);
      const found = await stat(path).catch(ignoreMissing);
      return found?.isFile() ? createReadStream(path) : undefined;
    },
    async list(prefix) {
      const below = join(folder, dirname(`${prefix}x`));
      const entries = await readdir(below, { recursive: true, withFileTypes: true }).catch(ignoreMissing) ?? [];
      return entries.filter((e) => e.isFile() && !e.name.endsWith('.new')).map((e) => relative(folder, join(e.parentPath, e.name))).filter((name) => name.startsWith(prefix)).sort();
    },
    async remove(names) {
      for (const name of names) await rm(join(folder, name), { force: true });
      // A folder that still holds something stays.
      for (const name of new Set(names.map(dirname))) await rmdir(join(folder, name)).catch(() => {});
    },
  };
}

async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return undefined;
}
