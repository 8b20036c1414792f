import { sql } from 'kysely';
import { messageOf, monotonicMs, version as ownVersion, type DaemonLog } from '@lava/base';
import { jobStates } from '@lava/job';
import type { LogIntake } from '../../logs/intake.ts';
import type { Stored } from '../../store/change.ts';
import { isConnectionLoss } from '../../store/connection.ts';
import { isWorkerToken } from '../../workers/worker-token.ts';
import type { AttemptControl } from '../attempt-control.ts';
import { liveAttempts, type LiveAttempt } from '../attempts.ts';
import type { Presence, PresenceSource } from '../presence.ts';
import { admitTokens, attemptOfToken, jobToken, type AttemptOfToken } from './job-tokens.ts';
import { storedRecords } from './records.ts';
import { WorkerRefused } from './worker-refused.ts';

interface HttpWorkersOptions {
  readonly stored: Stored;
  readonly log: DaemonLog;
  readonly intake: LogIntake;
  readonly control: AttemptControl;
  readonly presence: Presence;
  /** Milliseconds of silence after which a worker is gone: three PINGs of LAVA's worker. */
  readonly silence?: number;
}

interface JobEntry {
  readonly id: number;
  readonly token: string;
}

/** What a worker shall do: answer to its PING. */
export interface Orders {
  readonly cancel: readonly JobEntry[];
  readonly running: readonly JobEntry[];
  readonly start: readonly JobEntry[];
}

/**
 * Workers that speak LAVA's HTTP protocol (since 2020.09). They ask every 20 seconds what to do; their jobs have the same
 * attempts, leases and logs as those of the link, and whatever comes for an attempt that is over is taken and forgotten,
 * since such a worker repeats for ever what is refused.
 */
