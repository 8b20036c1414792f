import { createHash } from 'node:crypto';
import { isMapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import type { Compression } from './compression.ts';
import type { Sums } from './receive.ts';

interface NamedFile {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly undo: Compression | undefined;
}

export interface CacheNames {
  /** By its address: good as long as the server says so. */
  readonly address: string;
  /** By what the job says of its content: good for ever. */
  readonly contents: (sums: Sums) => string[];
  /** The same for a file that anybody may have; those of jobs with secrets are given to jobs with the same secrets alone. */
  readonly publicContents: (sums: Sums) => string[];
  /** For people. */
  readonly shown: string;
}

/** By which names the cache knows a file of a job. */
export function cacheNames(job: Pick<JobContext, 'definition'>, { url, headers, undo }: NamedFile): CacheNames {
  const access = accessOf(job, url, headers);
  const form = undo ?? 'raw';
  const contents = (who: string) => (sums: Sums) => Object.entries(sums).map(([name, sum]) => JSON.stringify(['content', name, sum, form, who]));
  return {
    address: JSON.stringify(['address', withoutUser(url), form, access]),
    contents: contents(access), publicContents: contents(''),
    shown: withoutUser(url).replace(/[?#].*$/s, ''),
  };
}

/** A hash of the secrets with which a file is asked for; empty without any. */
function accessOf({ definition }: Pick<JobContext, 'definition'>, url: string, headers: NamedFile['headers']): string {
  const secrets = isMapping(definition['secrets']) ? Object.entries(definition['secrets']).map(([name, value]) => [name, asText(value)] as const) : [];
  // Of http(s) all is seen; other programs may use any of them.
  const used = /^https?:/i.test(url) ? secrets.filter(([, value]) => value !== '' && url.includes(value)) : /^file:/i.test(url) ? [] : secrets;
  const told = [...Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const), ...used, ['user', /^[a-z]+:\/\/([^/?#@]*)@/i.exec(url)?.[1] ?? ''] as const]
    .filter(([, value]) => value !== '');
  return told.length === 0 ? '' : createHash('sha256').update(JSON.stringify(told.sort())).digest('hex');
}

const withoutUser = (url: string) => url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '$1');
