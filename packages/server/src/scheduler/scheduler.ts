import { ConfigurationError, messageOf, type DaemonLog } from '@lava/base';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import type { Attempt } from '../jobs/attempt.ts';
import { finishJob } from '../jobs/job-changes.ts';
import { cancelGroup } from '../jobs/group-changes.ts';
import { startHealthCheck } from '../jobs/health-check-job.ts';
import { placeJobs } from '../jobs/place-jobs.ts';
import { change, serverActor, type Stored } from '../store/change.ts';
import { decide, type Decision } from './decide.ts';
import type { HealthCheckFiles } from './health-check-files.ts';
import { readSnapshot } from './read-snapshot.ts';
import { scopeOf, type Scope } from './scope.ts';
import type { Policy } from './snapshot.ts';

interface SchedulerOptions {
  readonly stored: Stored;
  readonly log: DaemonLog;
  readonly policy: Policy;
  readonly healthChecks: HealthCheckFiles;
  /** Seconds for which a new attempt holds its device without a word from the worker. */
  readonly lease: number;
  /** Seconds between the safety sweeps that find what an event did not tell. */
  readonly sweep?: number;
  /** Told how many seconds a round took. */
  readonly onRound?: (seconds: number) => void;
}

/** Most jobs that start in one transaction: enough to be fast, few enough that nobody waits long for a row. */
const batchSize = 100;

/** Milliseconds after which jobs that came while nothing was idle are looked at, should there be no device for them at all. */
const patience = 1000;

