import type { LogRecord } from '../api/types.ts';
import { LineFilter, type LevelGroup } from './line-filter.ts';
import { LogWindow, type Range } from './log-window.ts';

type Read = (start: number, end: number, signal: AbortSignal) => Promise<{ records: LogRecord[]; total: number }>;

/** Requests at a time for what is on the screen. */
const mostRequests = 2;
/** Records a request when the levels of the whole log are read for a filter. */
const scanLength = 20_000;

/**
 * A job's log for one reader: says which records there are, fetches what is looked at, takes what is pushed, and
 * knows which lines a filter of levels leaves. Listeners are told at most once a frame.
 */
export class LogSource {
  readonly window: LogWindow;
  /** Set while reading failed; the next look tries again. */
  error: unknown;
  readonly #read: Read;
  readonly #frame: (run: () => void) => void;
  #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #onPush = new Set<(first: number, records: readonly LogRecord[]) => void>();
  #filter: LineFilter | undefined;
  #wanted: readonly Range[] = [];
  #requests = 0;
  #scanning = false;
  #told = true;
  #version = 0;

  constructor(total: number, read: Read, frame: (run: () => void) => void = (run) => { requestAnimationFrame(run); }) {
    this.window = new LogWindow(total);
    this.#read = read;
    this.#frame = frame;
  }

  /** Grows with every change; for React's store hook. */
  readonly version = (): number => this.#version;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };
  /** Tells records as they are pushed (not those that are fetched). */
  onPush(listener: (first: number, records: readonly LogRecord[]) => void): () => void {
    this.#onPush.add(listener);
    return () => { this.#onPush.delete(listener); };
  }

  /** Lines to show, by place: numbers of records, or undefined when all are shown. */
  get lines(): readonly number[] | undefined { return this.#filter?.lines; }
  /** How much of the log the filter has seen, 0 to 1. */
  get scanned(): number { return this.#filter === undefined || this.window.total === 0 ? 1 : this.#filter.wanted / this.window.total; }

  hide(hidden: ReadonlySet<LevelGroup>): void {
    this.#filter = hidden.size === 0 ? undefined : new LineFilter(hidden);
    this.#changed();
    void this.#scan();
  }

  /** Says which records are looked at; what is missing of them comes by itself. */
  want(ranges: readonly Range[]): void {
    this.#wanted = ranges;
    this.#fill();
  }

  /** Takes records that the server told. */
  push(first: number, records: readonly LogRecord[]): void {
    this.window.put(first, records);
    this.#filter?.note(first, records.map((r) => r.lvl));
    for (const listener of this.#onPush) listener(first, records);
    this.#changed();
    void this.#scan();
  }

  /** Learns that the log is longer than was known. */
  grow(total: number): void {
    if (total <= this.window.total) return;
    this.window.grow(total);
    this.#changed();
    this.#fill();
    void this.#scan();
  }

  /** Ends what is being read; looking again begins anew. */
  close(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  #changed(): void {
    if (!this.#told) return;
    this.#told = false;
    this.#frame(() => {
      this.#told = true;
      this.#version += 1;
      for (const listener of this.#listeners) listener();
    });
  }

  #fill(): void {
    for (const { start, end } of this.#wanted) {
      if (this.#requests >= mostRequests) return;
      const range = this.window.missing(start, end);
      if (range !== undefined) void this.#fetch(range);
    }
  }

  async #fetch(range: Range): Promise<void> {
    const stop = this.#stop.signal;
    this.#requests += 1;
    this.window.begin(range);
    try {
      const { records, total } = await this.#read(range.start, range.end, stop);
      this.window.put(range.start, records);
      this.window.grow(total);
      this.error = undefined;
      this.window.done(range);
      this.#requests -= 1;
      this.#changed();
      if (records.length > 0) this.#fill();
    } catch (e) {
      this.window.done(range);
      this.#requests -= 1;
      if (stop.aborted) return;
      this.error = e;
      this.#changed();
    }
  }

  /** Reads the levels of all records in order, from memory where they are, else from the server. */
  async #scan(): Promise<void> {
    if (this.#scanning) return;
    this.#scanning = true;
    const stop = this.#stop.signal;
    try {
      for (let filter = this.#filter; filter !== undefined && filter.wanted < this.window.total; filter = this.#filter) {
        const from = filter.wanted;
        const levels: string[] = [];
        for (let record = this.window.get(from); record !== undefined; record = this.window.get(from + levels.length)) levels.push(record.lvl);
        if (levels.length === 0) {
          const { records } = await this.#read(from, Math.min(from + scanLength, this.window.total), stop);
          if (records.length === 0) break;
          for (const { lvl } of records) levels.push(lvl);
        }
        filter.note(from, levels);
        this.#changed();
      }
    } catch (e) {
      if (stop.aborted) return;
      this.error = e;
      this.#changed();
    } finally {
      this.#scanning = false;
    }
  }
}
