import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type DaemonLog } from '@lava/base';
import type { ServerAddress } from '@lava/link';

interface Kept {
  /** Public key of the server that named them; empty on plain connections. */
  readonly key: string;
  readonly servers: readonly ServerAddress[];
}

/**
 * What the server has named as all servers, kept beside the state of the jobs for the next start. It is only of use with the
 * server's key: who enrols elsewhere begins anew. A file that cannot be read or written is as none: the configured servers stay.
 */
export class ServersFile {
  readonly #path: string;
  readonly #key: string;
  readonly #log: DaemonLog;
  #kept = '';
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, key: string, log: DaemonLog) {
    this.#path = join(folder, 'servers.json');
    this.#key = key;
    this.#log = log;
  }

  async read(): Promise<readonly ServerAddress[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    if (text === '') return [];
    try {
      const { key, servers } = JSON.parse(text) as Partial<Kept>;
      if (key !== this.#key || !Array.isArray(servers)) return [];
      this.#kept = text;
      return servers.filter((server) => typeof server?.master === 'string' && typeof server.logger === 'string');
    } catch (error) {
      this.#log.warn(`${this.#path} is not used: ${messageOf(error)}`);
      return [];
    }
  }

  /** Keeps them in the background, whole or not at all. */
  keep(servers: readonly ServerAddress[]): void {
    const text = `${JSON.stringify({ key: this.#key, servers } satisfies Kept, null, 2)}\n`;
    if (text === this.#kept) return;
    this.#kept = text;
    this.#writing = this.#writing.then(() => this.#write(text)).then(
      () => this.#log.info(`The master named ${servers.length} servers: ${servers.map(({ master }) => master).join(', ')}`),
      (error: unknown) => {
        this.#kept = '';
        this.#log.warn(`Cannot keep the servers that the master named: ${messageOf(error)}`);
      },
    );
  }

  /** Waits for what is being written. */
  close(): Promise<void> {
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
  }
}
