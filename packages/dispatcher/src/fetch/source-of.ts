import { JobError } from '@lava/base';
import type { JobContext } from '../pipeline/job-context.ts';
import { downloadsFolder, DownloadsSource } from './downloads-source.ts';
import { FileSource } from './file-source.ts';
import { HttpSource } from './http-source.ts';
import { RcloneSource } from './rclone-source.ts';
import { ScpSource } from './scp-source.ts';
import type { Source } from './source.ts';

interface SourceOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** May a caching proxy of the worker serve it? */
  readonly useCache: boolean;
  /** Whose files `downloads://` means. */
  readonly namespace: string;
}

/** @throws JobError for a scheme that cannot be fetched */
export function sourceOf(job: JobContext, { url, headers, useCache, namespace }: SourceOptions): Source {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  switch (scheme) {
    case 'http': case 'https': return new HttpSource(url, headers, useCache ? job.dispatcher : {});
    case 'file': return new FileSource(url);
    case 'scp': return new ScpSource(url, job.environment);
    case 'rclone': return new RcloneSource(url, job);
    case 'downloads': return new DownloadsSource(url, downloadsFolder(job, namespace));
    default: throw new JobError(`Unsupported url protocol scheme: ${scheme}`, { code: 'url-scheme', hint: `Use http, https, file, scp, rclone or downloads in '${url}'.` });
  }
}
