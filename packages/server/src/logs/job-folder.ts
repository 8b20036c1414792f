import { resolve } from 'node:path';
import { sql, type Kysely } from 'kysely';
import type { LavaPaths } from '@lava/base';
import type { Database } from '../store/database.ts';
import { unpackedLog } from './packed-log.ts';

/** Folder of a job; `day` of its submission in UTC as `YYYY/MM/DD`. */
export function jobFolder(paths: LavaPaths, day: string, job: number): string {
  return resolve(paths.serverState, 'default/media/job-output', day, String(job));
}

/** Folders of jobs by the day of their submission: `job-output/YYYY/MM/DD/ID`, as LAVA's tools expect them. */
export class JobFolders {
  readonly #paths: LavaPaths;
  readonly #db: Kysely<Database>;
  readonly #known = new Map<number, string>();

  constructor(paths: LavaPaths, db: Kysely<Database>) {
    this.#paths = paths;
    this.#db = db;
  }

  /** The folder of a job, whether it is there yet or not; undefined if there is no such job. */
  async of(job: number): Promise<string | undefined> {
    const known = this.#known.get(job);
    if (known !== undefined) return known;
    const { rows } = await sql<{ day: string }>`
      select to_char(submit_time at time zone 'UTC', 'YYYY/MM/DD') as day from jobs where id = ${job}`.execute(this.#db);
    if (!rows[0]) return undefined;
    const folder = jobFolder(this.#paths, rows[0].day, job);
    if (this.#known.size > 5000) this.#known.clear();
    this.#known.set(job, folder);
    return folder;
  }

  /** Path of a job's log, or of an unpacked copy of it; undefined if there is none. */
  async log(job: number): Promise<string | undefined> {
    const folder = await this.of(job);
    return folder === undefined ? undefined : unpackedLog(folder, this.#paths);
  }
}
