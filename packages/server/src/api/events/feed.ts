import { randomBytes } from 'node:crypto';
import { messageOf } from '@lava/base';
import type { EventSettings } from './settings.ts';
import type { Services } from '../../services.ts';
import { lavaEvent, type LavaEvent } from './lava-event.ts';

/** An event with its place among the others: `EPOCH-NUMBER`. */
export interface FedEvent extends LavaEvent {
  readonly id: string;
}

export interface Listening {
  /** Where the listener begins. */
  readonly id: string;
  /** Events after the one that it named are lost: it must read the states anew. */
  readonly missed: boolean;
  stop(): void;
}

/** LAVA's events, each completed once from the database, for any number of listeners, in the order in which they came. */
export interface EventFeed {
  /** Hands over what comes, after what came since the event `after`, if that is still known. */
  listen(listener: (event: FedEvent) => void, after?: string): Listening;
  close(): Promise<void>;
}

/** Events that are kept for a listener that comes back. */
const mostKept = 5000;
/** Milliseconds for which they are kept, and new ones are completed, when nobody listens any more. */
const lingerMs = 5 * 60_000;

export function eventFeed(services: Services, { topic }: EventSettings): EventFeed {
  const listeners = new Set<(event: FedEvent) => void>();
  /** What was kept under another epoch is not known any more: an event may be missing since. */
  let epoch = '';
  let last = 0;
  let kept: FedEvent[] = [];
  let awake = false;
  let rest: NodeJS.Timeout | undefined;
  let queue = Promise.resolve();

  const stop = services.events.subscribe((event) => {
    if (!awake) return;
    const at = new Date();
    queue = queue.then(async () => {
      const told = await lavaEvent(services, topic, event, at);
      if (!told) return;
      const fed: FedEvent = { ...told, id: `${epoch}-${++last}` };
      kept.push(fed);
      if (kept.length > 2 * mostKept) kept = kept.slice(-mostKept);
      for (const listener of listeners) listener(fed);
    }).catch((error: unknown) => {
      // Nobody may think that nothing is missing.
      begin();
      services.log.warn(`[EVENTS] an event was not told: ${messageOf(error)}`);
    });
  });

  function begin(): void {
    epoch = randomBytes(6).toString('hex');
    kept = [];
    last = 0;
  }

  function since(after: string): FedEvent[] | undefined {
    const [of, number] = after.split('-');
    const first = last - kept.length;
    const n = Number(number);
    return of === epoch && Number.isInteger(n) && n >= first && n <= last ? kept.slice(n - first) : undefined;
  }

  return {
    listen(listener, after) {
      clearTimeout(rest);
      if (!awake) begin();
      awake = true;
      const id = `${epoch}-${last}`;
      const gone = after === undefined ? [] : since(after);
      for (const event of gone ?? []) listener(event);
      listeners.add(listener);
      return {
        id, missed: gone === undefined,
        stop() {
          listeners.delete(listener);
          if (listeners.size > 0) return;
          clearTimeout(rest);
          rest = setTimeout(() => { awake = false; kept = []; }, lingerMs);
          rest.unref();
        },
      };
    },
    async close() {
      stop();
      clearTimeout(rest);
      listeners.clear();
      await queue;
    },
  };
}
