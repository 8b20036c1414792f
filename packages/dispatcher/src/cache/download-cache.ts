import { lstat, mkdir, open, rename, rm, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type LavaPaths } from '@lava/base';
import { parseCacheSize } from './cache-size.ts';
import { readEntry, writeEntry, type Entry } from './entry.ts';
import { placesIn, trim } from './folder.ts';
import { handOver } from './hand-over.ts';
import { Slot } from './slot.ts';
import { countUse } from './tally.ts';

/** Bytes: as much as this, but not more than a fifth of the disk. */
const defaultLimit = 50 * 2 ** 30;
/**
 * Seconds since 1970, the time of change of all files in the cache. A job that reads a file has it by a second name; should it
 * write to it nevertheless, then the time is another, and the file is never given to anybody again.
 */
const seal = 1_000_000_000;
/** Milliseconds that the end of a job waits until what it fetched is safely on the disk. */
const patienceMs = 30_000;

/** Folder of a worker's cache, below its state. LAVA has a folder 'cache' there. */
export const cacheFolder = (paths: LavaPaths): string => join(paths.workerState, 'download-cache');

/** Bytes that the cache in a folder may take. @throws ConfigurationError for a setting that is no size */
export async function cacheLimit(folder: string, setting: string | undefined): Promise<number> {
  const limit = parseCacheSize(setting);
  if (limit !== undefined) return limit;
  const disk = await statfs(folder);
  return Math.min(defaultLimit, Math.floor((disk.blocks * disk.bsize) / 5));
}

/**
 * Downloads that the jobs of a worker share. Each job is a process of its own and may be killed at any time, so there is nothing
 * but files: a whole one comes into `files` by a rename after it was written to the disk, and who removes one that another has
 * opened or linked takes nothing away.
 */
export class DownloadCache {
  readonly folder: string;
  /** Bytes; 0: nothing is kept, and only unfinished downloads lie here, for the next try. */
  readonly #limit: number;
  readonly #saving = new Set<Promise<void>>();

  private constructor(folder: string, limit: number) {
    this.folder = folder;
    this.#limit = limit;
  }

  /**
   * The cache of a worker; where there can be none (nobody may write there), or none is wanted, one for this job that keeps nothing.
   * @param setting CACHE_SIZE of the worker
   * @throws ConfigurationError for a setting that is no size
   */
  static async open(paths: LavaPaths, setting: string | undefined, scratch: string, say: (text: string) => void): Promise<DownloadCache> {
    if (parseCacheSize(setting) === 0) return DownloadCache.without(scratch);
    const folder = cacheFolder(paths);
    try {
      for (const place of Object.values(placesIn(folder))) await mkdir(place, { recursive: true, mode: 0o700 });
      return new DownloadCache(folder, await cacheLimit(folder, setting));
    } catch (error) {
      say(`No downloads are kept on this worker: ${messageOf(error)}`);
      return DownloadCache.without(scratch);
    }
  }

  /** For one job, keeping nothing. */
  static without(scratch: string): DownloadCache {
    return new DownloadCache(join(scratch, 'unfinished-downloads'), 0);
  }

  get keeps(): boolean {
    return this.#limit > 0;
  }

  /** The first of these names by which a file is known that is as it came. */
  async find(names: readonly string[]): Promise<Entry | undefined> {
    if (!this.keeps) return undefined;
    for (const name of names) {
      const entry = await readEntry(placesIn(this.folder).names, name);
      if (entry && await this.#isIntact(entry)) return entry;
    }
    return undefined;
  }

  async #isIntact({ file, size }: Entry): Promise<boolean> {
    const path = join(placesIn(this.folder).files, file);
    const stats = await lstat(path).catch(() => undefined);
    if (!stats?.isFile()) return false;
    if (stats.size !== size || stats.mtimeMs !== seal * 1000) {
      await rm(path, { force: true });
      return false;
    }
    await utimes(path, Date.now() / 1000, seal).catch(() => undefined);
    return true;
  }

  /** Gives a file to a job. @param reads it will not be written to @returns false when the file was removed meanwhile */
  async take({ file }: Entry, target: string, reads: boolean, signal: AbortSignal): Promise<boolean> {
    const path = join(placesIn(this.folder).files, file);
    try {
      await handOver(path, target, reads, signal);
      return true;
    } catch (error) {
      if (signal.aborted || await lstat(path).then(() => true, () => false)) throw error;
      return false;
    }
  }

  /** Notes for the worker whether a file was there or had to be fetched. */
  async tally(wasThere: boolean): Promise<void> {
    if (this.keeps) await countUse(this.folder, wasThere ? 'hits' : 'misses');
  }

  /** The place to fetch what `name` names. @param onWait called if another process is just doing that; its end is waited for */
  slot(name: string, options: { signal: AbortSignal; onWait: () => void }): Promise<Slot> {
    return Slot.open(placesIn(this.folder).parts, name, options);
  }

  /** Removes old files so that there is room for one more. @param bytes that will be written */
  async makeRoom(bytes: number): Promise<void> {
    if (this.keeps) await trim(this.folder, { limit: this.fits(bytes) ? this.#limit - bytes : this.#limit, free: bytes });
  }

  /** May a file of that size stay? */
  fits(bytes: number): boolean {
    return bytes <= this.#limit;
  }

  /**
   * Keeps what was fetched in a slot, and gives the slot back: in the background, as writing to the disk takes its time.
   * @param path the raw or the plain file of the slot
   */
  save(slot: Slot, path: string, names: readonly string[], entry: Entry): void {
    const saving = this.#save(slot, path, names, entry).catch(() => undefined);
    this.#saving.add(saving);
    void saving.then(() => this.#saving.delete(saving));
  }

  async #save(slot: Slot, path: string, names: readonly string[], entry: Entry): Promise<void> {
    const places = placesIn(this.folder);
    try {
      await syncFile(path);
      await utimes(path, Date.now() / 1000, seal);
      await rename(path, join(places.files, entry.file));
    } catch {
      // A full disk, say. The job has its file.
      await slot.discard();
      return slot.release();
    }
    // Whoever waits for the slot finds the file by its names.
    for (const name of names) await writeEntry(places.names, name, entry);
    if (path === slot.raw) await slot.leave();
    else {
      await slot.discard();
      await slot.release();
    }
    await trim(this.folder, { limit: this.#limit });
  }

  /** Waits until what was fetched is kept, for half a minute at most; what is not is fetched again one day. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => { timer = setTimeout(resolve, patienceMs); });
    await Promise.race([Promise.all(this.#saving), patience]);
    clearTimeout(timer);
  }
}

/** Waits until the bytes of a file would survive a crash of the machine. */
async function syncFile(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
