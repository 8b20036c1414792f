import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { readSettings } from '../settings/settings-files.ts';

/**
 * The database that a LAVA's settings name, as `postgresql://…`: `DATABASES` in settings.yaml and settings.d, or
 * `instance.conf` of older releases.
 * @throws ConfigurationError when they name none
 */
export async function findDatabase(folder: string): Promise<string> {
  const found = mappingAt(await readSettings(folder), 'DATABASES', 'default');
  if (found) return urlOf({ name: found['NAME'], user: found['USER'], password: found['PASSWORD'], host: found['HOST'], port: found['PORT'] });
  const text = await readFile(join(folder, 'instance.conf'), 'utf8').catch(() => '');
  // The file is read by a shell: a value may stand in quotes.
  const value = (key: string) => new RegExp(`^\\s*(?:export\\s+)?LAVA_DB_${key}=(["']?)(.*)\\1\\s*$`, 'm').exec(text)?.[2];
  if (value('NAME') !== undefined) return urlOf({ name: value('NAME'), user: value('USER'), password: value('PASSWORD'), host: value('SERVER'), port: value('PORT') });
  throw new ConfigurationError(`${folder} names no database`, { code: 'import-database', hint: 'Name it with --database postgresql://USER:PASSWORD@HOST:PORT/NAME.' });
}

function urlOf({ name, user, password, host, port }: Readonly<Record<'name' | 'user' | 'password' | 'host' | 'port', unknown>>): string {
  const [where, at] = [text(host) || 'localhost', text(port) || '5432'];
  const url = new URL(`postgresql://${where.startsWith('/') ? 'localhost' : where}:${at}/${encodeURIComponent(text(name))}`);
  url.username = encodeURIComponent(text(user));
  url.password = encodeURIComponent(text(password));
  // A folder is that of a Unix socket.
  if (where.startsWith('/')) url.searchParams.set('host', where);
  return url.href;
}

const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
