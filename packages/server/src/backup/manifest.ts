import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '@lava/base';

/** What a backup says of itself; written last, so that one that was cut off has none. */
export interface Manifest {
  readonly format: 1;
  /** Release of LAVA that made it. */
  readonly version: string;
  readonly madeAt: string;
  readonly migrations: readonly string[];
  /** In the order in which they can be filled, with the number of their rows. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly sequences: Readonly<Record<string, number>>;
}

/** Rows of a table, one JSON object a line. */
export const tableFile = (folder: string, table: string, tables = 'tables') => join(folder, tables, `${table}.jsonl.gz`);

/** Folders of a backup beside those of jobs. */
export const folders = { config: 'etc-lava-server', certificates: 'certificates.d' } as const;

const manifestFile = (folder: string) => join(folder, 'manifest.json');

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(`${manifestFile(folder)}.new`, `${JSON.stringify(manifest, null, 1)}\n`);
  await rename(`${manifestFile(folder)}.new`, manifestFile(folder));
}

/** @throws ConfigurationError when the folder holds no whole backup */
export async function readManifest(folder: string): Promise<Manifest> {
  try {
    const manifest = JSON.parse(await readFile(manifestFile(folder), 'utf8')) as Manifest;
    if (manifest.format === 1) return manifest;
  } catch { /* told below */ }
  throw new ConfigurationError(`${folder} holds no backup, or one that was cut off`, { code: 'no-backup', hint: 'Name the folder that "backup" was given.' });
}
