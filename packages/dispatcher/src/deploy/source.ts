import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { JobError } from '@lava/base';
import type { JobContext } from '../pipeline/job-context.ts';
import { HttpSource } from './http-source.ts';

/** Where a file to deploy comes from. */
export interface Source {
  /** Name of the action that fetches from it. */
  readonly action: 'http-download' | 'file-download';
  /** Address as the user gave it, placeholders filled in. */
  readonly url: string;
  /** Whether it is there: undefined, or what is wrong in LAVA's words. Lines for the log go to `say`. */
  check(say: (text: string) => void, signal: AbortSignal): Promise<string | undefined>;
  /** Opens it. `size`: bytes to come, if known. */
  open(say: (text: string) => void, signal: AbortSignal): Promise<{ stream: Readable; size: number | undefined }>;
}

interface SourceOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** May a caching proxy of the worker serve it? */
  readonly useCache: boolean;
}

/** @throws JobError for a scheme that cannot be fetched */
export function sourceOf(job: JobContext, { url, headers, useCache }: SourceOptions): Source {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  switch (scheme) {
    case 'http': case 'https': return new HttpSource(url, headers, useCache ? job.dispatcher : {});
    case 'file': return new FileSource(url);
    default: throw new JobError(`Unsupported url protocol scheme: ${scheme}`, { code: 'url-scheme', hint: `Use http, https or file in '${url}'.` });
  }
}

/** A file of the worker. */
class FileSource implements Source {
  readonly action = 'file-download';
  readonly url: string;
  readonly #path: string;

  constructor(url: string) {
    this.url = url;
    this.#path = /^file:\/\/[^/]*(\/[^?#]*)/i.exec(url)?.[1] ?? '';
  }

  async check(say: (text: string) => void): Promise<string | undefined> {
    say(`Validating that ${this.url} exists`);
    const isFile = await stat(this.#path).then((found) => found.isFile(), () => false);
    return isFile ? undefined : `Image file '${this.#path}' does not exist or is not readable`;
  }

  async open(): Promise<{ stream: Readable; size: number }> {
    const { size } = await stat(this.#path).catch(() => { throw new JobError(`Resource unavailable: file '${this.#path}' on the worker`, { code: 'download-404' }); });
    return { stream: createReadStream(this.#path, { highWaterMark: 1 << 20 }), size };
  }
}
