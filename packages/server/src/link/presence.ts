import { change, serverActor, type Stored } from '../store/change.ts';
import { workerOffline, workerOnline } from '../workers/worker-changes.ts';

/** What a worker says of itself. */
interface Present {
  readonly version: string;
  readonly capabilities: readonly string[];
}

/** Knows the workers that are here by one protocol. */
export type PresenceSource = (hostname: string) => Present | undefined;

/** Stores which workers are here, whatever protocol they speak. */
export class Presence {
  readonly #stored: Stored;
  readonly #sources: PresenceSource[] = [];
  /** Comings and goings of a worker are stored one after the other. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  addSource(source: PresenceSource): void {
    this.#sources.push(source);
  }

  /** True when the worker is here by another protocol than that of `source`. */
  elsewhere(hostname: string, source: PresenceSource): boolean {
    return this.#sources.some((s) => s !== source && s(hostname) !== undefined);
  }

  /** Stores whether a worker is here, as it is when its turn comes: who went may have come back. */
  async store(hostname: string, reason: string): Promise<void> {
    const before = this.#pending.get(hostname) ?? Promise.resolve();
    const done = before.catch(() => undefined).then(() => {
      const here = this.#sources.map((source) => source(hostname)).find((present) => present !== undefined);
      return change(this.#stored, serverActor, (c) => (here ? workerOnline(c, hostname, here.version, here.capabilities) : workerOffline(c, hostname, reason)));
    });
    this.#pending.set(hostname, done);
    await done.finally(() => { if (this.#pending.get(hostname) === done) this.#pending.delete(hostname); });
  }
}
