import { messageOf, type DaemonLog } from '@lava/base';
import type { JobHealth, JobState } from '@lava/job';

/** Something changed and is stored. Sent after the transaction; a lost event loses nothing but promptness. */
export type ServerEvent =
  | { readonly type: 'job'; readonly id: number; readonly state: JobState; readonly health: JobHealth }
  | { readonly type: 'device'; readonly hostname: string }
  | { readonly type: 'worker'; readonly hostname: string }
  /** `lines` records of the job's log are now on disk. */
  | { readonly type: 'log'; readonly job: number; readonly lines: number }
  /** New test cases with these ids. */
  | { readonly type: 'results'; readonly job: number; readonly cases: readonly number[] }
  /** Actions of the pipeline started or ended. */
  | { readonly type: 'actions'; readonly job: number; readonly startLines: readonly number[] }
  /** A record of level `event`. */
  | { readonly type: 'test-event'; readonly job: number; readonly message: string };

export interface EventBus {
  publish(event: ServerEvent): void;
  /** Returns how to stop listening. A listener that throws is logged and stays. */
  subscribe(listener: (event: ServerEvent) => void): () => void;
}

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
