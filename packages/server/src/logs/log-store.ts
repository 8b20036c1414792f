import { open, type FileHandle } from 'node:fs/promises';
import type { LogStore } from '../services.ts';
import { scanLines } from './line-index.ts';
import type { JobFolders } from './job-folder.ts';

const entry = 8;

/** Reads the logs of jobs, also while they are written: the index has an entry only for lines that are complete. */
export function logStore(folders: JobFolders): LogStore {
  async function withFiles<T>(job: number, nothing: T, work: (text: FileHandle, index: Index) => Promise<T>): Promise<T> {
    const path = await folders.log(job);
    const text = path === undefined ? undefined : await open(path).catch(ignoreMissing);
    if (!text) return nothing;
    const file = await openIndex(job);
    try {
      const index = file ? await Index.of(file) : await Index.scan(text);
      return await work(text, index);
    } finally {
      await text.close();
      await file?.close();
    }
  }

  async function openIndex(job: number): Promise<FileHandle | undefined> {
    const path = await folders.index(job);
    return path === undefined ? undefined : open(path).catch(ignoreMissing);
  }

  return {
    async count(job) {
      const shared = await folders.shared?.count(job);
      if (shared !== undefined) return shared;
      // The index alone says it, without unpacking the log.
      const file = await openIndex(job);
      if (!file) return withFiles(job, 0, async (_, index) => index.count);
      try {
        return (await Index.of(file)).count;
      } finally {
        await file.close();
      }
    },
    read: (job, start, end, mostBytes = Infinity) => withFiles(job, Buffer.alloc(0), async (text, index) => {
      const from = Math.max(0, Math.trunc(start));
      const to = Math.min(index.count, end === undefined ? index.count : Math.trunc(end));
      if (from >= to) return Buffer.alloc(0);
      const first = await index.offset(from);
      /** Offset behind the lines below `line`. */
      const behind = async (line: number) => (line < index.count ? index.offset(line) : lineEnd(text, await index.offset(line - 1)));
      let last = await behind(to);
      if (last - first > mostBytes) {
        let [low, high] = [from + 1, to - 1];
        while (low < high) {
          const middle = Math.ceil((low + high) / 2);
          if (await index.offset(middle) - first <= mostBytes) low = middle;
          else high = middle - 1;
        }
        last = await behind(low);
      }
      const bytes = Buffer.allocUnsafe(last - first);
      const { bytesRead } = await text.read(bytes, 0, bytes.length, first);
      return bytes.subarray(0, bytesRead);
    }),
    path: (job) => folders.log(job),
    file: (job, name) => folders.file(job, name),
    removal: (job) => folders.removal(job),
  };
}

/** The places of lines, from the index file or, where that is missing, from the log itself. */
class Index {
  readonly count: number;
  readonly #offset: (line: number) => Promise<number>;

  private constructor(count: number, offset: (line: number) => Promise<number>) {
    this.count = count;
    this.#offset = offset;
  }

  static async of(file: FileHandle): Promise<Index> {
    const count = Math.floor((await file.stat()).size / entry);
    return new Index(count, async (line) => {
      const bytes = Buffer.alloc(entry);
      await file.read(bytes, 0, entry, line * entry);
      return Number(new BigUint64Array(bytes.buffer, bytes.byteOffset, 1)[0]);
    });
  }

  static async scan(text: FileHandle): Promise<Index> {
    const { offsets } = await scanLines(text);
    return new Index(offsets.length, async (line) => offsets[line]!);
  }

  offset(line: number): Promise<number> { return this.#offset(line); }
}

/** Offset behind the line that starts at `start`. */
async function lineEnd(text: FileHandle, start: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  for (let position = start; ;) {
    const { bytesRead } = await text.read(buffer, 0, buffer.length, position);
    const at = buffer.subarray(0, bytesRead).indexOf(0x0a);
    if (at >= 0) return position + at + 1;
    if (bytesRead === 0) return position;
    position += bytesRead;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'EISDIR') return undefined;
  throw error;
}
