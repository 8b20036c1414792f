import { spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { InfrastructureError, JobError } from '@lava/base';
import type { Unavailable } from './source.ts';

/** What a program of the worker prints, with its error when it fails. */
export interface Call {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The address that it is asked for. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** What to do where the program fails. */
  readonly hint: string;
}

/** Characters of a program's complaint that are kept. */
const longestComplaint = 300;

/** A stream of what a program prints, which breaks with a JobError when the program fails. The program ends with it. */
export function programOutput({ argv: [program = '', ...words], environment, url, signal, hint }: Call): Readable {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: environment, signal });
  const output = new PassThrough({
    highWaterMark: 1 << 20,
    destroy(error, done) {
      child.kill('SIGKILL');
      done(error);
    },
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => { complaint = (complaint + piece).slice(-longestComplaint); });
  child.stdout.pipe(output, { end: false });
  child.once('error', (error: NodeJS.ErrnoException) => {
    output.destroy(error.code === 'ENOENT' ? new InfrastructureError(`Cannot find command '${program}' in $PATH, to get '${url}'`, { code: 'program-missing', hint: `Install ${program} on the worker.` }) : error);
  });
  child.once('close', (status) => {
    if (status === 0) output.end();
    else output.destroy(new JobError(`Resource unavailable at '${url}': ${lastLine(complaint) || `${program} ended with status ${status ?? 'none'}`}`, { code: 'download-program', hint }));
  });
  return output;
}

/** All that a program prints, and what is wrong with the file if it fails. */
export async function askProgram(call: Call): Promise<{ answer: string } | { problem: Unavailable }> {
  let answer = '';
  try {
    for await (const piece of programOutput(call)) answer += String(piece);
    return { answer };
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    if (!(error instanceof JobError || error instanceof InfrastructureError)) throw error;
    return { problem: { text: error.message, code: error.code } };
  }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)?.trim() ?? '';
