import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { InfrastructureError } from '@lava/base';
import type { Action } from '../pipeline/action.ts';
import { spokenTrouble } from './connection-trouble.ts';
import { Console } from '../console/console.ts';
import { endProcesses, processTree } from '../process/process-tree.ts';
import { readSize } from './read-size.ts';
import { which } from '../process/which.ts';

interface ProcessOptions {
  /** Default: the action's. */
  readonly namespace?: string;
  readonly tags: readonly string[];
  /** Words before the end: see `Console`. */
  readonly farewell?: (console: Console) => Promise<void>;
  /** Run it below a terminal of its own, for programs that want one. */
  readonly terminal?: boolean;
  /** What the reader can do about an early end, by what the program printed. */
  readonly trouble?: (output: string) => string | undefined;
}

/** Lines of a program's output that are told with its end. */
const lastLines = 5;
const longestLine = 300;

/**
 * Starts a program on the worker as a connection.
 * It is the leader of its own process group and session, so that all it starts can be ended with it.
 * @throws InfrastructureError when it cannot be started
 */
export async function connectProcess(a: Action, argv: readonly string[], options: ProcessOptions): Promise<Console> {
  const terminal = options.terminal === true && hasScript(a);
  // `exec`: whatever `script` takes for a shell is not between, with words of its own about how the program ended.
  const [file, ...args] = terminal ? ['script', '-qfec', `exec ${argv.map(shellQuote).join(' ')}`, '/dev/null'] : argv;
  if (file === undefined) throw new InfrastructureError('the command to connect is empty', { code: 'command-shape' });
  const child = spawn(file, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: a.job.environment });
  try {
    await once(child, 'spawn', { signal: a.signal });
  } catch (error) {
    if (a.signal.aborted) throw a.signal.reason;
    throw new InfrastructureError(`Cannot start '${file}': ${(error as Error).message}`, { code: 'connection-command-missing' });
  }
  const console = new Console(a.job.consoles, { namespace: options.namespace ?? a.namespace, tags: options.tags, farewell: options.farewell, readSize: readSize(a) });
  const { stdin, stdout, stderr } = child;
  for (const stream of [stdout, stderr]) stream.on('data', (bytes: Buffer) => console.receive(bytes));
  // Writing to a program that has just ended is no news: the end of its output is.
  stdin.on('error', () => undefined);
  child.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  // A grandchild may hold the pipes open for ever: the end of the program ends the connection a moment later.
  const exited = new Promise<void>((resolve) => child.on('exit', (status, signal) => {
    const how = signal === null ? `ended with exit status ${status ?? 0}` : `was ended by ${signal}`;
    const explain = (output: string) => {
      const known = spokenTrouble(output);
      return { report: `The program '${argv[0] ?? ''}' of the connection ${how}${lastOutput(output)}`, code: known?.code, hint: options.trouble?.(output) ?? known?.hint };
    };
    void Promise.race([closed, new Promise((r) => { setTimeout(r, 500).unref(); })]).then(() => { console.ended(explain); resolve(); });
  }));
  console.attach({
    write: (text) => new Promise((resolve) => { if (stdin.writable) stdin.write(text, () => resolve()); else resolve(); }),
    pause: () => { stdout.pause(); stderr.pause(); },
    resume: () => { stdout.resume(); stderr.resume(); },
    end: async () => {
      stdin.destroy();
      const all = child.pid === undefined ? [] : processTree(child.pid);
      if (terminal) {
        // The program gets a hang-up, as if its terminal were gone; `script` itself would only linger and talk.
        await endProcesses(all.filter((p) => p.pid !== child.pid), 300, 'SIGHUP');
        await endProcesses(all, 100, 'SIGHUP');
      } else {
        await endProcesses(all, 2000);
      }
      await exited;
      stdout.destroy();
      stderr.destroy();
    },
  });
  return console;
}

function lastOutput(output: string): string {
  const lines = output.replaceAll('\u001b', '').split(/[\r\n]+/).map((line) => line.trim().slice(0, longestLine)).filter((line) => line !== '').slice(-lastLines);
  return lines.length === 0 ? ' without any output.' : `; its last output:\n${lines.join('\n')}`;
}

function hasScript(a: Action): boolean {
  try {
    return which('script') !== '';
  } catch {
    a.log.warning("The connection gets no terminal: the program 'script' (package bsdutils or util-linux) is not installed on the worker");
    return false;
  }
}

function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
