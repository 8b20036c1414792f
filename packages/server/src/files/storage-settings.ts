import { isAbsolute } from 'node:path';
import { ConfigurationError } from '@lava/base';
import { isMapping } from '@lava/job';
import { folderStore } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';

const wrong = (what: string) => new ConfigurationError(`STORAGE ${what}`, {
  code: 'setting-storage', hint: 'Write STORAGE: {s3: {bucket: NAME, region: NAME, endpoint: URL, prefix: TEXT}}, of which only the bucket must be there, or STORAGE: {folder: /PATH}, or leave it out.',
});

/**
 * Where logs and files of jobs are kept for all servers, by the setting `STORAGE`; undefined: on this server's own disk.
 * @throws ConfigurationError when it cannot be read
 */
export async function sharedStorage(settings: Readonly<Record<string, unknown>>): Promise<ObjectStore | undefined> {
  const value = settings['STORAGE'];
  if (value === undefined || value === null) return undefined;
  if (!isMapping(value) || Object.keys(value).length !== 1) throw wrong('is neither s3 nor folder');
  if (typeof value['folder'] === 'string') {
    if (!isAbsolute(value['folder'])) throw wrong(`names the folder ${JSON.stringify(value['folder'])}, which is no path from /`);
    return folderStore(value['folder']);
  }
  const s3 = value['s3'];
  if (!isMapping(s3)) throw wrong('is neither s3 nor folder');
  const unknown = Object.keys(s3).find((name) => !['bucket', 'region', 'endpoint', 'prefix'].includes(name));
  if (unknown !== undefined) throw wrong(`has ${JSON.stringify(unknown)}, which is unknown`);
  const text = (name: string) => {
    const given = s3[name];
    if (given === undefined || given === null) return undefined;
    if (typeof given !== 'string' || given === '') throw wrong(`has a ${name} that is no text`);
    return given;
  };
  const bucket = text('bucket');
  if (bucket === undefined) throw wrong('names no bucket');
  const endpoint = text('endpoint');
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol))) throw wrong(`has the endpoint ${JSON.stringify(endpoint)}, which is no address`);
  // Amazon's library is large: only who uses it loads it.
  const { s3Store } = await import('./s3-store.ts');
  return s3Store({ bucket, endpoint, region: text('region') ?? process.env['AWS_REGION'] ?? 'us-east-1', prefix: text('prefix') ?? '' });
}
