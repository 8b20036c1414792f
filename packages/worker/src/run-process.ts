import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InfrastructureError } from '@lava/base';
import type { AttemptFolder } from './attempt-folder.ts';
import { runEnvironment } from './environment.ts';
import { identify, processesWith, type ProcessIdentity } from './process-identity.ts';

/** Variable by which everything that an attempt started is found again: its value is the attempt's folder. */
const mark = 'LAVA_ATTEMPT';

export interface RunOptions {
  /** `lava-run`, a script for this Node.js. */
  readonly program: string;
  /** Root of configuration and state, told to `lava-run` as LAVA_ROOT. */
  readonly root: string;
  /** Setting CACHE_SIZE of the worker, told to `lava-run` as LAVA_CACHE_SIZE. */
  readonly cacheSize?: string | undefined;
}

/**
 * Starts `lava-run` for an attempt in a session of its own, so that it outlives the daemon; its output goes to files.
 * `exited` resolves when it has ended (only while this daemon lives). Throws ConfigurationError or InfrastructureError.
 */
export async function startRun(folder: AttemptFolder, options: RunOptions): Promise<{ process: ProcessIdentity; exited: Promise<void> }> {
  await access(options.program).catch((error) => {
    throw new InfrastructureError(`there is no ${options.program} on this worker`, { code: 'lava-run-missing', hint: 'Install the worker again.', cause: error });
  });
  const environment = runEnvironment(await folder.read('env.yaml'), process.env);
  const given = async (name: 'dispatcher.yaml' | 'env-dut.yaml', option: string) => ((await folder.read(name)).trim() === '' ? [] : [option, folder.file(name)]);
  const stdout = await open(folder.file('stdout'), 'a', 0o600);
  const stderr = await open(folder.file('stderr'), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [
      options.program, '--job-id', String(folder.ref.job), '--output-dir', folder.path, '--device', folder.file('device.yaml'),
      ...await given('dispatcher.yaml', '--dispatcher'), ...await given('env-dut.yaml', '--env-dut'), folder.file('job.yaml'),
    ], { detached: true, cwd: folder.path, stdio: ['ignore', stdout.fd, stderr.fd], env: { ...environment, LAVA_ROOT: options.root, ...(options.cacheSize !== undefined && { LAVA_CACHE_SIZE: options.cacheSize }), [mark]: folder.path } });
    const exited = new Promise<void>((resolve) => { child.once('exit', () => resolve()); });
    await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => { throw error; })]);
    child.unref();
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    // One that ended within these microseconds has left its files; a process number that nobody has says so.
    return { process: identity ?? { pid: child.pid ?? 0, started: '0', boot: '' }, exited };
  } catch (error) {
    throw new InfrastructureError(`cannot start lava-run: ${(error as Error).message}`, { code: 'lava-run-start', cause: error });
  } finally {
    await stdout.close();
    await stderr.close();
  }
}

/** Finds the `lava-run` of an attempt whose number was not noted down any more: the daemon was killed in that moment. */
export async function findRun(folder: AttemptFolder): Promise<ProcessIdentity | undefined> {
  const found = await processesWith(mark, (path) => path === folder.path);
  return found.sort((a, b) => Number(a.started) - Number(b.started))[0];
}

/** Kills whatever an attempt left behind: QEMU, servers, shells; they may hold the device. */
export function killLeftovers(folder: AttemptFolder): Promise<number> {
  return killAll((path) => path === folder.path);
}

/** Kills what runs of attempts whose folders are gone: nobody follows it, and it may hold a device. */
export function killStrays(attempts: string): Promise<number> {
  return killAll((path) => dirname(path) === attempts && !existsSync(path));
}

async function killAll(ofAttempt: (path: string) => boolean): Promise<number> {
  let killed = 0;
  for (let round = 0; round < 20; round++) {
    const found = await processesWith(mark, ofAttempt);
    if (found.length === 0) break;
    for (const { pid } of found) {
      try { process.kill(pid, 'SIGKILL'); killed++; } catch { /* gone */ }
    }
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return killed;
}
