import { mkdir, open, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeOffsets, lineOffsets, scanLines } from './line-index.ts';
import { unpackInPlace } from './packed-log.ts';

interface Waiting {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Keeps lines elsewhere before they are written here; `first` is the number of the first. */
export type KeepLines = (first: number, count: number, bytes: Buffer) => Promise<void>;

/**
 * The log of a job that is being written: `output.yaml`, one record a line, and `output.idx` with the offset of each.
 * What was appended when a sync begins is written and synced together, so many small appends cost few syncs.
 * Only output.yaml is synced: the index can be made anew from it, and is whenever a file is opened for writing.
 */
export class LogFile {
  readonly #keep: KeepLines | undefined;
  readonly #text: FileHandle;
  readonly #index: FileHandle;
  #length: number;
  #lines: number;
  /** Lines known to be on the disk. */
  #synced: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failed: unknown;

  private constructor(text: FileHandle, index: FileHandle, length: number, lines: number, keep: KeepLines | undefined) {
    this.#keep = keep;
    this.#text = text;
    this.#index = index;
    this.#length = length;
    this.#lines = lines;
    this.#synced = lines;
  }

  /** Opens the log in `folder`, cuts off a torn last line and makes the index anew. With `keep`, lines count when they are there too. */
  static async open(folder: string, keep?: KeepLines): Promise<LogFile> {
    const created = await mkdir(folder, { recursive: true });
    await unpackInPlace(folder);
    const text = await open(join(folder, 'output.yaml'), 'a+');
    try {
      if (created !== undefined) await syncFolders(folder, dirname(created));
      const { offsets, end } = await scanLines(text);
      await text.truncate(end);
      await text.datasync();
      // Readers never see a half-made index.
      const [fresh, index] = [join(folder, 'output.idx.new'), join(folder, 'output.idx')];
      await writeFile(fresh, encodeOffsets(offsets));
      await rename(fresh, index);
      return new LogFile(text, await open(index, 'a'), end, offsets.length, keep);
    } catch (error) {
      await text.close();
      throw error;
    }
  }

  /** Number of lines appended, synced or not. */
  get lines(): number { return this.#lines; }

  /** Number of lines that are surely on the disk. */
  get synced(): number { return this.#synced; }

  /** Appends whole lines; resolves when they are on the disk. After a failure of the disk nothing more is taken. */
  append(bytes: Buffer, count: number): Promise<void> {
    this.#lines += count;
    return this.#push(bytes);
  }

  /** Resolves when all that was appended before is on the disk. */
  flush(): Promise<void> {
    return this.#push(Buffer.alloc(0));
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    await Promise.all([this.#text.close(), this.#index.close()]);
  }

  #push(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) { reject(this.#failed); return; }
      this.#waiting.push({ bytes, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      // Who was told that a batch is written may have appended the next one before this was noted.
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const bytes = Buffer.concat(batch.map((w) => w.bytes));
        if (bytes.length > 0) {
          const offsets = lineOffsets(bytes, this.#length);
          await this.#keep?.(this.#synced, offsets.length, bytes);
          await this.#text.appendFile(bytes);
          await this.#text.datasync();
          await this.#index.appendFile(encodeOffsets(offsets));
          this.#length += bytes.length;
          this.#synced += offsets.length;
        }
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#failed = error;
        for (const { reject } of [...batch, ...this.#waiting]) reject(error);
        this.#waiting = [];
      }
    }
  }
}

/** A new file is on the disk only when the folders that lead to it are. */
async function syncFolders(from: string, to: string): Promise<void> {
  for (let folder = from; folder.length >= to.length; folder = dirname(folder)) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (folder === dirname(folder)) break;
  }
}
