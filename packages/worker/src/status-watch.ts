import { statfs } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { monotonicMs } from '@lava/base';
import { clearTally, readTally } from '@lava/dispatcher/cache';
import type { DiskSpace, WorkerStatus } from '@lava/link';

interface StatusWatchOptions {
  /** Folder with the state of the jobs. */
  readonly state: string;
  /** Folder of the downloads that are kept; it need not be there yet. */
  readonly cache: string;
  /** Attempts whose run lives. */
  running(): number;
  /** Milliseconds between two looks, and between two reports of what has hardly changed. */
  readonly look?: number;
  readonly repeat?: number;
}

/** Parts of a disk, and milliseconds of a clock, by which a change is told at once. */
const muchOfDisk = 0.05;
const muchOfClock = 1000;

/** Looks how this worker is, and says when the server should hear it: each minute, and when much has changed. */
export class StatusWatch {
  readonly #options: StatusWatchOptions;
  #disks: Pick<WorkerStatus, 'disk' | 'cache'> | undefined;
  #looking = false;
  #timer: NodeJS.Timeout | undefined;
  #told: WorkerStatus | undefined;
  #toldAt = 0;

  constructor(options: StatusWatchOptions) {
    this.#options = options;
  }

  /** Counts uses of the cache from now on, and looks for the first time. */
  async open(): Promise<void> {
    await clearTally(this.#options.cache).catch(() => undefined);
    await this.#look();
    this.#timer = setInterval(() => void this.#look(), this.#options.look ?? 10_000);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** What is to be told now; undefined: nothing. @param clockAhead as in the status */
  due(clockAhead: number | undefined): WorkerStatus | undefined {
    if (!this.#disks) return undefined;
    const status: WorkerStatus = { ...this.#disks, load: Math.round(loadavg()[0]! * 100) / 100, running: this.#options.running(), ...(clockAhead !== undefined && { clockAhead }) };
    const now = monotonicMs();
    if (this.#told && now - this.#toldAt < (this.#options.repeat ?? 60_000) && !changedMuch(this.#told, status)) return undefined;
    this.#told = status;
    this.#toldAt = now;
    return status;
  }

  async #look(): Promise<void> {
    // A disk that does not answer is not asked again meanwhile.
    if (this.#looking) return;
    this.#looking = true;
    const { state, cache } = this.#options;
    try {
      const [disk, room, tally] = await Promise.all([spaceAt(state), spaceAt(cache), readTally(cache)]);
      this.#disks = { disk, cache: { ...room, ...tally } };
    } catch {
      // What was seen last goes on to hold.
    } finally {
      this.#looking = false;
    }
  }
}

function changedMuch(before: WorkerStatus, now: WorkerStatus): boolean {
  const ofDisk = (a: DiskSpace, b: DiskSpace) => a.total !== b.total || Math.abs(a.free - b.free) > muchOfDisk * b.total;
  const ofClock = (now.clockAhead !== undefined) !== (before.clockAhead !== undefined) || Math.abs((now.clockAhead ?? 0) - (before.clockAhead ?? 0)) > muchOfClock;
  return ofDisk(before.disk, now.disk) || ofDisk(before.cache, now.cache) || before.running !== now.running || ofClock;
}

/** Space on the file system of a folder, or of the nearest one above it that is there. */
async function spaceAt(folder: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: Math.min(Math.max(0, bavail), blocks) * bsize, total: blocks * bsize };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || folder === dirname(folder)) throw error;
    return spaceAt(dirname(folder));
  }
}
