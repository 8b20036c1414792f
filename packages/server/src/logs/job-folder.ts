import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sql, type Kysely } from 'kysely';
import type { LavaPaths } from '@lava/base';
import type { Database } from '../store/database.ts';
import { prepared } from '../store/prepared.ts';
import { LogFile } from './log-file.ts';
import { removeCopies, unpackedLog } from './packed-log.ts';
import { textOf, type SharedFiles } from './shared-files.ts';

/** Folder of a job; `day` of its submission in UTC as `YYYY/MM/DD`. */
export function jobFolder(paths: LavaPaths, day: string, job: number): string {
  return resolve(paths.serverState, 'default/media/job-output', day, String(job));
}

/** Folders of jobs by the day of their submission: `job-output/YYYY/MM/DD/ID`, as LAVA's tools expect them. */
export class JobFolders {
  readonly #paths: LavaPaths;
  readonly #db: Kysely<Database>;
  readonly #known = new Map<number, string>();
  /** Set where several servers share what jobs leave behind: folders are this machine's copies then. */
  readonly shared: SharedFiles | undefined;

  constructor(paths: LavaPaths, db: Kysely<Database>, shared?: SharedFiles) {
    this.#paths = paths;
    this.#db = db;
    this.shared = shared;
  }

  /** The folder of a job on this machine's disk, whether it is there yet or not; undefined if there is no such job. */
  async of(job: number): Promise<string | undefined> {
    const known = this.#known.get(job);
    if (known !== undefined) return known;
    const { rows } = await sql<{ day: string }>`
      select to_char(submit_time at time zone 'UTC', 'YYYY/MM/DD') as day from jobs where id = ${job} ${prepared}`.execute(this.#db);
    if (!rows[0]) return undefined;
    const folder = jobFolder(this.#paths, rows[0].day, job);
    if (this.#known.size > 5000) this.#known.clear();
    this.#known.set(job, folder);
    return folder;
  }

  /** Path of a job's log, or of a copy of it; undefined if there is none. */
  async log(job: number): Promise<string | undefined> {
    const shared = await this.shared?.log(job);
    // What was there before the servers shared anything stays on the disk it is on.
    if (shared !== undefined) return shared;
    const folder = await this.of(job);
    return folder === undefined ? undefined : unpackedLog(folder, this.#paths);
  }

  /** Path of the index of a log, whether it is there or not; undefined if there is no such job, or the log is in the storage. */
  async index(job: number): Promise<string | undefined> {
    const { shared } = this;
    if (shared && await shared.count(job) !== undefined) return await shared.isStored(job) ? undefined : join(shared.live.folder(job), 'output.idx');
    const folder = await this.of(job);
    return folder && join(folder, 'output.idx');
  }

  /** Opens a log for writing by the attempt with this fence. */
  async openLog(job: number, fence = 0): Promise<LogFile | undefined> {
    const folder = await this.of(job);
    if (folder === undefined) return undefined;
    const { shared } = this;
    if (!shared) return LogFile.open(folder);
    return shared.live.take(job, (first, count, bytes) => shared.keepLines(this.#db, { job, fence }, first, count, bytes));
  }

  /** Removes the files in a folder beside the log of a job that runs. */
  async removeFiles(job: number, name: string): Promise<void> {
    if (this.shared) return this.shared.forgetFiles(this.#db, job, `${name}/`);
    const folder = await this.of(job);
    if (folder !== undefined) await rm(join(folder, name), { recursive: true, force: true });
  }

  /** How to remove the log and all other files of a job. */
  async removal(job: number): Promise<() => Promise<void>> {
    const folder = await this.of(job);
    const name = folder === undefined ? undefined : await this.shared?.nameOf(job);
    return async () => {
      if (folder === undefined) return;
      if (name !== undefined) await this.shared!.remove(this.#db, job, name);
      await rm(folder, { recursive: true, force: true });
      await removeCopies(job, this.#paths);
    };
  }

  /** The log that was opened for writing has been closed. */
  closedLog(job: number): void {
    this.shared?.live.release(job);
  }

  /** Text of a file beside the log; undefined when there is none or the name leads elsewhere. */
  async file(job: number, name: string): Promise<string | undefined> {
    const folder = await this.of(job);
    if (folder === undefined) return undefined;
    const path = resolve(folder, name);
    if (!path.startsWith(`${folder}/`) || name.includes('\0')) return undefined;
    return (await this.shared?.file(job, name))?.toString('utf8') ?? textOf(path);
  }

  /** Keeps files beside the log, where the job page and LAVA's tools look for them; an empty text is no file. */
  async keep(job: number, files: Readonly<Record<string, string>>): Promise<void> {
    if (this.shared) return this.shared.keepFiles(this.#db, job, files);
    const folder = await this.of(job);
    if (folder === undefined) return;
    await Promise.all(Object.entries(files).map(async ([name, text]) => {
      const path = join(folder, name);
      if (text === '') return rm(path, { force: true });
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, text);
      return rename(`${path}.new`, path);
    }));
  }
}
