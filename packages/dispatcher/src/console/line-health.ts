import { monotonicMs } from '@lava/base';

/** Characters that are judged. */
const judged = 120;
/** From this share of unreadable characters on it is no text. */
const garbledShare = 0.3;
/** Fewer characters tell nothing. */
const fewest = 16;

/** What no text has: bytes that are no UTF-8, and control characters but those that terminals know (bell to carriage return, escape). */
function unreadable(character: string): boolean {
  const code = character.charCodeAt(0);
  return code === 0xfffd || (code < 0x20 ? code !== 0 && code !== 0x1b && (code < 7 || code > 13) : code >= 0x7f && code < 0xa0);
}

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
    return this.#last.length >= fewest && [...this.#last].filter(unreadable).length / this.#last.length >= garbledShare;
  }
}
