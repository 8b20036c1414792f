import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, LavaBug } from '@lava/base';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/**
 * Makes sure that one daemon uses a state folder. The lock of a killed daemon does not count.
 * Throws ConfigurationError when another lives. Returns how to give the lock back.
 */
export async function lockState(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'daemon.json');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const self = identify(process.pid);
  if (!self) throw new LavaBug('this process is not in /proc', { code: 'no-proc' });
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, `${JSON.stringify(self)}\n`, { flag: 'wx', mode: 0o600 });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw error;
    }
    const holder = await readHolder(path);
    if (holder && isAlive(holder)) {
      throw new ConfigurationError(`another worker, process ${holder.pid}, uses ${folder}`, {
        code: 'state-in-use', hint: 'Stop that one, or give this one another --worker-dir.',
      });
    }
    await rm(path, { force: true });
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
