import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { cpioArchive } from './cpio.ts';
import { imageIndex, type ImageIndex } from './cpio-index.ts';
import { layerEntries, type Layer, type LayerEntry } from './layers.ts';

/**
 * Puts layers into a ramdisk without unpacking it: Linux takes several archives one after the other, each compressed or
 * not, the later ones over the earlier. Ours is compressed like a gzipped ramdisk, as such a kernel can surely undo it.
 */
export async function appendToRamdisk(file: string, layers: readonly Layer[], signal: AbortSignal, skipped: (path: string) => void): Promise<void> {
  const index = await imageIndex(file, signal);
  const handle = await open(file, 'r+');
  const magic = Buffer.alloc(2);
  try {
    const { size } = await handle.stat();
    await handle.read(magic, 0, 2, 0);
    // An archive starts at a multiple of four; zeros in between are skipped.
    await handle.truncate(size + ((4 - (size % 4)) % 4));
  } finally {
    await handle.close();
  }
  const archive = Readable.from(cpioArchive(into(index, layerEntries(layers, skipped))));
  const target = createWriteStream(file, { flags: 'a' });
  if (magic.readUInt16BE() === 0x1f8b) await pipeline(archive, createGzip(), target, { signal });
  else await pipeline(archive, target, { signal });
}

/** Leads entries through the image's own links to folders, and leaves folders that it has as they are. */
async function* into(index: ImageIndex, entries: AsyncIterable<LayerEntry>): AsyncGenerator<LayerEntry> {
  for await (const entry of entries) {
    const path = index.resolve(entry.path, entry.kind === 'folder');
    if (entry.kind === 'folder' && index.isFolder(path)) continue;
    yield path === entry.path ? entry : { ...entry, path };
  }
}
