import { messageOf, type DaemonLog } from '@lava/base';
import { assignJob, cancelJob, DeviceTaken, finishJob } from '../jobs/job-changes.ts';
import { change, serverActor, type Stored } from '../store/change.ts';
import { decide } from './decide.ts';
import { readSnapshot } from './read-snapshot.ts';

interface SchedulerOptions {
  readonly stored: Stored;
  readonly log: DaemonLog;
  /** Seconds for which a new attempt holds its device without a word from the worker. */
  readonly lease: number;
  /** Seconds between the safety sweeps that find what an event did not tell. */
  readonly sweep?: number;
}

/** Runs `decide` whenever something changed that may free or need a device, one round after another. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #stop: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stop = this.#options.stored.events.subscribe((event) => {
      if (event.type === 'device' || event.type === 'worker' || (event.type === 'job' && event.state === 'Submitted')) this.wake();
    });
    this.#timer = setInterval(() => this.wake(), (this.#options.sweep ?? 20) * 1000);
    this.wake();
  }

  /** Something changed. Changes during a round lead to one more round. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running) { this.#again = true; return; }
    this.#running = this.#rounds().finally(() => { this.#running = undefined; });
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#stop?.();
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Somebody else was faster and what we saw is out of date, or the database was away. */
  #retrySoon(ms = 200): void {
    setTimeout(() => this.wake(), ms).unref();
  }

  async #rounds(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#round();
      } catch (error) {
        this.#options.log.error(`Scheduling failed, it is tried again: ${messageOf(error)}`);
        this.#retrySoon(1000);
      }
    } while (this.#again && !this.#stopped);
  }

  async #round(): Promise<void> {
    const { stored, log, lease } = this.#options;
    const snapshot = await readSnapshot(stored.db);
    if (snapshot.jobs.length === 0) return;
    const { assign, timedOut, hopeless } = decide(snapshot, Date.now());
    for (const { job, device, worker } of assign) {
      try {
        const attempt = await change(stored, serverActor, (c) => assignJob(c, job, device, worker, lease));
        if (attempt) log.info(`[${job}] assigned to ${device} on ${worker}`);
        else this.#retrySoon();
      } catch (error) {
        if (!(error instanceof DeviceTaken) && !isTaken(error)) throw error;
        this.#retrySoon();
      }
    }
    for (const job of timedOut) {
      if (await change(stored, serverActor, (c) => cancelJob(c, job, 'Queue timeout'))) log.info(`[${job}] canceled: waited longer than its queue timeout`);
    }
    for (const { job, reason } of hopeless) {
      const ended = await change(stored, serverActor, (c) => finishJob(c, job, undefined, {
        result: 'fail', errorType: 'Infrastructure', errorMessage: reason, errorCode: 'worker-disabled', comment: reason,
      }, 'Submitted'));
      if (ended) log.info(`[${job}] failed: ${reason}`);
    }
  }
}

/** The database itself refuses a second job or attempt on a device. */
function isTaken(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}
