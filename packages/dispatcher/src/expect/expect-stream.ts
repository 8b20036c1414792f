import { ConnectionClosedError, JobError, LavaBug } from '@lava/base';
import type { Pattern } from './pattern.ts';
import { Scanner } from './scanner.ts';

/** What a wait ended with. */
export interface Match {
  /** Which of the patterns matched: the earliest in the stream, then the first in the list. */
  readonly index: number;
  /** The matched text and its groups, by number and name. */
  readonly text: string;
  readonly groups: Readonly<Record<string, string | undefined>>;
  readonly captures: readonly (string | undefined)[];
  /** Text that came before the match since the last one (at most the window). */
  readonly before: string;
}

export interface ExpectOptions {
  /** Milliseconds; the wait rejects with JobError `wait for prompt timed out` after them. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Characters of one read, if the device does not say otherwise (`constants.spawn_maxread`). */
export const defaultReadSize = 4092;

/** Milliseconds by which a wait outlives its time: at the end of an action its alarm, which knows more, comes first. */
const graceMs = 20;

interface Waiter {
  readonly scanner: Scanner;
  resolve(match: Match): void;
  reject(error: unknown): void;
}

/**
 * Text that comes in pieces, and one reader who waits for patterns in it.
 * Each piece is looked at once; a match consumes the text up to its end.
 */
export class ExpectStream {
  /** Characters that are looked at in one step when much has piled up, as if they had come in one read. */
  readonly #step: number;
  /** Patterns are searched in the last so many characters only. */
  readonly #window: number;
  /** What no match has consumed. While somebody waits, at most a few windows long. */
  #text = '';
  /** Characters at the start of `#text` that the waiter has seen. */
  #seen = 0;
  #ended: Error | undefined;
  #waiter: Waiter | undefined;
  readonly #matched: (left: number) => void;

  /** @param matched called at each match, before its waiter goes on, with the number of characters that follow it */
  constructor(readSize = defaultReadSize, matched: (left: number) => void = () => undefined) {
    this.#step = readSize;
    this.#window = 2 * readSize;
    this.#matched = matched;
  }

  /** Does somebody wait? All that has come is then looked at. */
  get waiting(): boolean { return this.#waiter !== undefined; }

  /** Characters that nobody has looked at: a sender may pause while there are many. */
  get backlog(): number {
    return this.#waiter ? 0 : this.#text.length;
  }

  push(text: string): void {
    this.#text += text;
    this.#advance(text);
  }

  /** No more text will come: who waits for some gets `error`. */
  end(error: Error = new ConnectionClosedError('Connection closed', { code: 'connection-closed' })): void {
    this.#ended ??= error;
    this.#advance('');
  }

  /** Forgets what has come so far. */
  clear(): void {
    this.#text = '';
    this.#seen = 0;
  }

  /**
   * Waits for the first of `patterns`.
   * @throws JobError `wait for prompt timed out` (code `prompt-timeout`), ConnectionClosedError, or the signal's reason
   */
  expect(patterns: readonly Pattern[], options: ExpectOptions): Promise<Match> {
    return new Promise((resolve, reject) => {
      if (this.#waiter) throw new LavaBug('two waits on one connection at once');
      const { signal } = options;
      if (signal?.aborted) throw signal.reason;
      const scanner = new Scanner(patterns);
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiter = undefined;
      };
      const abort = () => { leave(); reject(signal?.reason); };
      const timer = setTimeout(() => {
        leave();
        reject(new JobError('wait for prompt timed out', { code: 'prompt-timeout' }));
      }, Math.min(Math.max(0, options.timeoutMs) + (signal ? graceMs : 0), 0x7fffffff));
      signal?.addEventListener('abort', abort, { once: true });
      this.#seen = 0;
      this.#waiter = {
        scanner,
        resolve: (match) => { leave(); resolve(match); },
        reject: (error) => { leave(); reject(error); },
      };
      this.#advance(this.#text);
    });
  }

  /** Shows the waiter what it has not seen, which is exactly `fresh`. */
  #advance(fresh: string): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    try {
      for (let at = 0; at < fresh.length; at += this.#step) {
        const piece = fresh.length <= this.#step ? fresh : fresh.slice(at, at + this.#step);
        this.#seen += piece.length;
        if (!waiter.scanner.feed(piece)) continue;
        const from = Math.max(0, this.#seen - this.#window);
        const window = this.#text.slice(from, this.#seen);
        const hit = waiter.scanner.search(window);
        if (!hit) continue;
        const { found, index } = hit;
        this.#text = this.#text.slice(from + found.end);
        this.#seen = 0;
        this.#matched(this.#text.length);
        waiter.resolve({
          index, text: window.slice(found.start, found.end), groups: found.groups, captures: found.captures, before: window.slice(0, found.start),
        });
        return;
      }
      this.#trim();
      if (this.#ended) waiter.reject(this.#ended);
    } catch (error) {
      waiter.reject(error);
    }
  }

  /** Drops what is out of every later match's reach; now and then, as cutting copies. */
  #trim(): void {
    if (this.#text.length <= 4 * this.#window || this.#seen < this.#text.length) return;
    this.#text = this.#text.slice(-this.#window);
    this.#seen = this.#text.length;
  }
}
