import { createHash, type Hash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { InfrastructureError, LavaError } from '@lava/base';
import { decompress, type Compression } from './compression.ts';
import type { Opened } from './source.ts';

const megabyte = 1 << 20;

/** Sums that a url block may name, and what they are called elsewhere. */
export const checksums = { md5sum: 'md5', sha256sum: 'sha256', sha512sum: 'sha512' } as const;
export type Checksum = keyof typeof checksums;
export type Sums = Readonly<Partial<Record<Checksum, string>>>;

interface ReceiveOptions {
  readonly opened: Opened;
  /** For the message of an error. */
  readonly url: string;
  /** Where the bytes go as they come; what is there counts if `opened.from` says so. */
  readonly raw: FileHandle | undefined;
  /** What to undo, and the file for the result. */
  readonly undo: { readonly compression: Compression; readonly file: string } | undefined;
  readonly wanted: readonly Checksum[];
  /** Bytes so far; counted on. */
  readonly count: { bytes: number };
  readonly signal: AbortSignal;
}

/**
 * Takes a file in one pass: counted, hashed, decompressed and kept. A part that is there already goes the same way first.
 * @throws InfrastructureError when less comes than was told, JobError when it cannot be decompressed
 */
export async function receive({ opened, url, raw, undo, wanted, count, signal }: ReceiveOptions): Promise<Sums> {
  const { stream, size, from = 0 } = opened;
  const hashes = new Map<Checksum, Hash>(wanted.map((name) => [name, createHash(checksums[name])]));
  /** What broke on the way in: it is to blame for whatever breaks behind it. */
  let broken: unknown;
  let ended = false;

  async function* pieces(): AsyncGenerator<Buffer> {
    let written: Promise<unknown> | undefined;
    const taken = (piece: Buffer) => {
      count.bytes += piece.length;
      for (const hash of hashes.values()) hash.update(piece);
      return piece;
    };
    if (raw && from > 0) for await (const piece of raw.createReadStream({ start: 0, end: from - 1, autoClose: false, highWaterMark: megabyte })) yield taken(piece as Buffer);
    const incoming = stream[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await incoming.next().catch((error: unknown) => { broken = error; throw error; });
        if (next.done) break;
        await written;
        // Written while it is decompressed.
        written = raw?.writeFile(next.value);
        written?.catch(() => undefined);
        yield taken(next.value);
      }
      ended = true;
    } finally {
      await written;
    }
  }

  try {
    if (undo) await unpack(Readable.from(pieces(), { objectMode: false, highWaterMark: megabyte }), undo, signal);
    else for await (const _ of pieces()) signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    // Some sources say themselves what is wrong.
    if (broken instanceof LavaError) throw broken;
    // An early end without a word is told by the size.
    if (broken === undefined && !(ended && size !== undefined && count.bytes < size)) throw error;
    if (size === undefined || count.bytes >= size) throw new InfrastructureError(`Unable to download '${url}'`, { code: 'download-broken', cause: broken });
  } finally {
    stream.destroy();
  }
  if (size !== undefined && size !== count.bytes) {
    throw new InfrastructureError(`Download finished (${count.bytes} bytes) but was not expected size (${size} bytes), check your networking.`, { code: 'download-size' });
  }
  return Object.fromEntries([...hashes].map(([name, hash]) => [name, hash.digest('hex')]));
}

async function unpack(packed: Readable, { compression, file }: { compression: Compression; file: string }, signal: AbortSignal): Promise<void> {
  // A new file: what is left of an earlier try may still be written to by its program.
  await rm(file, { force: true });
  const plain = await open(file, 'wx', 0o644);
  try {
    await decompress(compression, packed, plain, signal);
  } finally {
    await plain.close();
  }
}
