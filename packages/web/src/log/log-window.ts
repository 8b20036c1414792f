import type { LogRecord } from '../api/types.ts';

/** Records a chunk: the smallest piece that is fetched and dropped. */
export const chunkSize = 500;
/** Chunks kept in memory; the ones used least recently go first. */
const mostChunks = 240;
/** The server gives at most this many records an answer. */
const longestRange = 20_000;

interface Chunk { records: (LogRecord | undefined)[]; filled: number; used: number }
export interface Range { readonly start: number; readonly end: number }

/**
 * What of a job's log is in memory: chunks of records by number, out of as many as the log has. Reading ahead,
 * jumping a million lines and following the end all go through `missing` (what to fetch) and `put` (what came).
 */
export class LogWindow {
  readonly #chunks = new Map<number, Chunk>();
  readonly #loading = new Set<number>();
  #total: number;
  #clock = 0;

  constructor(total = 0) { this.#total = total; }

  /** Number of records that the log has, as far as known. */
  get total(): number { return this.#total; }

  /** Learns that the log has at least this many records. It never shrinks. */
  grow(total: number): void { this.#total = Math.max(this.#total, total); }

  get(n: number): LogRecord | undefined { return this.#chunks.get(Math.floor(n / chunkSize))?.records[n % chunkSize]; }

  /** Stores records from number `first` on, whether fetched or pushed. */
  put(first: number, records: readonly LogRecord[]): void {
    for (const [i, record] of records.entries()) {
      const n = first + i;
      const index = Math.floor(n / chunkSize);
      let chunk = this.#chunks.get(index);
      if (chunk === undefined) this.#chunks.set(index, chunk = { records: [], filled: 0, used: ++this.#clock });
      if (chunk.records[n % chunkSize] === undefined) chunk.filled += 1;
      chunk.records[n % chunkSize] = record;
    }
    this.grow(first + records.length);
    this.#shrink();
  }

  /**
   * The first stretch of `start` ≤ n < `end` that is neither here nor on its way, aligned to chunks and no longer than
   * one answer; undefined when there is nothing to ask for. Marks the range as used.
   */
  missing(start: number, end: number): Range | undefined {
    const last = Math.min(end, this.#total);
    let from: number | undefined;
    let index = Math.floor(Math.max(0, start) / chunkSize);
    for (; index * chunkSize < last; index++) {
      const chunk = this.#chunks.get(index);
      if (chunk !== undefined) chunk.used = ++this.#clock;
      const whole = chunk !== undefined && chunk.filled >= Math.min(chunkSize, this.#total - index * chunkSize);
      const wanted = !whole && !this.#loading.has(index);
      if (wanted && from === undefined) from = index;
      if (from !== undefined && (!wanted || (index + 1 - from) * chunkSize > longestRange)) break;
    }
    return from === undefined ? undefined : { start: from * chunkSize, end: Math.min(index * chunkSize, this.#total) };
  }

  /** Notes that a range from `missing` is being fetched; `done` when it came or failed. */
  begin(range: Range): void { for (const index of this.#indexes(range)) this.#loading.add(index); }
  done(range: Range): void { for (const index of this.#indexes(range)) this.#loading.delete(index); }

  *#indexes({ start, end }: Range): Iterable<number> {
    for (let index = Math.floor(start / chunkSize); index * chunkSize < end; index++) yield index;
  }

  #shrink(): void {
    if (this.#chunks.size <= mostChunks) return;
    const oldest = [...this.#chunks].sort(([, a], [, b]) => a.used - b.used).slice(0, this.#chunks.size - mostChunks + 20);
    for (const [index] of oldest) this.#chunks.delete(index);
  }
}
