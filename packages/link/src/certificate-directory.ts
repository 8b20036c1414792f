import { watch, type FSWatcher } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, monotonicMs, type DaemonLog } from '@lava/base';
import { parseCertificate } from './certificates.ts';

/** Milliseconds between looks at a directory whose changes should have been reported (lost events, network mounts). */
const rescanEvery = 5_000;

/**
 * The admitted public keys: every `*.key` of a directory, known by the file's name without `.key`.
 * Follows the directory; adding a file admits, deleting one locks out.
 */
export class CertificateDirectory {
  readonly path: string;
  readonly #log: DaemonLog;
  readonly #except: string | undefined;
  #keys = new Map<string, string>();
  #admitted = new Set<string>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #onChange: () => void = () => {};
  #loading: Promise<void> | undefined;
  #again = false;
  #lastRead = 0;
  #broken = new Map<string, string>();

  /** @param except a public key that is never admitted: the server's own, whose file usually lies in the same directory */
  constructor(path: string, log: DaemonLog, except?: string) {
    this.path = path;
    this.#log = log;
    this.#except = except;
  }

  /** Reads the directory and follows it from then on; `onChange` runs after each change of the admitted keys. */
  async open(onChange: () => void = () => {}): Promise<void> {
    this.#onChange = onChange;
    await this.reload();
    this.#timer = setInterval(() => { this.#watch(); void this.reload(); }, rescanEvery);
    this.#timer.unref();
    this.#watch();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#settle);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Public key (Z85) of the certificate `name`, when it is admitted. */
  keyOf(name: string): string | undefined {
    return this.#keys.get(name);
  }

  /** Looks at the disk again before it says no (once a second: anybody can ask), so that a certificate counts as soon as it is there. */
  async admits(publicKey: string): Promise<boolean> {
    if (!this.#admitted.has(publicKey) && monotonicMs() - this.#lastRead > 1000) await this.reload();
    return this.#admitted.has(publicKey);
  }

  /** Reads the directory again now; resolves when what was on disk at the time of the call is in force. */
  async reload(): Promise<void> {
    if (this.#loading) { this.#again = true; return this.#loading; }
    this.#loading = (async () => {
      do { this.#again = false; await this.#read(); } while (this.#again);
    })().finally(() => { this.#loading = undefined; });
    return this.#loading;
  }

  #watch(): void {
    if (this.#watcher) return;
    try {
      this.#watcher = watch(this.path, { persistent: false }, () => this.#soon());
      this.#watcher.on('error', () => { this.#watcher?.close(); this.#watcher = undefined; });
    } catch { /* not there (yet): the rescan tries again */ }
  }

  /** A file that is being copied changes several times; it is read when it has been quiet for a moment. */
  #soon(): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.reload(), 30);
    this.#settle.unref();
  }

  async #read(): Promise<void> {
    this.#lastRead = monotonicMs();
    const keys = new Map<string, string>();
    const broken = new Map<string, string>();
    let names: string[] = [];
    try {
      names = (await readdir(this.path)).filter((n) => n.endsWith('.key') && !n.startsWith('.')).sort();
    } catch (error) {
      broken.set(this.path, messageOf(error));
    }
    for (const name of names) {
      const path = join(this.path, name);
      try {
        const { publicKey } = parseCertificate(await readFile(path, 'utf8'), path);
        if (publicKey !== this.#except) keys.set(name.slice(0, -'.key'.length), publicKey);
      } catch (error) {
        broken.set(path, messageOf(error));
      }
    }
    for (const [path, reason] of broken) {
      if (this.#broken.get(path) !== reason) this.#log.warn(`[AUTH] Not admitted: ${reason}`);
    }
    this.#broken = broken;
    const text = (map: Map<string, string>) => [...map].flat().join(' ');
    if (text(keys) === text(this.#keys)) return;
    this.#keys = keys;
    this.#admitted = new Set(keys.values());
    this.#log.info(`[AUTH] Reloading certificates from ${this.path}`);
    this.#onChange();
  }
}
