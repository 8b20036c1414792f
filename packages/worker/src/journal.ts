import { open, type FileHandle } from 'node:fs/promises';

/** A place in the journal: number of a record and offset of its first byte. */
export interface JournalPlace {
  readonly line: number;
  readonly offset: number;
}

/** Whole records, from one place to another. */
export interface JournalPiece {
  readonly from: JournalPlace;
  readonly to: JournalPlace;
  readonly bytes: Buffer;
}

export const journalStart: JournalPlace = { line: 0, offset: 0 };
const lineFeed = 10;
/** No record comes near this (they are cut at 100,000 characters); a longer line is damage. */
const longestRecord = 8 << 20;

/** `logs.yaml` of an attempt, one record a line, appended by `lava-run`. A record counts when its line feed is there. */
export class Journal {
  readonly path: string;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Whole records from `from` on, about `limit` bytes but at least one record; undefined when there is none (yet). */
  async read(from: JournalPlace, limit: number): Promise<JournalPiece | undefined> {
    const file = await this.#open();
    if (!file) return undefined;
    for (let size = limit; size <= longestRecord; size *= 2) {
      const buffer = Buffer.allocUnsafe(size);
      const { bytesRead } = await file.read(buffer, 0, size, from.offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(lineFeed) + 1;
      if (end > 0) {
        const bytes = buffer.subarray(0, end);
        return { from, to: { line: from.line + countLines(bytes), offset: from.offset + end }, bytes };
      }
      if (bytesRead < size) return undefined;
    }
    throw new Error(`${this.path}: record ${from.line} is longer than ${longestRecord} bytes`);
  }

  /** Place of record number `line`, or of the end when there are fewer; searched from `near` when that is not behind it. */
  async place(line: number, near: JournalPlace = journalStart): Promise<JournalPlace> {
    let at = near.line <= line ? near : journalStart;
    while (at.line < line) {
      const piece = await this.read(at, 1 << 18);
      if (!piece) return at;
      if (piece.to.line <= line) { at = piece.to; continue; }
      let offset = 0;
      for (let n = at.line; n < line; n++) offset = piece.bytes.indexOf(lineFeed, offset) + 1;
      at = { line, offset: at.offset + offset };
    }
    return at;
  }

  /** Cuts the journal off at `at` and appends a record so many times. Only when nobody else writes. */
  async fill(at: JournalPlace, count: number, record: string): Promise<void> {
    const file = await open(this.path, 'a+', 0o600);
    try {
      await file.truncate(at.offset);
      await file.appendFile(record.repeat(count));
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #open(): Promise<FileHandle | undefined> {
    if (this.#file) return this.#file;
    try {
      this.#file = await open(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.#file;
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count++;
  return count;
}
