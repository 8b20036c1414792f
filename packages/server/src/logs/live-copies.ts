import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { monotonicMs } from '@lava/base';
import type { Database } from '../store/database.ts';
import { LogFile, type KeepLines } from './log-file.ts';

interface Copy {
  file: LogFile | undefined;
  /** This process leads and writes the log itself. */
  own: boolean;
  used: number;
  /** What is done with it is done one after the other. */
  queue: Promise<unknown>;
  pending: number;
}

/** Pieces that are read at once, of up to some hundred kilobytes each. */
const piecesAtOnce = 32;
/** Milliseconds after which a copy that nobody read goes. */
const keptUnused = 10 * 60_000;

/**
 * Copies on this machine of the logs of running jobs, which are in the database. They go with the process, or when nobody
 * has read them for a while: not as soon as the log has moved to the storage, since somebody may be about to open one.
 */
export class LiveCopies {
  readonly #root: string;
  readonly #db: Kysely<Database>;
  readonly #copies = new Map<number, Copy>();
  readonly #timer: NodeJS.Timeout;

  private constructor(root: string, db: Kysely<Database>) {
    this.#root = root;
    this.#db = db;
    this.#timer = setInterval(() => {
      for (const [job, copy] of this.#copies) if (!copy.own && monotonicMs() - copy.used > keptUnused) this.forget(job).catch(() => {});
    }, keptUnused / 10);
    this.#timer.unref();
  }

  static async open(root: string, db: Kysely<Database>): Promise<LiveCopies> {
    await rm(root, { recursive: true, force: true });
    return new LiveCopies(root, db);
  }

  folder(job: number): string {
    return join(this.#root, String(job));
  }

  /** Path of the log with all lines that are in the database by now, and their number, unless it is being written here. */
  upToDate(job: number): Promise<{ path: string; lines: number | undefined }> {
    return this.#inTurn(job, async (copy) => {
      if (!copy.own) await this.#bring(job, copy);
      return { path: join(this.folder(job), 'output.yaml'), lines: copy.file?.lines };
    });
  }

  /** From now on the log is written here, by whoever asks, who says where lines are kept before. */
  take(job: number, keep: KeepLines): Promise<LogFile> {
    return this.#inTurn(job, async (copy) => {
      if (copy.own) throw new Error(`the log of job ${job} is being written`);
      await this.#bring(job, copy);
      await copy.file?.close();
      copy.file = undefined;
      const file = await LogFile.open(this.folder(job), keep);
      copy.own = true;
      return file;
    });
  }

  /** The log is no longer written here; its file is closed. */
  release(job: number): void {
    const copy = this.#copies.get(job);
    if (copy) copy.own = false;
  }

  /** Removes a copy, unless it is being written. */
  forget(job: number): Promise<void> {
    if (!this.#copies.has(job)) return Promise.resolve();
    return this.#inTurn(job, async (copy) => {
      if (copy.own) return;
      await copy.file?.close();
      copy.file = undefined;
      await rm(this.folder(job), { recursive: true, force: true });
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const copy of this.#copies.values()) {
      await copy.queue;
      await copy.file?.close();
    }
    await rm(this.#root, { recursive: true, force: true });
  }

  async #bring(job: number, copy: Copy): Promise<void> {
    const file = copy.file ??= await LogFile.open(this.folder(job));
    for (;;) {
      const { rows } = await sql<{ first_line: number; lines: number; text: Buffer }>`
        select first_line, lines, text from log_pieces where job = ${job} and first_line >= ${file.lines} order by first_line limit ${piecesAtOnce}`.execute(this.#db);
      for (const { first_line, lines, text } of rows) {
        // What came before has moved to the storage meanwhile: the reader looks there.
        if (first_line !== file.lines) return;
        await file.append(text, lines);
      }
      if (rows.length < piecesAtOnce) return;
    }
  }

  #inTurn<T>(job: number, work: (copy: Copy) => Promise<T>): Promise<T> {
    let found = this.#copies.get(job);
    if (!found) this.#copies.set(job, found = { file: undefined, own: false, used: 0, queue: Promise.resolve(), pending: 0 });
    const copy = found;
    copy.used = monotonicMs();
    copy.pending += 1;
    const done = copy.queue.then(() => work(copy)).finally(() => {
      copy.pending -= 1;
      if (copy.pending === 0 && !copy.own && !copy.file) this.#copies.delete(job);
    });
    copy.queue = done.catch(() => {});
    return done;
  }
}
