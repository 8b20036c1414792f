import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Top of the project this file belongs to, as source or built. */
export const project = (() => {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'packages/testbed'))) dir = dirname(dir);
  return dir;
})();

/** A built program of the project. */
export interface Program {
  readonly package: 'server' | 'worker' | 'cli' | 'testbed';
  readonly name: string;
}

export const programFile = (p: Program): string => join(project, 'packages', p.package, 'dist', `${p.name}.js`);

/** Runs a program to its end. @throws with `stderr` when its status is not 0 */
export async function runProgram(p: Program, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [programFile(p), ...args], {
    env: { ...process.env, ...env }, maxBuffer: 64 << 20,
  });
  return stdout.trim();
}

/** A daemon of the project as a real process, its output in a file. */
export class Daemon {
  readonly name: string;
  readonly logFile: string;
  readonly process: ChildProcess;
  /** Resolves with the status or the signal when it has ended. */
  readonly ended: Promise<number | string>;

  /** @param enter a command line before it, such as `nsenter`, that becomes the program */
  constructor(p: Program, args: readonly string[], logFile: string, env: NodeJS.ProcessEnv = {}, enter: readonly string[] = []) {
    this.name = p.name;
    this.logFile = logFile;
    const log = openSync(logFile, 'a');
    const [command, ...words] = [...enter, process.execPath, programFile(p), ...args];
    this.process = spawn(command!, words, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.process.once('exit', (status, signal) => resolve(status ?? signal ?? 'unknown'));
      this.process.once('error', (error) => resolve(error.message));
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Ends it and waits until it has. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.running) this.process.kill(signal);
    await this.ended;
  }
}
