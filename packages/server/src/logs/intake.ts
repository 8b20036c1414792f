import type { Kysely } from 'kysely';
import type { DaemonLog } from '@lava/base';
import type { EventBus } from '../event-bus.ts';
import type { LogStore } from '../services.ts';
import type { Database } from '../store/database.ts';
import { beginSection, latestAttempt, type LoggedAttempt } from './attempt-section.ts';
import { Derivation } from './derive.ts';
import type { JobFolders } from './job-folder.ts';
import { lineOffsets } from './line-index.ts';
import type { LogFile } from './log-file.ts';
import { noteworthy, storedForm, type Noted } from './records.ts';

/** Answer to records that came: how many lines are on the disk, or why none are wanted. */
export type Taken = { readonly lines: number } | { readonly refused: string };

interface IntakeOptions {
  readonly db: Kysely<Database>;
  readonly events: EventBus;
  readonly folders: JobFolders;
  readonly store: LogStore;
  readonly log: DaemonLog;
  /** Told how many seconds old the newest record of a batch was when it was on the disk. */
  readonly onLag?: (seconds: number) => void;
}

interface OpenJob {
  readonly file: LogFile;
  readonly derivation: Derivation;
  /** The last attempt of the job when the log was opened. */
  readonly attempt: LoggedAttempt | undefined;
  announced: number;
}

/** Lines read at once when the results of a log are caught up after a restart. */
const step = 20_000;

/** Takes the logs of running jobs: to the disk first, then results into the database, then word to the listeners. */
export class LogIntake {
  readonly #options: IntakeOptions;
  readonly #jobs = new Map<number, Promise<OpenJob | undefined>>();
  /** Logs that are being closed: nobody opens one a second time before. */
  readonly #closing = new Map<number, Promise<void>>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * Takes `count` records, the first of them number `index` of its attempt. Those that are known are skipped; when some
   * are missing in between nothing is taken and the answer says where to go on. Resolves when they are on the disk.
   */
  async take(worker: string, { job, fence }: { job: number; fence: number }, index: number, count: number, bytes: Buffer): Promise<Taken> {
    const open = await this.#openFor(worker, { job, fence });
    if ('refused' in open) return open;
    const { file } = open;
    const { base } = open.attempt!;
    const offsets = lineOffsets(bytes, 0);
    if (offsets.length !== count || (count > 0 && bytes.at(-1) !== 0x0a) || offsets.some((at) => bytes[at] !== 0x2d || bytes[at + 1] !== 0x20)) {
      return { refused: 'the records are not lines that begin with "- "' };
    }
    const known = file.lines - base - index;
    if (known < 0 || known >= count) {
      await file.flush();
      return { lines: file.synced - base };
    }
    const fresh = storedForm(bytes.subarray(offsets[known]));
    const first = file.lines;
    const written = file.append(fresh, count - known);
    const noted = this.#read(bytes.subarray(offsets[known]), first);
    try {
      await written;
    } catch (error) {
      // A full or broken disk: what was not acknowledged comes again, and the file is opened anew for it.
      await this.#forget(job);
      throw error;
    }
    this.#lag(fresh, offsets.at(-1)! - offsets[known]!);
    await this.#announce(job, open, noted, first + count - known);
    return { lines: file.synced - base };
  }

  /** Stores all results of what is on the disk; afterwards nothing of the job's log is missing in the database. */
  async settle(job: number): Promise<void> {
    const open = await this.#open(job);
    if (!open) return;
    await open.file.flush();
    await open.derivation.settle();
  }

  /** How many records of the attempt are on the disk; undefined when it is not the last one of its job. */
  async records({ job, fence }: { job: number; fence: number }): Promise<number | undefined> {
    const open = await this.#open(job);
    return open?.attempt?.fence === fence ? open.file.synced - open.attempt.base : undefined;
  }

