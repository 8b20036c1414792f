import { spawn } from 'node:child_process';
import { InfrastructureError, JobError, monotonicMs } from '@lava/base';
import { endProcesses, processTree } from '../process/process-tree.ts';
import { pythonRepr } from '@lava/job';
import type { Action, ExecOptions, ExecResult } from './action.ts';

/** Milliseconds between SIGTERM and SIGKILL for a program whose action has ended. */
const graceMs = 3000;
/** Characters of output that are kept for the caller; all of it is logged. */
const longestOutput = 16 << 20;

/** What running a program needs of an action. */
type ExecContext = Pick<Action, 'log' | 'signal'> & { readonly job: Pick<Action['job'], 'environment'> };

/**
 * Runs a program on the worker, without a shell, and logs its output line by line as it comes.
 * When the action's time is over (or the job is canceled) the program and all it started are ended.
 */
export async function execProgram(a: ExecContext, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new JobError('nothing to run: the command is empty', { code: 'command-shape' });
  if (a.signal.aborted) throw a.signal.reason;
  const { log, signal } = a;
  if (!options.quiet) log.debug(`Calling: ${pythonRepr(argv)}`);
  const started = monotonicMs();
  const child = spawn(program, args, {
    cwd: options.cwd, detached: true, stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...a.job.environment, ...options.env },
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    let partial = '';
    child[name]?.setEncoding('utf8');
    child[name]?.on('data', (piece: string) => {
      if (text[name].length < longestOutput) text[name] += piece;
      if (options.quiet) return;
      const lines = (partial + piece).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) log.debug(`>> ${line.replace(/\r$/, '')}`);
    });
    child[name]?.on('end', () => { if (partial !== '') log.debug(`>> ${partial}`); });
  }
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);

  const stop = () => { if (child.pid !== undefined) void endProcesses(processTree(child.pid), graceMs); };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const status = await new Promise<number | undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', (code, killedBy) => resolve(code ?? (killedBy === null ? 1 : -1)));
  });
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw signal.reason;
  if (!options.quiet) log.debug(`Returned ${status ?? 127} in ${Math.floor((monotonicMs() - started) / 1000)} seconds`);
  if (status !== 0 && !options.allowFail) {
    const failed = `Unable to run: ${pythonRepr(argv)}`;
    log.error(status === undefined ? `${failed}: Cannot find command '${program}' in $PATH` : failed);
    const message = options.errorMessage ?? failed;
    const why = options.code === undefined ? { code: 'command-failed' } : { code: options.code };
    throw options.error === 'Infrastructure' ? new InfrastructureError(message, why) : new JobError(message, why);
  }
  return { status: status ?? 127, ...text };
}
