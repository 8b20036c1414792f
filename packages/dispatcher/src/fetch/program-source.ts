import type { Readable } from 'node:stream';
import { JobError } from '@lava/base';
import { programOutput, type Call } from './program-output.ts';
import type { Source, Unavailable } from './source.ts';

/** A file that a program of the worker fetches: `ssh`, `rclone`. */
export abstract class ProgramSource implements Source {
  abstract readonly action: Source['action'];
  readonly url: string;
  /** What to try where the program fails. */
  protected abstract readonly hint: string;

  constructor(url: string) {
    this.url = url;
  }

  async check(say: (text: string) => void, signal: AbortSignal): Promise<Unavailable | undefined> {
    say(`Validating that ${this.url} exists`);
    const size = await this.size(signal);
    return 'problem' in size ? size.problem : undefined;
  }

  async open(_say: (text: string) => void, signal: AbortSignal): Promise<{ stream: Readable; size: number | undefined }> {
    const size = await this.size(signal);
    if ('problem' in size) throw new JobError(size.problem.text, { code: size.problem.code, hint: this.hint });
    return { stream: programOutput(await this.reading(signal)), size: size.bytes };
  }

  /** Bytes of the file, undefined where they are not known before. */
  protected abstract size(signal: AbortSignal): Promise<{ bytes: number | undefined } | { problem: Unavailable }>;

  /** The call that prints the file. */
  protected abstract reading(signal: AbortSignal): Call | Promise<Call>;
}
