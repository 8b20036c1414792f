import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMapping } from '@lava/job';

/** What its server says that tells one state of a file from another (RFC 9110, validators). */
export interface Version {
  readonly etag?: string;
  /** Last-Modified, as it was written. */
  readonly modified?: string;
}

/** A file of the cache and what is known of it. */
export interface Entry {
  /** Its name in the cache. */
  readonly file: string;
  /** Bytes of that file. */
  readonly size: number;
  /** Bytes and sums as they came, before anything was decompressed. */
  readonly received: number;
  readonly sums: Readonly<Record<string, string>>;
  readonly version?: Version;
  /** Where it came from, for people: nothing secret in it. */
  readonly address: string;
}

/** The file that says what is cached by a name, e.g. a checksum or an address. */
const recordOf = (names: string, name: string) => join(names, createHash('sha256').update(name).digest('hex'));

/** What is known by a name; undefined also for a record that is broken. */
export async function readEntry(names: string, name: string): Promise<Entry | undefined> {
  return parseEntry(await readFile(recordOf(names, name), 'utf8').catch(() => ''));
}

export function parseEntry(text: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isMapping(value) || !isMapping(value['sums'])) return undefined;
  const { file, size, received, address } = value;
  return typeof file === 'string' && typeof size === 'number' && typeof received === 'number' && typeof address === 'string' ? value as unknown as Entry : undefined;
}

/** Whole or not at all, whoever else writes it. */
export async function writeEntry(names: string, name: string, entry: Entry): Promise<void> {
  const path = recordOf(names, name);
  const fresh = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.new`;
  await writeFile(fresh, JSON.stringify(entry), { mode: 0o600 });
  await rename(fresh, path);
}
