import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';

/** The wall clock of some processes, which can be set while they run (libfaketime). Their monotonic clock stays right. */
export class FakeClock {
  readonly #file: string;
  readonly #library: string;

  private constructor(file: string, library: string) {
    this.#file = file;
    this.#library = library;
  }

  /** Undefined where libfaketime (Debian: faketime) is not installed: then no clock jumps. */
  static async make(file: string): Promise<FakeClock | undefined> {
    const library = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`).find((path) => existsSync(path));
    if (library === undefined) return undefined;
    const clock = new FakeClock(file, library);
    await clock.set(0);
    return clock;
  }

  /** Variables for the processes that go by this clock. */
  get environment(): NodeJS.ProcessEnv {
    return { LD_PRELOAD: this.#library, FAKETIME_TIMESTAMP_FILE: this.#file, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1', FAKETIME_NO_CACHE: '1' };
  }

  /** Seconds by which it is off from now on. */
  async set(seconds: number): Promise<void> {
    await writeFile(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
  }
}
