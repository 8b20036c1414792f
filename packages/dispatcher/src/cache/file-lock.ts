import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { messageOf } from '@lava/base';

interface LockOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** Called once when somebody else has the lock; without it that is not waited for. */
  readonly onWait?: () => void;
}

/**
 * Opens a file for reading and appending and locks it against all other processes; the file is made if need be. Who is
 * killed has lost the lock, as closing the handle gives it back: flock(2), which Node.js has not, but util-linux has a program
 * for it that locks an open file of ours. Whoever has the lock may move or remove the file.
 * @returns undefined when another has the lock and it is not waited for
 * @throws Error when files cannot be locked here, and why `signal` was aborted
 */
export async function lockFile(path: string, { signal, onWait }: LockOptions = {}): Promise<FileHandle | undefined> {
  let waiting = false;
  for (;;) {
    const handle = await open(path, 'a+', 0o600);
    try {
      if (!(await flock(handle, ['--nonblock'], signal))) {
        if (onWait === undefined) return await closed(handle);
        if (!waiting) onWait();
        waiting = true;
        await flock(handle, [], signal);
      }
      // The one before us may have moved or removed what we have opened.
      const [ours, there] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
      if (ours.ino === there?.ino) return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
  }
}

async function closed(handle: FileHandle): Promise<undefined> {
  await handle.close();
}

async function flock(handle: FileHandle, options: readonly string[], signal: AbortSignal | undefined): Promise<boolean> {
  const child = spawn('flock', ['--exclusive', ...options, '3'], { stdio: ['ignore', 'ignore', 'ignore', handle.fd], ...(signal && { signal }) });
  const [status] = await once(child, 'exit').catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new Error(`cannot run flock, of the Debian package util-linux: ${messageOf(error)}`);
  }) as [number | null];
  if (status === 0) return true;
  signal?.throwIfAborted();
  if (status === 1) return false;
  throw new Error(`flock ended with ${String(status)}: does the file system know locks?`);
}
