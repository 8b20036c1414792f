import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { JobError } from '@lava/base';
import type { Source, Unavailable } from './source.ts';

/** A file of the worker. */
export class FileSource implements Source {
  readonly action = 'file-download';
  readonly url: string;
  readonly #path: string;

  constructor(url: string) {
    this.url = url;
    this.#path = /^file:\/\/[^/]*(\/[^?#]*)/i.exec(url)?.[1] ?? '';
  }

  async check(say: (text: string) => void): Promise<Unavailable | undefined> {
    say(`Validating that ${this.url} exists`);
    const isFile = await stat(this.#path).then((found) => found.isFile(), () => false);
    return isFile ? undefined : { text: `Image file '${this.#path}' does not exist or is not readable`, code: 'download-404' };
  }

  async open(): Promise<{ stream: Readable; size: number }> {
    const { size } = await stat(this.#path).catch(() => { throw new JobError(`Resource unavailable: file '${this.#path}' on the worker`, { code: 'download-404' }); });
    return { stream: createReadStream(this.#path, { highWaterMark: 1 << 20 }), size };
  }
}