export class HttpWorkers {
  readonly #options: HttpWorkersOptions;
  readonly #silence: number;
  /** Workers that spoke lately. */
  readonly #heard = new Map<string, { at: number; version: string }>();
  readonly #here: PresenceSource = (hostname) => {
    const found = this.#heard.get(hostname);
    return found && { version: found.version, capabilities: [] };
  };
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: HttpWorkersOptions) {
    this.#options = options;
    this.#silence = options.silence ?? 60_000;
    options.presence.addSource(this.#here);
  }

  start(): void {
    this.#timer = setInterval(() => { this.#looking = this.#looking.then(() => this.#endSilent()); }, this.#silence / 12);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** A PING: what the worker shall do. With a `wrongVersion` it gets no new jobs; running ones may end. */
  async ping(hostname: string, token: string | undefined, version: string | undefined, wrongVersion: boolean): Promise<Orders> {
    const known = await isWorkerToken(this.#options.stored.db, hostname, token ?? '');
    if (known === undefined) throw new WorkerRefused(404, `Unknown worker '${hostname}'`);
    if (!token) throw new WorkerRefused(400, `Missing 'token'`);
    if (!known) throw new WorkerRefused(400, `Invalid 'token'`);
    if (!version) throw new WorkerRefused(400, `Missing 'version'`);
    const { stored, control, presence } = this.#options;
    if (presence.elsewhere(hostname, this.#here)) throw new WorkerRefused(403, `Worker '${hostname}' is connected by the ZeroMQ link`);
    const live = await liveAttempts(stored.db, { worker: hostname });
    await admitTokens(stored.db, live.map((a) => ({ job: a.job, fence: a.fence, token: jobToken(token, a) })));
    const entries = (state: LiveAttempt['state']) => live.filter((a) => a.state === state).map((a) => ({ id: a.job, token: jobToken(token, a) }));
    // A Scheduled attempt lives on when it is fetched: a worker that never does so must not keep the device.
    const { online } = await control.heard(hostname, live.filter((a) => a.state !== 'Scheduled'));
    const before = this.#heard.get(hostname);
    const orders = { cancel: entries('Canceling'), running: entries('Running'), start: wrongVersion ? [] : entries('Scheduled') };
    if (wrongVersion) {
      this.#heard.delete(hostname);
      if (online) await presence.store(hostname, `version ${version} instead of ${ownVersion}`);
      if (orders.cancel.length === 0 && orders.running.length === 0) throw new WorkerRefused(409, `Version mismatch '${version}' vs '${ownVersion}'`);
      return orders;
    }
    this.#heard.set(hostname, { at: monotonicMs(), version });
    if (!online || before?.version !== version) await presence.store(hostname, 'greeted');
    return orders;
  }

  /** Files to run a job with. */
  async files(job: number, token: string | undefined): Promise<Record<string, string>> {
    const attempt = await this.#attempt(job, token);
    const unknown = new WorkerRefused(404, `Unknown job '${job}'`);
    const { stored, control, log } = this.#options;
    const [live] = attempt.live ? await liveAttempts(stored.db, { job }) : [];
    if (live?.fence !== attempt.fence) throw unknown;
    if (attempt.started) {
      // It has told us that it runs, and asks how to start it: it has lost what it knew.
      await control.unknown(attempt.worker, attempt);
      throw unknown;
    }
    // Being canceled: without the files it reports the end at once, and nothing is begun.
    if (live.state !== 'Scheduled') throw unknown;
    await control.heard(attempt.worker, [attempt]);
    const files = await control.filesFor(live);
    if (!files) throw unknown;
    log.info(`[${job}] START => ${attempt.worker} (${live.device})`);
    return { definition: files['job.yaml'], device: files['device.yaml'], dispatcher: files['dispatcher.yaml'], env: files['env.yaml'], 'env-dut': files['env-dut.yaml'] };
  }

  /** A job began or ended at its worker. */
  async report(job: number, token: string | undefined, form: URLSearchParams): Promise<void> {
    const attempt = await this.#attempt(job, token);
    const { control, log } = this.#options;
    const given = form.get('state') ?? '';
    const name = given.slice(0, 1).toUpperCase() + given.slice(1).toLowerCase();
    const state = jobStates.find((s) => s === name);
    if (state === 'Running') {
      if (attempt.live) await control.begin(attempt.worker, attempt);
    } else if (state === 'Finished') {
      const result = form.get('result') ?? '';
      if (result !== 'pass' && result !== 'fail') throw new WorkerRefused(400, `Invalid health '${result.slice(0, 100)}'`);
      const errorType = result === 'pass' ? '' : form.get('error_type') || 'Bug';
      log.info(`[${job}] ${attempt.worker} => END (${result})`);
      await control.finish(attempt.worker, attempt, { result, errorType, errorMessage: '', comment: form.get('errors') ?? '' }, { description: form.get('description') ?? undefined });
    } else {
      throw new WorkerRefused(400, `${state ? 'Not handled' : 'Invalid'} state '${name.slice(0, 100)}'`);
    }
  }

  /** Records of a job's log, the first of them number `index`. Returns how many were taken: all. */
  async log(job: number, token: string | undefined, form: URLSearchParams): Promise<number> {
    const attempt = await this.#attempt(job, token);
    const lines = form.get('lines');
    const index = form.get('index');
    if (!lines) throw new WorkerRefused(400, `Missing 'lines'`);
    if (!index) throw new WorkerRefused(400, `Missing 'index'`);
    if (!/^\d{1,9}$/.test(index)) throw new WorkerRefused(400, `Invalid 'index'`);
    const records = storedRecords(lines);
    if (!attempt.live) return records.length;
    const { control, intake, log } = this.#options;
    await control.heard(attempt.worker, [attempt]);
    const bytes = Buffer.from(records.join(''));
    const take = (first: number) => intake.take(attempt.worker, attempt, first, records.length, bytes);
    const taken = await take(Number(index));
    if ('lines' in taken && taken.lines < Number(index)) {
      // It has forgotten what we miss, so that is lost; what comes now is kept.
      log.error(`[${job}] records ${taken.lines} to ${Number(index) - 1} of the log are missing`);
      await take(taken.lines);
    } else if ('refused' in taken) {
      log.info(`[${job}] records from ${attempt.worker} refused: ${taken.refused}`);
    }
    return records.length;
  }

  async #attempt(job: number, token: string | undefined): Promise<AttemptOfToken> {
    const { db } = this.#options.stored;
    const { rows } = await sql`select 1 from jobs where id = ${job}`.execute(db);
    if (rows.length === 0) throw new WorkerRefused(404, `Unknown job '${job}'`);
    if (!token) throw new WorkerRefused(400, `Missing 'token'`);
    const attempt = await attemptOfToken(db, job, token);
    if (!attempt) throw new WorkerRefused(400, `Invalid 'token'`);
    return attempt;
  }

  async #endSilent(): Promise<void> {
    const now = monotonicMs();
    for (const [hostname, last] of this.#heard) {
      if (now - last.at < this.#silence) continue;
      this.#heard.delete(hostname);
      try {
        await this.#options.presence.store(hostname, `nothing heard for ${Math.round(this.#silence / 1000)} s`);
      } catch (error) {
        // Tried again at the next look.
        this.#heard.set(hostname, last);
        const { log } = this.#options;
        if (isConnectionLoss(error)) log.warn(`worker ${hostname} is gone, which could not be stored: the database is away`);
        else log.error(`worker ${hostname} is gone, which could not be stored: ${messageOf(error)}`);
      }
    }
  }
}
