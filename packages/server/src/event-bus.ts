import { messageOf, type DaemonLog } from '@lava/base';
import type { EventBus, ServerEvent } from './services.ts';

/** The events of this process. Listeners are called one after another, at once; a listener that throws is logged. */
export function eventBus(log: DaemonLog): EventBus {
  const listeners = new Set<(event: ServerEvent) => void>();
  return {
    publish(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          log.error(`A listener of events failed: ${error instanceof Error ? error.stack : messageOf(error)}`);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
