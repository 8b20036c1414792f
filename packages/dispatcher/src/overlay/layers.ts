import type { Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';

/** A file or a tree on the worker that goes into an image at a place. */
export interface Layer {
  readonly from: string;
  /** Absolute path in the image: of the tree's content, or of the file. */
  readonly at: string;
}

/** Something to be put into an image; parents come before what is in them. */
export interface LayerEntry {
  /** In the image, without leading slash. */
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link';
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Path on the worker, of a file. */
  readonly from: string;
  /** Where a link leads. */
  readonly target: string;
}

/**
 * All entries of layers, in order; a folder is named once. Devices, pipes and sockets are left out and reported.
 * Who is not root owns every file that he unpacks: those are taken for root's.
 */
export async function* layerEntries(layers: readonly Layer[], skipped: (path: string) => void): AsyncGenerator<LayerEntry> {
  const folders = new Set<string>();
  const self = process.getuid?.() ?? 0;
  const entryOf = async (from: string, path: string, stats: Stats): Promise<LayerEntry | undefined> => {
    const kind = stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'link' : undefined;
    if (kind === undefined) return undefined;
    return {
      path, kind, from, mode: stats.mode & 0o7777, size: kind === 'file' ? stats.size : 0, mtime: Math.floor(stats.mtimeMs / 1000),
      uid: stats.uid === self ? 0 : stats.uid, gid: stats.uid === self ? 0 : stats.gid, target: kind === 'link' ? await readlink(from) : '',
    };
  };
  async function* walk(from: string, path: string): AsyncGenerator<LayerEntry> {
    const entry = await entryOf(from, path, await lstat(from));
    if (!entry) {
      skipped(path);
      return;
    }
    if (entry.kind !== 'folder') {
      yield entry;
      return;
    }
    if (path !== '' && !folders.has(path)) {
      folders.add(path);
      yield entry;
    }
    for (const name of (await readdir(from)).sort()) yield* walk(join(from, name), path === '' ? name : `${path}/${name}`);
  }
  for (const { from, at } of layers) {
    const stats = await lstat(from);
    const place = posix.normalize(`${at}${!stats.isDirectory() && at.endsWith('/') ? basename(from) : ''}`).replace(/^\/+|\/+$/g, '');
    const parents = place.split('/').slice(0, -1);
    for (let n = 1; n <= parents.length; n += 1) {
      const path = parents.slice(0, n).join('/');
      if (folders.has(path)) continue;
      folders.add(path);
      yield { path, kind: 'folder', from: '', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: Math.floor(stats.mtimeMs / 1000), target: '' };
    }
    yield* walk(from, place);
  }
}
