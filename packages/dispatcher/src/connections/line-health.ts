import { monotonicMs } from '@lava/base';

/** Characters that are judged. */
const judged = 120;
/** From this share of unreadable characters on it is no text. */
const garbledShare = 0.3;
/** Fewer characters tell nothing. */
const fewest = 16;

/** What no text has: bytes that are no UTF-8, and control characters but those that terminals know. */
const unreadable = /[\ufffd\u0001-\u0006\u000e-\u001a\u001c-\u001f\u007f-\u009f]/g;

/** Looks at what a serial line brings: a line at the wrong speed shows garbage, a cut one nothing. */
export class LineHealth {
  #last = '';
  #lastAt = Number.NEGATIVE_INFINITY;

  take(text: string): void {
    this.#lastAt = monotonicMs();
    this.#last = (this.#last + text.slice(-judged)).slice(-judged);
  }

  /** Nothing has come since then. @param since milliseconds of the monotonic clock */
  silentSince(since: number): boolean {
    return this.#lastAt < since;
  }

  /** Most of what came last is no text. */
  get garbled(): boolean {
    return this.#last.length >= fewest && (this.#last.match(unreadable)?.length ?? 0) / this.#last.length >= garbledShare;
  }
}
