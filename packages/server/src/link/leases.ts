import { sql, type Kysely, type RawBuilder } from 'kysely';
import { messageOf, monotonicMs, type DaemonLog } from '@lava/base';
import type { Database } from '../store/database.ts';

interface Expired { readonly job: number; readonly fence: number; readonly worker: string }

interface LeaseOptions {
  readonly db: Kysely<Database>;
  readonly log: DaemonLog;
  /** Full length of a lease in seconds. */
  readonly lease: number;
  /** Ends an attempt whose worker was silent for too long. */
  expire(attempt: Expired): Promise<void>;
  /** Monotonic milliseconds; tests bring their own. */
  readonly clock?: () => number;
}

/**
 * Watches the leases of live attempts. Only the silence of a worker ends one: after a time in which this server or its
 * database could not have heard a worker (a restart, an outage, a machine that slept, a clock that was set), every
 * lease starts anew.
 */
export class LeaseKeeper {
  readonly #options: LeaseOptions;
  readonly #clock: () => number;
  #timer: NodeJS.Timeout | undefined;
  /** When the last look succeeded, by our clock and by the database's; undefined: all leases must be renewed first. */
  #last: { own: number; database: number } | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? monotonicMs;
  }

  /** Milliseconds between two looks. */
  get interval(): number {
    return Math.min(5000, this.#options.lease * 1000 / 10);
  }

  /** Milliseconds without a look that count as an outage. */
  get #outageMs(): number {
    return 3 * this.interval;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.look().finally(() => { this.#looking = undefined; });
    }, this.interval);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Something that would have renewed leases failed: nobody may lose one by that. */
  outage(): void {
    this.#last = undefined;
  }

  /** One look at the leases; never throws. */
  async look(): Promise<void> {
    const { db, log } = this.#options;
    try {
      // One statement, one time: a clock that is set between the look at it and the look at the leases would end them all.
      const { rows } = await sql<{ ms: number; expired: Expired[] }>`select (extract(epoch from now()) * 1000)::float8 as ms,
        (select coalesce(json_agg(json_build_object('job', job, 'fence', fence, 'worker', worker)), '[]') from attempts
          where ended_at is null and lease_expires between now() - make_interval(secs => ${this.#outageMs / 1000}) and now()) as expired`.execute(db);
      const { ms, expired } = rows[0]!;
      const own = this.#clock();
      const last = this.#last;
      const gap = last && own - last.own;
      const skew = last && Math.abs(ms - last.database - gap!);
      if (gap === undefined || gap > this.#outageMs || skew! > this.interval) await this.#renew(sql`true`);
      else {
        for (const attempt of expired) await this.#options.expire(attempt);
        // We look so often that no lease can be over for so long: it was written while the clock was wrong.
        await this.#renew(sql`lease_expires < now() - make_interval(secs => ${this.#outageMs / 1000})`);
      }
      this.#last = { own, database: ms };
    } catch (error) {
      this.#last = undefined;
      log.warn(`Leases could not be looked at: ${messageOf(error)}`);
    }
  }

  /** Gives leases their full length from now on. */
  async #renew(which: RawBuilder<unknown>): Promise<void> {
    const { db, log, lease } = this.#options;
    const { numAffectedRows = 0n } = await sql`update attempts set lease_expires = now() + make_interval(secs => ${lease}) where ended_at is null and ${which}`.execute(db);
    if (numAffectedRows > 0n) log.info(`Leases of ${numAffectedRows} running attempts start anew`);
  }
}
