import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A small file system in memory at a folder, which can be filled up. Needs root and the right to mount. */
export class DiskOfItsOwn {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Undefined where nothing can be mounted: then no disk gets full. */
  static async make(folder: string): Promise<DiskOfItsOwn | undefined> {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder]);
      return new DiskOfItsOwn(folder);
    } catch {
      return undefined;
    }
  }

  async fill(): Promise<void> {
    const file = await open(join(this.folder, '.filler'), 'w');
    try {
      for (const piece of [Buffer.alloc(1 << 20), Buffer.alloc(4096)]) for (;;) await file.writeFile(piece);
    } catch { /* full */ } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(join(this.folder, '.filler'), { force: true });
  }

  async remove(): Promise<void> {
    await run('umount', ['--lazy', this.folder]).catch(() => undefined);
  }
}
