import type { FileHandle } from 'node:fs/promises';

const lineFeed = 0x0a;
const step = 4 * 1024 * 1024;

/** Byte offsets of the lines in `bytes`, which starts at offset `base` of the file and ends with a line feed. */
export function lineOffsets(bytes: Buffer, base: number): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length;) {
    offsets.push(base + at);
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0) break;
    at = end + 1;
  }
  return offsets;
}

/** Offsets as the index file holds them: 64-bit unsigned integers in the machine's own order. */
export function encodeOffsets(offsets: readonly number[]): Buffer {
  return Buffer.from(BigUint64Array.from(offsets, BigInt).buffer);
}

export interface Scan {
  readonly offsets: number[];
  /** End of the last complete line: what follows was cut off while it was written. */
  readonly end: number;
}

/** Reads a whole log for the places of its lines. A gigabyte takes about a second. */
export async function scanLines(file: FileHandle): Promise<Scan> {
  const buffer = Buffer.allocUnsafe(step);
  const offsets: number[] = [];
  let lineStart = 0;
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, step, position);
    if (bytesRead === 0) return { offsets, end: lineStart };
    const bytes = buffer.subarray(0, bytesRead);
    for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
      offsets.push(lineStart);
      lineStart = position + at + 1;
    }
    position += bytesRead;
  }
}
