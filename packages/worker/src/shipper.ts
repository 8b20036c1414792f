import { monotonicMs, sleep } from '@lava/base';
import { journalStart, type Journal, type JournalPlace } from './journal.ts';

/** Bytes of one batch, about. */
const batchBytes = 256 * 1024;
/** Bytes that may be on the way, not acknowledged. */
const windowBytes = 2 * 1024 * 1024;
/** Milliseconds without progress after which the server is asked again what it has. */
const patience = 10_000;

export interface ShipperOptions {
  readonly journal: Journal;
  /** Sends records (none: the question how many the server has). False when it cannot now. */
  send(index: number, count: number, bytes: Uint8Array): boolean;
  /** The journal cannot be read. */
  failed(error: unknown): void;
}

/**
 * Ships the journal of one attempt: several batches on the way, each acknowledged by the number of records on the
 * server's disk. What was on the way when a connection broke is sent again from the number that the server names;
 * the server drops what it has already.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  #acked: JournalPlace = journalStart;
  #next: JournalPlace = journalStart;
  #onTheWay: JournalPlace[] = [];
  /** The server was asked, or must be asked, how many records it has. */
  #asking: 'no' | 'yes' | 'unsent' = 'unsent';
  #progress = monotonicMs();
  #working: Promise<void> | undefined;
  #again = false;
  #drained: (() => void) | undefined;
  #stopped = false;
  /** A reply that needs a look into the journal: the number of records in it. */
  #rewind: number | undefined;
  #serverHas: number | undefined;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  /** Records that the server has on its disk, as far as known. */
  get acknowledged(): number {
    return this.#acked.line;
  }

  /** Records that the server has, also those that are not here any more. */
  get onServer(): number {
    return Math.max(this.#acked.line, this.#serverHas ?? 0);
  }

  /** A new session or connection: what was on the way may be lost. */
  ask(): void {
    this.#asking = 'unsent';
    this.wake();
  }

  /** The journal may have grown, or there is room to send. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#working) { this.#again = true; return; }
    this.#working = this.#work().catch((error) => this.#options.failed(error)).finally(() => { this.#working = undefined; });
  }

  /** The server has `lines` records on its disk. */
  reply(lines: number): void {
    this.#serverHas = lines;
    if (this.#asking !== 'no') {
      if (this.#asking === 'unsent') return;
      this.#rewind = lines;
    } else if (lines > this.#acked.line) {
      const index = this.#onTheWay.findIndex((place) => place.line === lines);
      const place = this.#onTheWay[index];
      if (place) {
        this.#acked = place;
        this.#onTheWay.splice(0, index + 1);
        this.#progress = monotonicMs();
      } else {
        this.#rewind = lines;
      }
    }
    this.wake();
  }

  /** How many records the server has and the nearest place here. Waits `ms` at most for it to say so, then it is 0. */
  async known(ms: number): Promise<{ lines: number; at: JournalPlace }> {
    const end = monotonicMs() + ms;
    while (!this.#stopped && (this.#asking !== 'no' || this.#serverHas === undefined) && monotonicMs() < end) await sleep(100);
    return { lines: this.#serverHas ?? 0, at: this.#acked };
  }

  /** Resolves when the server has everything that is in the journal now; call it when nobody writes any more. */
  drain(): Promise<void> {
    return new Promise((resolve) => { this.#drained = resolve; this.wake(); });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    do {
      this.#again = false;
      if (this.#rewind !== undefined) {
        const lines = this.#rewind;
        this.#rewind = undefined;
        this.#acked = await this.#options.journal.place(lines, this.#acked);
        this.#next = this.#acked;
        this.#onTheWay = [];
        this.#asking = 'no';
        this.#progress = monotonicMs();
      }
      if (this.#asking !== 'no' || (this.#onTheWay.length > 0 && monotonicMs() - this.#progress > patience)) {
        if (this.#asking !== 'yes' || monotonicMs() - this.#progress > patience) this.#question();
        continue;
      }
      while (!this.#stopped && this.#rewind === undefined && await this.#shipOne());
    } while (this.#again && !this.#stopped);
  }

  #question(): void {
    this.#progress = monotonicMs();
    this.#asking = this.#options.send(this.#acked.line, 0, new Uint8Array()) ? 'yes' : 'unsent';
  }

  /** Sends one batch; false when there is nothing to send or no room. */
  async #shipOne(): Promise<boolean> {
    const waiting = this.#next.offset - this.#acked.offset;
    if (waiting >= windowBytes) return false;
    const piece = await this.#options.journal.read(this.#next, batchBytes);
    if (!piece) {
      if (waiting === 0) { this.#drained?.(); this.#drained = undefined; }
      return false;
    }
    // Little and something is on the way: the answer to that will take more along.
    if (waiting > 0 && piece.bytes.length < batchBytes / 4) return false;
    if (this.#asking !== 'no') return false;
    if (!this.#options.send(piece.from.line, piece.to.line - piece.from.line, piece.bytes)) {
      this.#asking = 'unsent';
      return false;
    }
    if (this.#onTheWay.length === 0) this.#progress = monotonicMs();
    this.#next = piece.to;
    this.#onTheWay.push(piece.to);
    return true;
  }
}
