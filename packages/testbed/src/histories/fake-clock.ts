import { existsSync, readdirSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetFolder } from '@lava/base';

/** The wall clock of some of our programs, which can be set while they run. Their monotonic clock stays right. */
export class FakeClock {
  readonly #file: string;
  readonly #library: string | undefined;

  private constructor(file: string, library: string | undefined) {
    this.#file = file;
    this.#library = library;
  }

  /**
   * @param withDatabase also PostgreSQL, which the server starts, goes by it, where libfaketime (Debian: faketime) is
   * installed. Nobody else does: a process that is killed in that library can leave others waiting, PostgreSQL's never do.
   */
  static async make(file: string, { withDatabase = false } = {}): Promise<FakeClock> {
    const library = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`).find((path) => existsSync(path));
    const clock = new FakeClock(file, withDatabase ? library : undefined);
    await clock.set(0);
    return clock;
  }

  /** Variables for the programs that go by this clock. */
  get environment(): NodeJS.ProcessEnv {
    const script = join(assetFolder(import.meta.url, 'fault-clock'), 'clock.cjs');
    return { NODE_OPTIONS: `--require ${script}`, FAULT_CLOCK: this.#file, ...(this.#library !== undefined && { FAULT_CLOCK_LIBRARY: this.#library }) };
  }

  /** Seconds by which it is off from now on. */
  async set(seconds: number): Promise<void> {
    await writeFile(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
  }
}

/** Removes what libfaketime leaves in shared memory when the process that began with it is killed. */
export async function removeFakeClockRemains(): Promise<void> {
  for (const name of await readdir('/dev/shm').catch(() => [])) {
    const pid = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(join('/dev/shm', name), { force: true });
  }
}
