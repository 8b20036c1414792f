import { monotonicMs, type DaemonLog } from '@lava/base';

const quietMs = 30_000;
const mostKeys = 1000;
/** Lines in a quiet time about all peers together: names in messages are theirs to choose. */
const mostLines = 100;

/** Warnings about peers, who may repeat their mistake for ever: one a peer and kind in 30 seconds, then how many there were. */
export class QuietLog {
  readonly #log: DaemonLog;
  #window = { since: 0, lines: 0 };
  #seen = new Map<string, { at: number; more: number }>();

  constructor(log: DaemonLog) {
    this.#log = log;
  }

  /** @param key peer and kind of the trouble */
  warn(key: string, text: string): void {
    const now = monotonicMs();
    const seen = this.#seen.get(key);
    if (seen && now - seen.at < quietMs) { seen.more++; return; }
    if (now - this.#window.since > quietMs) this.#window = { since: now, lines: 0 };
    this.#window.lines++;
    if (this.#window.lines === mostLines) this.#log.warn('Too many different troubles with peers: the rest of them is not logged for 30 s');
    if (this.#window.lines >= mostLines) return;
    this.#seen.delete(key);
    this.#seen.set(key, { at: now, more: 0 });
    if (this.#seen.size > mostKeys) this.#seen.delete(this.#seen.keys().next().value ?? '');
    this.#log.warn(seen && seen.more > 0 ? `${text} (${seen.more} more since the last line like this)` : text);
  }
}
