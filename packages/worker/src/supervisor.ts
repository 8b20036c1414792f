import { messageOf } from '@lava/base';
import type { AttemptRef, LogReply, Order } from '@lava/link';
import { Attempt, deviceOf, type AttemptOptions } from './attempt.ts';
import { AttemptFolder, attemptKey, findAttempts } from './attempt-folder.ts';
import { isAlive } from './process-identity.ts';
import { killStrays } from './run-process.ts';

export interface SupervisorOptions extends Omit<AttemptOptions, 'gone'> {
  /** Folder of the attempts' folders. */
  readonly attempts: string;
}

/** Carries out the server's orders: starts, cancels and reports attempts, each in a folder of its own. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #attempts = new Map<string, Attempt>();
  /** Being started: their START is not carried out a second time. */
  #starting = new Map<string, AttemptRef>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Takes over what an earlier daemon left running. Call it before the link opens. */
  async open(): Promise<void> {
    for (const folder of await this.#withoutOvertaken(await findAttempts(this.#options.attempts))) {
      const attempt = this.#make(folder);
      if (await attempt.adopt()) this.#attempts.set(attempt.key, attempt);
      else { await attempt.stop(); await folder.remove(); }
    }
    const strays = await killStrays(this.#options.attempts);
    if (strays > 0) this.#options.log.warn(`killed ${strays} processes of attempts whose folders are gone`);
    this.#timer = setInterval(() => { for (const attempt of this.#attempts.values()) attempt.tick(); }, 1000);
  }

  /**
   * A dead attempt on whose device another one lives is long over: its folder came back from a copy, say. To complete it
   * would switch the device off under the other's hands.
   */
  async #withoutOvertaken(folders: readonly AttemptFolder[]): Promise<AttemptFolder[]> {
    const seen = await Promise.all(folders.map(async (folder) => {
      const process = await folder.process();
      return { folder, device: deviceOf(await folder.read('device.yaml')), alive: process !== undefined && isAlive(process) };
    }));
    const inUse = new Set(seen.filter(({ alive, device }) => alive && device !== '').map(({ device }) => device));
    const overtaken = seen.filter(({ alive, device }) => !alive && inUse.has(device));
    for (const { folder, device } of overtaken) {
      this.#options.log.warn(`${folder.path} is of an attempt that is over, as another one runs on ${device}: removed`);
      await folder.remove();
    }
    return seen.filter((one) => !overtaken.includes(one)).map(({ folder }) => folder);
  }

  /** Stops following; the runs go on. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const attempt of this.#attempts.values()) await attempt.stop();
  }

  /** What this worker holds, for PING: until the server has stored its end. */
  held(): AttemptRef[] {
    return [...[...this.#attempts.values()].map((a) => a.folder.ref), ...this.#starting.values()];
  }

  /** Number of attempts whose run lives. */
  get running(): number {
    return [...this.#attempts.values()].filter((attempt) => attempt.running).length;
  }

  onSession(): void {
    for (const attempt of this.#attempts.values()) attempt.onSession();
  }

  onLogReply(reply: Exclude<LogReply, { type: 'GREET' }>): void {
    this.#attempts.get(attemptKey(reply))?.onLogReply(reply);
  }

  onOrder(order: Order): void {
    const { link, log } = this.#options;
    const ref = { job: order.job, fence: order.fence };
    const attempt = this.#attempts.get(attemptKey(ref));
    log.debug(`master => ${order.type}(${order.job})`);
    if (order.type === 'START') {
      if (attempt) { log.info(`[${order.job}] -> already running`); attempt.report(); } else void this.#start(order, ref);
    } else if (this.#starting.has(attemptKey(ref))) {
      // The order comes again; by then it is known whether there is a run.
    } else if (!attempt) {
      if (order.type !== 'END_OK' && order.type !== 'ANSWER') link.send({ type: 'UNKNOWN', ...ref });
    } else if (order.type === 'ANSWER') {
      attempt.onAnswer(order.call, order.answer);
    } else if (order.type === 'CANCEL') {
      void attempt.cancel();
    } else if (order.type === 'STATUS') {
      attempt.report();
    } else {
      attempt.stored().catch((error) => log.error(`[${order.job}] cannot remove ${attempt.folder.path}: ${messageOf(error)}`));
    }
  }

  async #start(order: Extract<Order, { type: 'START' }>, ref: AttemptRef): Promise<void> {
    const { link, log } = this.#options;
    const key = attemptKey(ref);
    if (this.#starting.has(key)) return;
    const device = deviceOf(order.files['device.yaml']);
    const rival = [...this.#attempts.values()].find((a) => a.uses(device) || (a.running && a.folder.ref.job === ref.job));
    if (rival) {
      // The server knows one live attempt a device, so that one is over, but still has its hands on the device. The
      // START comes again when it is gone.
      log.warn(`[${ref.job}] attempt ${rival.key} still uses the device and is canceled first`);
      void rival.cancel();
      return;
    }
    this.#starting.set(key, ref);
    const folder = new AttemptFolder(this.#options.attempts, ref);
    const attempt = this.#make(folder);
    try {
      log.info(`[${ref.job}] Starting job`);
      await folder.create(order.files);
      await attempt.start();
      this.#attempts.set(key, attempt);
      attempt.onSession();
    } catch (error) {
      const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
      const reason = full ? `no space left on the worker's disk for ${folder.path}` : messageOf(error);
      log.error(`[${ref.job}] not started: ${reason}`);
      await attempt.stop();
      await folder.remove().catch(() => undefined);
      link.send({ type: 'START_FAILED', ...ref, reason });
    } finally {
      this.#starting.delete(key);
    }
  }

  #make(folder: AttemptFolder): Attempt {
    return new Attempt(folder, { ...this.#options, gone: (attempt) => { this.#attempts.delete(attempt.key); } });
  }
}