  /** The log as it is open for this attempt, which must be the live one. */
  async #openFor(worker: string, { job, fence }: { job: number; fence: number }): Promise<OpenJob | { readonly refused: string }> {
    const isTheirs = (attempt: LoggedAttempt | undefined) => attempt?.fence === fence && attempt.worker === worker && attempt.live;
    const opening = this.#open(job);
    const open = await opening;
    if (open && isTheirs(open.attempt)) return open;
    const latest = await latestAttempt(this.#options.db, job);
    if (!latest) return { refused: `job ${job} does not exist` };
    if (!latest.live || !isTheirs(latest)) {
      if (!latest.live && this.#jobs.get(job) === opening) await this.#forget(job);
      return { refused: 'the attempt is over' };
    }
    // It was open for an earlier attempt.
    if (this.#jobs.get(job) === opening) await this.#forget(job);
    const anew = await this.#open(job);
    return anew && isTheirs(anew.attempt) ? anew : { refused: 'the attempt is over' };
  }

  /** Lets go of a job's files; it is opened again when more comes. */
  async #forget(job: number): Promise<void> {
    const opening = this.#jobs.get(job);
    if (!opening) return this.#closing.get(job);
    this.#jobs.delete(job);
    const closing = this.#closeAll(job, opening).finally(() => { if (this.#closing.get(job) === closing) this.#closing.delete(job); });
    this.#closing.set(job, closing);
    return closing;
  }

  async #closeAll(job: number, opening: Promise<OpenJob | undefined>): Promise<void> {
    const open = await opening.catch(() => undefined);
    open?.derivation.close();
    await open?.file.close();
    if (open) this.#options.folders.closedLog(job);
  }

  /** The attempt is over: its records are refused from now on. */
  async finish(job: number): Promise<void> {
    await this.#forget(job);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closing.values(), ...[...this.#jobs.keys()].map((job) => this.#forget(job))]);
  }

  /** Of the record that begins at `at`. */
  #lag(bytes: Buffer, at: number): void {
    const written = /^- \{"dt": "([^"]{1,40})"/.exec(bytes.toString('latin1', at, at + 60))?.[1];
    // LAVA's own workers leave out that it is UTC.
    const ms = written === undefined ? NaN : Date.now() - Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(written) ? written : `${written}Z`);
    if (Number.isFinite(ms)) this.#options.onLag?.(Math.max(0, ms) / 1000);
  }

  #read(bytes: Buffer, first: number): Noted[] {
    const lines = bytes.toString('utf8').split('\n');
    const noted: Noted[] = [];
    for (let n = 0; n < lines.length - 1; n++) {
      const found = noteworthy(lines[n]!, first + n);
      if (found) noted.push(found);
    }
    return noted;
  }

  async #announce(job: number, open: OpenJob, noted: readonly Noted[], seen: number): Promise<void> {
    const { events } = this.#options;
    const { synced } = open.file;
    if (synced > open.announced) {
      open.announced = synced;
      events.publish({ type: 'log', job, lines: synced });
    }
    for (const n of noted) if (n.kind === 'event') events.publish({ type: 'test-event', job, message: n.message });
    await open.derivation.add(noted.filter((n) => n.kind !== 'event'), seen);
  }

  #open(job: number): Promise<OpenJob | undefined> {
    let opening = this.#jobs.get(job);
    if (!opening) {
      const fresh = opening = this.#prepare(job, this.#closing.get(job));
      const drop = () => { if (this.#jobs.get(job) === fresh) this.#jobs.delete(job); };
      this.#jobs.set(job, fresh);
      fresh.then((open) => { if (!open) drop(); }, drop);
    }
    return opening;
  }

  async #prepare(job: number, closed: Promise<void> | undefined): Promise<OpenJob | undefined> {
    await closed;
    const { db, events, folders, log } = this.#options;
    const latest = await latestAttempt(db, job);
    // Between two attempts nobody has anything to say.
    if (latest?.between) return undefined;
    const file = await folders.openLog(job, latest?.fence);
    if (!file) return undefined;
    const close = async () => {
      await file.close();
      folders.closedLog(job);
    };
    try {
      const attempt = latest?.live ? await beginSection(db, job, latest, file, folders) : latest;
      const derivation = await Derivation.of({ job, lines: latest?.live ? file.lines : Infinity, folders, db, events, log, base: attempt?.base ?? 0, retried: attempt?.retried ?? 0 });
      if (!derivation) { await close(); return undefined; }
      await this.#catchUp(job, file.lines, derivation);
      return { file, derivation, attempt, announced: file.lines };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Lines that reached the disk before a crash, but not the database. */
  async #catchUp(job: number, lines: number, derivation: Derivation): Promise<void> {
    while (derivation.seen < lines) {
      const first = derivation.seen;
      const next = Math.min(lines, first + step);
      await derivation.add(this.#read(await this.#options.store.read(job, first, next), first), next);
    }
  }
}