/**
 * Runs `decide` whenever something changed that may free or need a device, one round after another. A round looks at the
 * part of the lab that the change concerns; a sweep looks at all of it, now and then and after a surprise.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #stop: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Wakes when the next job that is to be tried again may start. */
  #delayed: { readonly timer: NodeJS.Timeout; readonly until: number } | undefined;
  #later: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #news = new Waiting();
  /** Devices that are being reserved here: to be told so is no news. */
  readonly #reserving = new Set<string>();
  /** Jobs that came while no device of their type was idle. */
  readonly #unexamined = new Set<number>();
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stop = this.#options.stored.events.subscribe((event) => {
      if (event.type === 'device') {
        this.#options.healthChecks.forget(event.hostname);
        if (this.#reserving.delete(event.hostname)) return;
        this.#news.devices.add(event.hostname);
      } else if (event.type === 'job' && event.state === 'Submitted') {
        this.#news.jobs.add(event.id);
      } else if (event.type === 'worker') {
        this.#news.everything = true;
      } else {
        return;
      }
      this.#wake();
    });
    this.#timer = setInterval(() => this.wake(), (this.#options.sweep ?? 20) * 1000);
    this.wake();
  }

  /** Looks at everything. */
  wake(): void {
    this.#news.everything = true;
    this.#wake();
  }

  /** Changes during a round lead to one more round. */
  #wake(): void {
    if (this.#stopped || this.#running) return;
    this.#running = this.#rounds().finally(() => { this.#running = undefined; });
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#stop?.();
    clearInterval(this.#timer);
    await this.#running;
    clearTimeout(this.#retry);
    clearTimeout(this.#delayed?.timer);
    clearTimeout(this.#later);
  }

  /** Somebody else was faster and what we saw is out of date, or the database was away. */
  #retrySoon(ms = 200): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.wake();
    }, ms);
  }

  async #rounds(): Promise<void> {
    while (!this.#stopped && !this.#news.isEmpty) {
      const news = this.#news;
      this.#news = new Waiting();
      try {
        const began = performance.now();
        if (news.everything) await this.#round();
        else await this.#partialRound(news);
        this.#options.onRound?.((performance.now() - began) / 1000);
      } catch (error) {
        this.#options.log.error(`Scheduling failed, it is tried again: ${messageOf(error)}`);
        this.#retrySoon(1000);
      }
    }
  }

  async #partialRound(news: Waiting): Promise<void> {
    const scope = await scopeOf(this.#options.stored.db, news);
    if (scope.wanted.length > 0 || news.examine) return this.#round(scope);
    // Nothing can start. Whether something never can is seen in one look at all that come now.
    for (const job of news.jobs) this.#unexamined.add(job);
    if (this.#unexamined.size > 0) this.#later ??= setTimeout(() => this.#examine(), patience);
    return undefined;
  }

  #examine(): void {
    this.#later = undefined;
    for (const job of this.#unexamined) this.#news.jobs.add(job);
    this.#unexamined.clear();
    this.#news.examine = true;
    this.#wake();
  }

  async #round(scope?: Scope): Promise<void> {
    const { stored, policy, healthChecks } = this.#options;
    const now = Date.now();
    const snapshot = await healthChecks.mark(await readSnapshot(stored.db, policy, scope), now);
    const decision = decide(snapshot, now);
    for (const check of decision.checks) await this.#check(check);
    await this.#place(decision.placements);
    await this.#giveUp(decision);
    if (decision.nextRetry !== null) this.#wakeAt(decision.nextRetry);
  }

  /** Looks at everything then, unless that is done earlier. */
  #wakeAt(until: number): void {
    if (this.#stopped || (this.#delayed && this.#delayed.until <= until)) return;
    clearTimeout(this.#delayed?.timer);
    const timer = setTimeout(() => {
      this.#delayed = undefined;
      this.wake();
    }, Math.min(Math.max(0, until - Date.now()), 2 ** 31 - 1));
    this.#delayed = { timer, until };
  }

  async #place(placements: Decision['placements']): Promise<void> {
    const { log } = this.#options;
    for (const batch of batches(placements)) {
      const attempts = await this.#start(batch);
      const started = new Set(attempts.map((a) => a.job));
      const wanted = batch.flatMap((p) => [...p.jobs, ...p.guests]);
      for (const { job, device, worker } of wanted) if (started.has(job)) log.info(`[${job}] assigned to ${device} on ${worker}`);
      if (started.size < wanted.length) this.#retrySoon();
    }
  }

  async #start(batch: Decision['placements']): Promise<Attempt[]> {
    const { stored, lease } = this.#options;
    for (const { device } of batch.flatMap((p) => p.jobs)) this.#reserving.add(device);
    try {
      return await change(stored, serverActor, (c) => placeJobs(c, batch, lease));
    } catch (error) {
      if (!isTaken(error)) throw error;
      // One of them met what nobody could see: the others need not wait for it.
      const each: Attempt[] = [];
      for (const placement of batch.length > 1 ? batch : []) each.push(...await this.#start([placement]));
      return each;
    } finally {
      this.#reserving.clear();
    }
  }

  /** Starts a health check. A device whose check cannot be made is taken out of service, and says why. */
  async #check(seat: Decision['checks'][number]): Promise<void> {
    const { stored, log, lease, healthChecks } = this.#options;
    try {
      const text = await healthChecks.definition(seat.device);
      if (text === undefined) return;
      const attempt = await change(stored, serverActor, (c) => startHealthCheck(c, text, seat, lease));
      if (attempt) log.info(`[${attempt.job}] health check of ${seat.device} on ${seat.worker}`);
      else this.#retrySoon();
    } catch (error) {
      if (isTaken(error)) { this.#retrySoon(); return; }
      if (!(error instanceof ConfigurationError)) throw error;
      log.warn(`${seat.device}: ${error.message}`);
      await change(stored, serverActor, (c) => changeDeviceHealth(c, seat.device, 'Bad', 'Invalid health check'));
    }
  }

  async #giveUp({ timedOut, hopeless }: Decision): Promise<void> {
    const { stored, log } = this.#options;
    for (const job of timedOut) {
      if (await change(stored, serverActor, (c) => cancelGroup(c, job, 'Queue timeout'))) log.info(`[${job}] canceled: waited longer than its queue timeout`);
    }
    for (const { job, reason } of hopeless) {
      const ended = await change(stored, serverActor, (c) => finishJob(c, job, undefined, {
        result: 'fail', errorType: 'Infrastructure', errorMessage: reason, errorCode: 'worker-disabled', comment: reason,
      }, 'Submitted'));
      if (ended) log.info(`[${job}] failed: ${reason}`);
    }
  }
}

/** What came since the last round began. */
class Waiting {
  readonly jobs = new Set<number>();
  readonly devices = new Set<string>();
  /** The whole lab is to be looked at. */
  everything = false;
  /** The jobs are to be looked at even if nothing is idle. */
  examine = false;

  get isEmpty(): boolean {
    return !this.everything && !this.examine && this.jobs.size + this.devices.size === 0;
  }
}

/** Placements in lots of about `batchSize` jobs; none is torn apart. */
function* batches(placements: Decision['placements']): Generator<Decision['placements'][number][]> {
  let batch: Decision['placements'][number][] = [];
  let size = 0;
  for (const placement of placements) {
    batch.push(placement);
    size += placement.jobs.length + placement.guests.length;
    if (size < batchSize) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}

/** The database itself refuses a second job or attempt on a device. */
function isTaken(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}
