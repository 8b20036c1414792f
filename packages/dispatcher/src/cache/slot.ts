import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isMapping } from '@lava/job';
import type { Version } from './entry.ts';
import { lockFile } from './file-lock.ts';

/** The begin of a file that could not be fetched to its end. */
export interface Part {
  readonly version: Version;
  readonly bytes: number;
}

const boot = () => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** The place in which one file is fetched by one process at a time. What came before it was killed is there for the next. */
export class Slot {
  /** The bytes as they come. This file is the lock as well. */
  readonly raw: string;
  /** The same decompressed. */
  readonly plain: string;
  readonly handle: FileHandle;

  private constructor(raw: string, handle: FileHandle) {
    this.raw = raw;
    this.plain = `${raw}.plain`;
    this.handle = handle;
  }

  /** Waits until no other process fetches what `name` names. @param onWait called if it has to */
  static async open(folder: string, name: string, options: { signal: AbortSignal; onWait: () => void }): Promise<Slot> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const raw = join(folder, createHash('sha256').update(name).digest('hex'));
    const handle = await lockFile(raw, options);
    if (!handle) throw new TypeError('a lock that is waited for was not got');
    return new Slot(raw, handle);
  }

  /** What an earlier try left; bytes that a crash of the machine may have spoilt do not count. */
  async part(): Promise<Part | undefined> {
    const text = await readFile(this.#note, 'utf8').catch(() => '');
    // Should it be whole already, then one byte must be left to ask for.
    const bytes = (await this.handle.stat()).size - 1;
    if (text === '' || bytes < 1) return undefined;
    let note: unknown;
    try {
      note = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!isMapping(note) || !isMapping(note['version']) || note['boot'] !== boot()) return undefined;
    await this.handle.truncate(bytes);
    return { version: note['version'], bytes };
  }

  /** Makes room for a file from its first byte. @param version what a later try needs to go on; undefined when it cannot */
  async begin(version: Version | undefined): Promise<void> {
    await rm(this.#note, { force: true });
    await this.handle.truncate(0);
    if (version !== undefined) await writeFile(this.#note, JSON.stringify({ version, boot: boot() }), { mode: 0o600 });
  }

  /** Forgets all that came. */
  async discard(): Promise<void> {
    await this.begin(undefined);
    await rm(this.plain, { force: true });
  }

  /** Lets the next one in. What can be used again stays. */
  async release(): Promise<void> {
    await rm(this.plain, { force: true });
    const { size } = await this.handle.stat();
    // Only while we have the lock the file at that path is surely ours.
    if (size === 0) await rm(this.raw, { force: true });
    await this.handle.close();
  }

  /** Lets the next one in after the raw file was moved to where it shall be. */
  async leave(): Promise<void> {
    await rm(this.#note, { force: true });
    await this.handle.close();
  }

  get #note(): string {
    return `${this.raw}.json`;
  }
}
