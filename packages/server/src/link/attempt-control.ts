import { sql } from 'kysely';
import { ConfigurationError, messageOf, monotonicMs, type DaemonLog, type LavaPaths } from '@lava/base';
import type { AttemptFiles, AttemptRef } from '@lava/link';
import type { Ending } from '../jobs/attempt.ts';
import { quarantineLate } from '../jobs/end-attempt.ts';
import { finishJob, startJob } from '../jobs/job-changes.ts';
import type { JobFolders } from '../logs/job-folder.ts';
import type { LogIntake } from '../logs/intake.ts';
import type { DeviceService } from '../services.ts';
import { change, serverActor, type Stored } from '../store/change.ts';
import { isConnectionLoss } from '../store/connection.ts';
import { jobState } from '../store/numbers.ts';
import { prepared } from '../store/prepared.ts';
import { attemptFiles } from './attempt-files.ts';
import { leaseIsOver, liveAttempts, renewLeases, type LiveAttempt } from './attempts.ts';

export interface AttemptControlOptions {
  readonly stored: Stored;
  readonly log: DaemonLog;
  readonly paths: LavaPaths;
  readonly intake: LogIntake;
  readonly folders: JobFolders;
  readonly devices: DeviceService;
  /** Seconds for which an attempt keeps its device without a word from the worker. */
  readonly lease: number;
}

/** What a worker leaves of an attempt that ends. */
export interface Left {
  readonly description?: string | undefined;
  /** How many records its log has, all of which were on the server's disk once. */
  readonly logLines?: number;
}

/**
 * What happens to attempts, by whichever protocol their worker speaks: given out, begun, kept alive, ended. All of it
 * follows from the database, and a word about an attempt that is over changes nothing.
 */
export class AttemptControl {
  readonly #options: AttemptControlOptions;
  /** Ends that are being stored: a repeated report need not begin it again. */
  readonly #ending = new Set<string>();
  /** Since when an end waits for records of its log. */
  readonly #incomplete = new Map<string, number>();

  constructor(options: AttemptControlOptions) {
    this.#options = options;
  }

