import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import type { Readable } from 'node:stream';
import { JobError } from '@lava/base';
import type { JobContext } from '../pipeline/job-context.ts';
import type { Source } from './source.ts';

/** Where `to: downloads` puts the files of a namespace, for later blocks of it and for containers. */
export function downloadsFolder(job: Pick<JobContext, 'scratch'>, namespace: string): string {
  return join(job.scratch, 'downloads', namespace);
}

/** A file that an earlier block of the job has fetched or made: `downloads://NAME`. */
export class DownloadsSource implements Source {
  readonly action = 'pre-downloaded';
  readonly url: string;
  readonly #folder: string;

  constructor(url: string, folder: string) {
    this.url = url;
    this.#folder = folder;
  }

  /** Nothing can be known before the earlier block has run. */
  async check(): Promise<undefined> {
    return undefined;
  }

  async open(): Promise<{ stream: Readable; size: number }> {
    // `..` leads nowhere above the folder.
    const name = normalize(`/${this.url.replace(/^downloads:\/+/i, '')}`).slice(1);
    const path = join(this.#folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return { stream: createReadStream(path, { highWaterMark: 1 << 20 }), size: found.size };
    const others = await readdir(this.#folder).catch(() => []);
    throw new JobError(`Resource unavailable: ${name} (${others.length === 0 ? 'not files at all available' : `available: ${others.sort().join(', ')}`})`, {
      code: 'download-404', hint: "Files for 'downloads://' come from an earlier deploy block with 'to: downloads' in the same namespace.",
    });
  }
}
