import { createReadStream } from 'node:fs';
import type { LayerEntry } from './layers.ts';

const typeBits = { folder: 0o040000, file: 0o100000, link: 0o120000 } as const;
const pad4 = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);

/** Header of the `newc` format (Linux: Documentation/driver-api/early-userspace/buffer-format.rst). */
function header(fields: { ino: number; mode: number; uid: number; gid: number; mtime: number; size: number }, name: string): Buffer {
  const nameBytes = Buffer.from(`${name}\0`);
  const numbers = [fields.ino, fields.mode, fields.uid, fields.gid, 1, fields.mtime, fields.size, 0, 0, 0, 0, nameBytes.length, 0];
  const text = `070701${numbers.map((n) => (n >>> 0).toString(16).toUpperCase().padStart(8, '0')).join('')}`;
  return Buffer.concat([Buffer.from(text), nameBytes, pad4(text.length + nameBytes.length)]);
}

/** The bytes of a `newc` archive with these entries; its length is a multiple of four. */
export async function* cpioArchive(entries: AsyncIterable<LayerEntry>): AsyncGenerator<Buffer> {
  let ino = 0;
  for await (const entry of entries) {
    ino += 1;
    const { uid, gid, mtime, target } = entry;
    const size = entry.kind === 'link' ? Buffer.byteLength(target) : entry.size;
    if (size > 0xffffffff) throw new RangeError(`${entry.path} is too big for a cpio archive`);
    yield header({ ino, mode: typeBits[entry.kind] | entry.mode, uid, gid, mtime, size }, entry.path);
    if (entry.kind === 'link') yield Buffer.from(target);
    else if (entry.kind === 'file' && size > 0) {
      let rest = size;
      // A file that changes while it is read must not shift what follows.
      for await (const piece of createReadStream(entry.from, { end: size - 1 }) as AsyncIterable<Buffer>) {
        rest -= piece.length;
        yield piece;
      }
      if (rest > 0) throw new RangeError(`${entry.from} became shorter while it was read`);
    }
    yield pad4(size);
  }
  yield header({ ino: 0, mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 }, 'TRAILER!!!');
}
