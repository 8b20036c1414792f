import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { messageOf, sleep } from '@lava/base';
import type { Services } from '../services.ts';
import { isConnectionLoss } from '../store/connection.ts';
import { addDeliveries, claimDelivery, giveBack, markFailed, markSent, secondsToNext, type Delivery, type NewDelivery } from './deliveries.ts';
import { DeliveryError } from './failure.ts';
import { networkGuard, type NetworkGuard } from './network-guard.ts';
import { planDeliveries, readJobNews } from './plan-deliveries.ts';
import { send } from './send.ts';
import type { NotifySettings } from './settings.ts';

export interface NotifierOptions {
  readonly services: Services;
  readonly settings: NotifySettings;
  /** Seconds for which a delivery that is being sent belongs to this process: a try is over before. */
  readonly hold?: number;
}

/** Messages under way at a time, and to one receiver: one that hangs leaves room for the others. */
const [mostAtOnce, mostPerHost] = [16, 2];
/** Seconds between looks for what no event told. */
const sweep = 30;
/** Seconds for messages that are under way when the server ends. */
const farewell = 5;

/**
 * Tells people and programs of jobs. What is to be told is in the database (`job_news`, `deliveries`); this works it off
 * beside everything else, so that no change of a job waits for a receiver.
 */
export class Notifier {
  readonly #services: Services;
  readonly #settings: NotifySettings;
  readonly #guard: NetworkGuard;
  readonly #hold: number;
  readonly #spool: string;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<Delivery, Promise<void>>();
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closing = false;

  /** Throws ConfigurationError for settings that cannot be used. */
  constructor({ services, settings, hold = 120 }: NotifierOptions) {
    this.#services = services;
    this.#settings = settings;
    this.#guard = networkGuard(settings.networks);
    this.#hold = hold;
    this.#spool = join(services.paths.serverState, 'notify');
  }

  async start(): Promise<void> {
    // Bodies that were under way when the server was killed.
    await rm(this.#spool, { recursive: true, force: true });
    this.#unsubscribe = this.#services.events.subscribe((event) => {
      if (event.type === 'job' && (event.state === 'Running' || event.state === 'Finished')) this.wake();
    });
    this.wake();
  }

  /** Something may be due. */
  wake(): void {
    if (this.#closing) return;
    if (this.#running) { this.#again = true; return; }
    clearTimeout(this.#timer);
    this.#running = this.#rounds().finally(() => {
      this.#running = undefined;
      // It came after the last look.
      if (this.#again) this.wake();
    });
  }

  /** Messages under way get a moment; the others are sent after the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#unsubscribe?.();
    await this.#running;
    clearTimeout(this.#timer);
    const all = Promise.allSettled(this.#underWay.values());
    const waited = new AbortController();
    await Promise.race([all, sleep(farewell * 1000, waited.signal).catch(() => {})]);
    waited.abort();
    this.#stop.abort();
    await all;
  }

  async #rounds(): Promise<void> {
    let pause = sweep;
    try {
      do {
        this.#again = false;
        // What is due goes out between what is new, so that a flood of news holds nothing up.
        if (await this.#plan()) this.#again = true;
        while (await this.#claim());
      } while (this.#again && !this.#closing);
      const next = await secondsToNext(this.#services.db) ?? sweep;
      // What is due and was not taken waits for the end of a message, which wakes us.
      pause = Math.min(sweep, next > 0 ? next : this.#underWay.size > 0 ? sweep : 1);
    } catch (error) {
      this.#services.log.warn(`[NOTIFY] it is tried again soon: ${messageOf(error)}`);
      pause = 2;
    }
    if (!this.#closing) this.#timer = setTimeout(() => this.wake(), Math.max(50, pause * 1000));
  }

  /** Makes deliveries of what has happened. True if there may be more. */
  async #plan(): Promise<boolean> {
    const { db, log } = this.#services;
    const most = 100;
    const news = await readJobNews(db, most);
    for (const { id, job, state } of news) {
      const store = (planned: readonly NewDelivery[]) => db.transaction().execute(async (trx) => {
        const gone = await trx.deleteFrom('job_news').where('id', '=', id).executeTakeFirst();
        if (gone.numDeletedRows > 0n) await addDeliveries(trx, planned);
      });
      await planDeliveries(db, job, state).then(store).catch((error: unknown) => {
        if (isConnectionLoss(error)) throw error;
        // A query that cannot be read, say: it will not be better the next time.
        log.warn(`[${job}] nobody is told of it: ${messageOf(error)}`);
        return store([]);
      });
    }
    return news.length === most;
  }

  /** Begins to send one delivery that is due. False if there is none, or no hand free. */
  async #claim(): Promise<boolean> {
    if (this.#closing || this.#underWay.size >= mostAtOnce) return false;
    const perHost = new Map<string, number>();
    for (const { host } of this.#underWay.keys()) perHost.set(host, (perHost.get(host) ?? 0) + 1);
    const busyHosts = [...perHost].filter(([host, count]) => host !== '' && count >= mostPerHost).map(([host]) => host);
    const delivery = await claimDelivery(this.#services.db, { hold: this.#hold, busyHosts });
    if (!delivery) return false;
    const sending = this.#send(delivery).finally(() => {
      this.#underWay.delete(delivery);
      this.wake();
    });
    this.#underWay.set(delivery, sending);
    return true;
  }

  async #send(delivery: Delivery): Promise<void> {
    const services = this.#services;
    const { db, log } = services;
    // Over well before somebody else may take it.
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#hold * 500)]);
    const what = `${delivery.method} ${delivery.id}`;
    try {
      await send({ services, settings: this.#settings, guard: this.#guard, spool: this.#spool, signal }, delivery);
      await markSent(db, delivery);
      log.info(`[${delivery.job}] ${what} sent`);
    } catch (error) {
      const failure = error instanceof DeliveryError ? error : new DeliveryError(messageOf(error), { cause: error });
      try {
        if (this.#stop.signal.aborted) { await giveBack(db, delivery); return; }
        const status = await markFailed(db, delivery, failure);
        log.warn(`[${delivery.job}] ${what} ${status === 'failed' ? 'given up' : 'did not arrive, it is tried again'}: ${failure.message}`);
      } catch (lost) {
        // Nobody has it when its hold is over.
        log.warn(`[${delivery.job}] ${what}: ${messageOf(lost)}`);
      }
    }
  }
}
