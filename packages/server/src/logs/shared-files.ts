import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql, type Kysely } from 'kysely';
import { InfrastructureError, messageOf, type DaemonLog, type LavaPaths } from '@lava/base';
import type { ObjectStore } from '../files/object-store.ts';
import type { Database } from '../store/database.ts';
import { LiveCopies } from './live-copies.ts';
import { keptCopy, packed, unpack } from './packed-log.ts';

interface SharedFilesOptions {
  readonly storage: ObjectStore;
  readonly db: Kysely<Database>;
  readonly paths: LavaPaths;
  readonly log: DaemonLog;
}

/** Longest file beside a log that is read whole; those of LAVA are small. */
const mostOfFile = 64 * 1024 * 1024;

/**
 * Logs and files of jobs where several servers find them. As long as a job runs all of it is in the database; when it has
 * ended it moves to the storage (move-logs.ts). So what a worker was told is taken survives this machine, and a storage that
 * is away holds up no job. Folders on this machine are copies only.
 */
export class SharedFiles {
  readonly storage: ObjectStore;
  readonly live: LiveCopies;
  readonly #options: SharedFilesOptions;

  private constructor(options: SharedFilesOptions, live: LiveCopies) {
    this.#options = options;
    this.storage = options.storage;
    this.live = live;
  }

  /** @param folder below the state of this machine, for copies; what is in it goes */
  static async open(options: SharedFilesOptions, folder = 'live-logs'): Promise<SharedFiles> {
    return new SharedFiles(options, await LiveCopies.open(join(options.paths.serverState, folder), options.db));
  }

  close(): Promise<void> {
    return this.live.close();
  }

  /** Number of lines that are kept; undefined if there is nothing of a log. */
  async count(job: number): Promise<number | undefined> {
    const { rows: [row] } = await sql<{ lines: number | null }>`
      select greatest((select lines from stored_logs where job = ${job}), (select max(first_line + lines) from log_pieces where job = ${job})) as lines`.execute(this.#options.db);
    return row?.lines ?? undefined;
  }

  /** Path of a copy of the whole log as it is now, one record a line; undefined if there is none. */
  async log(job: number): Promise<string | undefined> {
    if (!await this.isStored(job)) {
      if (await this.count(job) === undefined) return undefined;
      const { path } = await this.live.upToDate(job);
      // What moved to the storage meanwhile may be missing in the copy.
      if (!await this.isStored(job)) return path;
    }
    if (await this.#stored(job) === 0) return undefined;
    return keptCopy(this.#options.paths, `${job}-stored`, async (fresh) => {
      try {
        await this.download(job, packed, `${fresh}.xz`);
        await unpack(`${fresh}.xz`, fresh);
      } finally {
        await rm(`${fresh}.xz`, { force: true });
      }
    });
  }

  async isStored(job: number): Promise<boolean> {
    return await this.#stored(job) !== undefined;
  }

  /** Lines of the log in the storage. */
  async #stored(job: number): Promise<number | undefined> {
    const row = await this.#options.db.selectFrom('stored_logs').select('lines').where('job', '=', job).executeTakeFirst();
    return row?.lines;
  }

  /** A file beside the log. */
  async file(job: number, name: string): Promise<Buffer | undefined> {
    const row = await this.#options.db.selectFrom('job_files').select('content').where('job', '=', job).where('name', '=', name).executeTakeFirst();
    if (row) return row.content;
    if (!await this.isStored(job)) return undefined;
    const content = await this.#get(job, name);
    return content && await whole(content);
  }

  /** Writes a file of the storage to one that is not there yet. */
  async download(job: number, name: string, path: string): Promise<void> {
    const content = await this.#get(job, name);
    if (!content) throw new InfrastructureError(`${await this.nameOf(job, name)} is missing in ${this.storage.place}`, { code: 'storage', hint: 'Somebody removed it, or the storage is another one than before.' });
    await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o640 }));
  }

  /** Keeps lines of the live attempt; rejects when that is over, or another server leads. `db` is the leader's. */
  async keepLines(db: Kysely<Database>, { job, fence }: { job: number; fence: number }, first: number, count: number, bytes: Buffer): Promise<void> {
    const { numAffectedRows } = await sql`insert into log_pieces (job, first_line, lines, text)
      select job, ${first}, ${count}, ${bytes} from attempts where job = ${job} and fence = ${fence} and ended_at is null for share`.execute(db);
    if (numAffectedRows !== 1n) throw new Error('the attempt is over');
  }

  /** Keeps files beside the log. */
  async keepFiles(db: Kysely<Database>, job: number, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await sql`insert into job_files (job, name, content) values (${job}, ${name}, ${Buffer.from(text)}) on conflict (job, name) do update set content = excluded.content`.execute(db);
    }
  }

  /** Forgets the files of a running job whose names begin so. */
  async forgetFiles(db: Kysely<Database>, job: number, prefix: string): Promise<void> {
    await sql`delete from job_files where job = ${job} and starts_with(name, ${prefix})`.execute(db);
  }

  /** Removes everything of a job that has ended; `name` is what its names begin with. */
  async remove(db: Kysely<Database>, job: number, name: string): Promise<void> {
    await this.live.forget(job);
    for (const table of ['log_pieces', 'job_files', 'stored_logs'] as const) await db.deleteFrom(table).where('job', '=', job).execute();
    await this.storage.remove(await this.storage.list(name));
  }

  /** Name in the storage: as the folder of a job on a disk. */
  async nameOf(job: number, name = ''): Promise<string> {
    const { rows: [row] } = await sql<{ day: string }>`select to_char(submit_time at time zone 'UTC', 'YYYY/MM/DD') as day from jobs where id = ${job}`.execute(this.#options.db);
    if (!row) throw new Error(`there is no job ${job}`);
    return `job-output/${row.day}/${job}/${name}`;
  }

  async #get(job: number, name: string): Promise<Readable | undefined> {
    try {
      return await this.storage.get(await this.nameOf(job, name));
    } catch (error) {
      throw new InfrastructureError(`${this.storage.place} does not answer: ${messageOf(error)}`, { code: 'storage', cause: error, hint: 'Look whether it can be reached and the keys for it are right.' });
    }
  }
}

async function whole(content: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of content as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > mostOfFile) throw new InfrastructureError(`a file beside a log has more than ${mostOfFile} bytes`, { code: 'storage' });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Text of a file on this disk; undefined if there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return undefined;
    throw error;
  });
}
