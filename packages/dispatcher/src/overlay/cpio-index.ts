import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { InfrastructureError, JobError } from '@lava/base';
import { decompress, type Compression } from '../fetch/compression.ts';
import { walkLinks } from './follow-links.ts';

/** Headers with longer names or links are no cpio. */
const longestName = 4096;

/** Folders and links of an initial ramdisk. */
export class ImageIndex {
  readonly #folders = new Set<string>(['']);
  readonly #links = new Map<string, string>();

  addFolder(path: string): void { this.#links.delete(path); this.#folders.add(path); }
  addLink(path: string, target: string): void { this.#folders.delete(path); this.#links.set(path, target); }
  addFile(path: string): void { this.#links.delete(path); this.#folders.delete(path); }
  isFolder(path: string): boolean { return this.#folders.has(path); }

  /** The path with every link on the way followed; the last part only when it must be a folder. */
  resolve(path: string, followLast: boolean): string {
    const walk = walkLinks(path, followLast, 'image');
    let step = walk.next();
    while (!step.done) step = walk.next(this.#links.get(step.value));
    return step.value;
  }
}

/** Folders and links of a ramdisk of one or more `newc` archives, compressed or not. @throws JobError if it is none */
export async function imageIndex(file: string, signal: AbortSignal): Promise<ImageIndex> {
  const index = new ImageIndex();
  await readArchives(createReadStream(file, { highWaterMark: 1 << 20 }), index, signal);
  return index;
}

const magics: readonly [bytes: string, compression: Compression][] = [['1f8b', 'gz'], ['fd377a585a00', 'xz'], ['425a68', 'bz2'], ['28b52ffd', 'zstd']];

/** @returns how many whole archives there are */
async function readArchives(stream: Readable, index: ImageIndex, signal: AbortSignal): Promise<number> {
  const reader = new Pieces(stream);
  let archives = 0;
  for (;;) {
    await reader.skipZeros();
    const start = await reader.peek(6);
    if (start.length === 0) return archives;
    if (start.toString('latin1').startsWith('07070')) {
      await readArchive(reader, index);
      archives += 1;
      continue;
    }
    const compression = magics.find(([bytes]) => start.toString('hex').startsWith(bytes))?.[1];
    if (compression === undefined) throw new JobError('The image is no cpio archive in newc format', { code: 'overlay-no-cpio', hint: "Does 'format: cpio.newc' match the file?" });
    const plain = new PassThrough();
    const inner = readArchives(plain, index, signal);
    inner.catch(() => plain.destroy());
    const [read, unpacked] = await Promise.allSettled([inner, decompress(compression, Readable.from(reader.rest()), plain, signal)]);
    if (unpacked.status === 'rejected' && unpacked.reason instanceof InfrastructureError) throw unpacked.reason;
    if (read.status === 'rejected') throw read.reason;
    // Some programs complain about padding after the data; then the archive inside was whole.
    if (unpacked.status === 'rejected' && read.value === 0) throw unpacked.reason;
    return archives + read.value;
  }
}

async function readArchive(reader: Pieces, index: ImageIndex): Promise<void> {
  for (;;) {
    const head = (await reader.take(110)).toString('latin1');
    const field = (n: number) => parseInt(head.slice(6 + 8 * n, 14 + 8 * n), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    if (!/^07070[12]/.test(head) || !(nameSize > 0 && nameSize <= longestName) || !(size >= 0)) {
      throw new JobError('The image is no cpio archive in newc format', { code: 'overlay-no-cpio', hint: "Does 'format: cpio.newc' match the file?" });
    }
    const name = (await reader.take(nameSize)).toString('utf8').slice(0, -1);
    await reader.skip((4 - ((110 + nameSize) % 4)) % 4);
    const path = name.replace(/^(\.?\/+)+/, '').replace(/^\.$/, '').replace(/\/+$/, '');
    const padding = (4 - (size % 4)) % 4;
    if (name === 'TRAILER!!!') return;
    const type = mode & 0o170000;
    if (type === 0o120000 && size <= longestName) {
      index.addLink(path, (await reader.take(size)).toString('utf8'));
      await reader.skip(padding);
    } else {
      if (type === 0o040000) index.addFolder(path);
      else index.addFile(path);
      await reader.skip(size + padding);
    }
  }
}

/** Bytes of a stream, taken in pieces of any size. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#source = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    return true;
  }

  /** The next bytes, fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    while (this.#held.length < length && (await this.#more()));
    return this.#held.subarray(0, length);
  }

  async take(length: number): Promise<Buffer> {
    const taken = await this.peek(length);
    if (taken.length < length) throw new JobError('The image ends in the middle of its cpio archive', { code: 'overlay-no-cpio' });
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async skip(length: number): Promise<void> {
    let rest = length;
    while (rest > this.#held.length) {
      rest -= this.#held.length;
      this.#held = Buffer.alloc(0);
      if (!(await this.#more())) throw new JobError('The image ends in the middle of its cpio archive', { code: 'overlay-no-cpio' });
    }
    this.#held = this.#held.subarray(rest);
  }

  async skipZeros(): Promise<void> {
    for (;;) {
      const first = this.#held.findIndex((byte) => byte !== 0);
      this.#held = first < 0 ? Buffer.alloc(0) : this.#held.subarray(first);
      if (first >= 0 || !(await this.#more())) return;
    }
  }

  async *rest(): AsyncGenerator<Buffer> {
    if (this.#held.length > 0) yield this.#held;
    for (;;) {
      const next = await this.#source.next();
      if (next.done) return;
      yield next.value;
    }
  }
}
