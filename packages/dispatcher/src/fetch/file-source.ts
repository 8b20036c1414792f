import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { JobError } from '@lava/base';
import type { Have, Opened, Source, Unavailable } from './source.ts';

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

  async open(_say: (text: string) => void, _signal: AbortSignal, have: Have = {}): Promise<Opened | 'unchanged'> {
    const { size, ino, mtimeNs } = await stat(this.#path, { bigint: true }).catch(() => { throw new JobError(`Resource unavailable: file '${this.#path}' on the worker`, { code: 'download-404' }); });
    const version = { etag: `${ino}-${size}-${mtimeNs}` };
    if (have.whole?.etag === version.etag) return 'unchanged';
    return { stream: createReadStream(this.#path, { highWaterMark: 1 << 20 }), size: Number(size), version };
  }
}
