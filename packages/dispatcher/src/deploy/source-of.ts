import { JobError } from '@lava/base';
import type { JobContext } from '../pipeline/job-context.ts';
import { FileSource } from './file-source.ts';
import { HttpSource } from './http-source.ts';
import type { Source } from './source.ts';

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
