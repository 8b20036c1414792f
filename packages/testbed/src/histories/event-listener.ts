import { setTimeout as pause } from 'node:timers/promises';
import { Subscriber } from 'zeromq';
import type { FaultLab } from './fault-lab.ts';

/** Hears all events that the servers of a lab tell: on their ZeroMQ sockets and as server-sent events. */
export class EventListener {
  /** Bytes heard in each way. */
  readonly heard = { zeromq: 0, sent: 0 };
  readonly #tell: (where: string, text: string) => void;
  readonly #stop = new AbortController();
  readonly #subscriber = new Subscriber();
  readonly #listening: Promise<unknown>;

  /** @param tell is called with each event */
  constructor(lab: FaultLab, tell: (where: string, text: string) => void) {
    this.#tell = tell;
    this.#subscriber.subscribe();
    for (const address of lab.eventSockets) this.#subscriber.connect(address);
    this.#listening = Promise.all([this.#publisher(), ...lab.servers.map(({ system }) => this.#stream(`${system.url}/api/v1/events`, system.token))]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    if (!this.#subscriber.closed) this.#subscriber.close();
    await this.#listening;
  }

  async #publisher(): Promise<void> {
    for await (const frames of this.#subscriber) {
      const text = frames.map((frame) => frame.toString('utf8')).join(' ');
      this.heard.zeromq += text.length;
      this.#tell('event of the ZeroMQ socket', text);
    }
  }

  /** Comes back whenever the server went. */
  async #stream(url: string, token: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const { body } = await fetch(url, { headers: { authorization: `Token ${token}` }, signal: this.#stop.signal });
        const decoder = new TextDecoder();
        // The end of what came before goes along: a word may come in two pieces.
        let before = '';
        for await (const bytes of body ?? []) {
          const text = decoder.decode(bytes as Uint8Array, { stream: true });
          this.heard.sent += text.length;
          this.#tell('server-sent event', before + text);
          before = text.slice(-100);
        }
      } catch { /* the server is away */ }
      await pause(200, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}