  async isLive(worker: string, { job, fence }: AttemptRef): Promise<boolean> {
    const { rows } = await sql`select 1 from attempts where job = ${job} and fence = ${fence} and worker = ${worker} and ended_at is null ${prepared}`.execute(this.#options.stored.db);
    return rows.length > 0;
  }

  /** The job is one of a multinode group. */
  async isInGroup(job: number): Promise<boolean> {
    const { rows } = await sql`select 1 from jobs where id = ${job} and target_group is not null`.execute(this.#options.stored.db);
    return rows.length > 0;
  }

  /** A worker spoke: these attempts of it get a full lease. `online` is false when its coming is not stored (yet). */
  heard(worker: string, attempts: readonly AttemptRef[]): Promise<{ online: boolean }> {
    return renewLeases(this.#options.stored.db, worker, attempts, this.#options.lease);
  }

  /** The worker has begun the run. False: the attempt is over, and the run must be ended. */
  async begin(worker: string, attempt: AttemptRef): Promise<boolean> {
    const { stored, log } = this.#options;
    log.info(`[${attempt.job}] ${worker} => START_OK`);
    if (!(await this.isLive(worker, attempt))) return false;
    await this.heard(worker, [attempt]);
    await change(stored, serverActor, (c) => startJob(c, attempt));
    return true;
  }

  /**
   * Ends an attempt with all that its log says. No effect on one that is ending just now, or whose log is not whole
   * (`ending`: report it again). One that is over stays as it is, but a device that it left on is quarantined, whoever has
   * it by now.
   */
  async finish(worker: string, { job, fence }: AttemptRef, ending: Ending, left: Left = {}): Promise<'over' | 'ending'> {
    const { stored, log } = this.#options;
    const key = `${job} ${fence}`;
    if (this.#ending.has(key)) return 'ending';
    this.#ending.add(key);
    try {
      const ended = await this.isLive(worker, { job, fence }) && await this.#end({ job, fence }, ending, left);
      if (ended === 'incomplete') return 'ending';
      this.#incomplete.delete(key);
      if (ended) log.info(`[${job}] ${ended === 'finished' ? 'finished' : 'to be tried again'}: ${ending.result}${ending.errorMessage ? ` (${ending.errorMessage})` : ''}`);
      else if (ending.quarantine !== undefined && await change(stored, serverActor, (c) => quarantineLate(c, { job, fence }, worker, ending.quarantine!))) {
        log.warn(`[${job}] END of attempt ${fence}, which is over: ${ending.quarantine}`);
      } else log.debug(`[${job}] END of attempt ${fence}, which is over; skipped`);
      return 'over';
    } finally {
      this.#ending.delete(key);
    }
  }

  async #end({ job, fence }: AttemptRef, ending: Ending, { description, logLines = 0 }: Left): Promise<Awaited<ReturnType<typeof finishJob>> | 'incomplete'> {
    const { stored, folders } = this.#options;
    await this.#settleLog(job);
    if (await this.#lacks({ job, fence }, logLines)) return 'incomplete';
    if (description) await folders.keep(job, { 'description.yaml': description });
    return change(stored, serverActor, (c) => finishJob(c, job, fence, ending));
  }

  /**
   * Records that were here are gone, say with a disk that was set back. The worker sends them again with its next session
   * and reports the end once more; but the job need not wait for them longer than a lease.
   */
  async #lacks({ job, fence }: AttemptRef, logLines: number): Promise<boolean> {
    const { intake, log, lease } = this.#options;
    const records = logLines === 0 ? undefined : await intake.records({ job, fence }).catch(() => undefined);
    if (records === undefined || records >= logLines) return false;
    const key = `${job} ${fence}`;
    const since = this.#incomplete.get(key) ?? monotonicMs();
    this.#incomplete.set(key, since);
    const patient = monotonicMs() - since < lease * 1000;
    log.warn(`[${job}] END with ${logLines} lines, of which ${records} are here: ${patient ? 'it waits for the others' : 'the others are lost'}`);
    return patient;
  }

  /** Ends an attempt whose worker was silent for too long, if it still is: it may have spoken while others were ended. */
  async expire({ job, fence, worker }: AttemptRef & { worker: string }): Promise<void> {
    const { stored, log, lease } = this.#options;
    const text = `Worker ${worker} was silent for more than ${lease} seconds: the job is given up`;
    await this.#settleLog(job);
    const ended = await change(stored, serverActor, async (c) => await leaseIsOver(c, { job, fence }) && finishJob(c, job, fence, {
      result: 'fail', errorType: 'Infrastructure', errorCode: 'lease-expired', errorMessage: text, comment: text,
    }));
    if (ended) log.warn(`[${job}] ${text}`);
    this.#incomplete.delete(`${job} ${fence}`);
  }

  /** The worker has nothing of an attempt: it never began (`again`: give it out once more), or it was lost and ends. */
  async unknown(worker: string, { job, fence }: AttemptRef): Promise<'again' | 'over' | 'ending'> {
    const { rows: [attempt] } = await sql<{ started: boolean; state: number }>`
      select started_at is not null as started, jobs.state from attempts join jobs on jobs.id = attempts.job
      where attempts.job = ${job} and fence = ${fence} and attempts.worker = ${worker} and ended_at is null`.execute(this.#options.stored.db);
    if (attempt && !attempt.started && attempt.state !== jobState.Canceling) return 'again';
    if (!attempt) return 'over';
    return this.finish(worker, { job, fence }, attempt.started
      ? { result: 'fail', errorType: 'Infrastructure', errorCode: 'attempt-lost', errorMessage: `Worker ${worker} lost the job: its state folder was emptied or replaced`, quarantine: `worker ${worker} lost job ${job} and did not switch the device off` }
      : { result: 'fail', errorType: 'Canceled', errorCode: 'canceled', errorMessage: 'The job was canceled' });
  }

  /**
   * What the worker of a Scheduled attempt gets; a copy without the submitter's tokens is kept beside the log. Undefined
   * when the attempt has gone on meanwhile, or when it cannot be run, which ends the job at once.
   */
  async filesFor(attempt: LiveAttempt): Promise<AttemptFiles | undefined> {
    const { job, fence } = attempt;
    const { stored, paths, devices, folders } = this.#options;
    let made: Awaited<ReturnType<typeof attemptFiles>>;
    try {
      made = await attemptFiles({ db: stored.db, paths, devices }, attempt);
    } catch (error) {
      if (isConnectionLoss(error)) throw error;
      await this.#cannotStart(attempt, error);
      return undefined;
    }
    // Trouble with the server's own disk is no reason to end jobs: they are given out when it is over.
    const [[now]] = await Promise.all([liveAttempts(stored.db, { job }), folders.keep(job, made.kept)]);
    return now?.fence === fence && now.state === 'Scheduled' ? made.files : undefined;
  }

  /** The job ends at once. A device that no job can use gets no more jobs before an admin has looked at it. */
  async #cannotStart({ job, fence, device }: LiveAttempt, error: unknown): Promise<void> {
    const { stored, log, devices } = this.#options;
    const configuration = error instanceof ConfigurationError;
    const text = messageOf(error);
    log.error(`[${job}] ${device}: ${configuration ? text : error instanceof Error ? error.stack : text}`);
    const usable = configuration && error.code !== 'configuration-file' && await devices.render(device).then(() => true, () => false);
    await change(stored, serverActor, (c) => finishJob(c, job, fence, {
      result: 'fail', errorType: configuration ? 'Configuration' : 'Bug', errorCode: configuration ? error.code : 'start-failed', errorMessage: text, comment: text,
      quarantine: usable ? undefined : 'Invalid device configuration',
    }));
  }

  /** All results of the log are stored before the job ends. A broken disk must not keep it from ending. */
  async #settleLog(job: number): Promise<void> {
    try {
      await this.#options.intake.settle(job);
    } catch (error) {
      if (isConnectionLoss(error)) throw error;
      this.#options.log.error(`[${job}] Results may be missing, its log could not be read: ${messageOf(error)}`);
    }
  }
}
