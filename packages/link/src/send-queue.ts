import type { MessageLike, Writable } from 'zeromq';

/**
 * One queue in front of a socket: zeromq.js refuses a second `send()` while one waits (EBUSY).
 * Bounded; what does not fit is dropped, since every message of the link is sent again until it is answered.
 */
export class SendQueue {
  readonly #socket: Writable<MessageLike[]>;
  readonly #limit: number;
  #waiting: MessageLike[][] = [];
  #bytes = 0;
  #running = false;
  #closed = false;

  /** @param limit bytes that may wait */
  constructor(socket: Writable<MessageLike[]>, limit: number) {
    this.#socket = socket;
    this.#limit = limit;
  }

  /** False when the message was dropped. */
  push(frames: MessageLike[]): boolean {
    const size = sizeOf(frames);
    if (this.#closed || (this.#bytes > 0 && this.#bytes + size > this.#limit)) return false;
    this.#bytes += size;
    this.#waiting.push(frames);
    if (!this.#running) void this.#drain();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let i = 0; this.#waiting.length > 0; i = 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (; i < batch.length && !this.#closed; i++) {
        const frames = batch[i] ?? [];
        try {
          await this.#socket.send(frames);
        } catch { /* the socket was closed or its peer is gone: as good as lost on the way */ }
        this.#bytes -= sizeOf(frames);
      }
    }
    this.#running = false;
  }
}

const sizeOf = (frames: readonly MessageLike[]) => frames.reduce<number>((sum, f) => sum + (typeof f === 'string' ? f.length : f instanceof Uint8Array ? f.byteLength : 8), 0);
