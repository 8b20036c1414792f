import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { ConfigurationError, messageOf, type LavaPaths } from '@lava/base';
import type { Change } from '../store/change.ts';
import type { AuditKind, ConfigurationKind, Database } from '../store/database.ts';

/*
 * Texts that configure devices, device types and workers. An admin's file in LAVA's folders is the truth; what came
 * through the API is in the database and counts where there is no such file. Writing replaces the text where it is.
 */

export interface ConfigurationParts {
  readonly db: Kysely<Database>;
  readonly paths: LavaPaths;
}

interface Place {
  /** Files of one object, in the order they are looked up. */
  files(paths: LavaPaths, name: string): string[];
  /** Files that stand for all objects without a text of their own. */
  shared?(paths: LavaPaths): string[];
  readonly table: 'devices' | 'device_types' | 'workers';
  readonly key: string;
  readonly column: string;
  readonly owner: AuditKind;
}

const config = (...parts: string[]) => (paths: LavaPaths, name: string) => parts.map((part) => join(paths.dispatcherConfig, part.replace('NAME', () => name)));
const ofWorker = (...parts: string[]) => (paths: LavaPaths, name: string) => parts.map((part) => join(paths.serverConfig, 'dispatcher.d', part.replace('NAME', () => name)));
const ofAll = (...names: string[]) => (paths: LavaPaths) => names.map((name) => join(paths.serverConfig, name));
const device = { table: 'devices', key: 'hostname', owner: 'device' } as const;
const type = { table: 'device_types', key: 'name', owner: 'device-type' } as const;
const worker = { table: 'workers', key: 'hostname', owner: 'worker' } as const;

const places: Readonly<Record<ConfigurationKind, Place>> = {
  'dictionary': { ...device, column: 'dictionary', files: config('devices/NAME.jinja2') },
  'template': { ...type, column: 'template', files: config('device-types/NAME.jinja2') },
  'health-check': { ...type, column: 'health_check', files: config('health-checks/NAME.yaml', 'health-checks/NAME.yml') },
  'dispatcher': { ...worker, column: 'dispatcher_config', files: ofWorker('NAME/dispatcher.yaml', 'NAME.yaml') },
  'env': { ...worker, column: 'env', files: ofWorker('NAME/env.yaml'), shared: ofAll('env.yaml') },
  'env-dut': { ...worker, column: 'env_dut', files: ofWorker('NAME/env-dut.yaml'), shared: ofAll('env-dut.yaml', 'env.dut.yaml') },
};

/** A text and where it was found: the path of its file, or that it is in the database. */
export interface Configuration {
  readonly text: string;
  readonly source: string;
}

/** What `source` says of a text that is in no file. */
export const inDatabase = 'the database';

/** Where an admin would write the file of this text. */
export const configurationFile = (paths: LavaPaths, kind: ConfigurationKind, name: string) => places[kind].files(paths, name)[0]!;

/**
 * The text of a kind for an object; undefined when there is none.
 * @param name hostname of a device or worker, or name of a device type
 * @param stored its text in the database, null for none; left out, the database is asked
 * @throws ConfigurationError when a file is there and cannot be read
 */
export async function findConfiguration(parts: ConfigurationParts, kind: ConfigurationKind, name: string, stored?: string | null): Promise<Configuration | undefined> {
  return await ownConfiguration(parts, kind, name, stored) ?? firstFile(places[kind].shared?.(parts.paths) ?? []);
}

/** The same without what stands for all objects of a kind. */
export async function ownConfiguration({ db, paths }: ConfigurationParts, kind: ConfigurationKind, name: string, stored?: string | null): Promise<Configuration | undefined> {
  const file = await firstFile(ownFiles(places[kind].files, paths, name));
  if (file) return file;
  const text = stored === undefined ? await storedText(db, kind, name) : stored;
  return text === null ? undefined : { text, source: inDatabase };
}

async function storedText(db: Kysely<Database>, kind: ConfigurationKind, name: string): Promise<string | null> {
  const { table, key, column } = places[kind];
  const { rows: [row] } = await sql<{ text: string | null }>`select ${sql.ref(column)} as text from ${sql.table(table)} where ${sql.ref(key)} = ${name}`.execute(db);
  return row?.text ?? null;
}

/** The text alone; see `findConfiguration`. */
export async function readConfiguration(...asked: Parameters<typeof findConfiguration>): Promise<string | undefined> {
  return (await findConfiguration(...asked))?.text;
}

/**
 * The own texts of many objects, as `ownConfiguration` finds them, without a look at the disk and a query for each.
 * @param failed told of a file that is there and cannot be read: its object has no text in the answer
 */
export async function ownConfigurations({ db, paths }: ConfigurationParts, kind: ConfigurationKind, names: readonly string[], failed: (name: string, error: unknown) => void): Promise<ReadonlyMap<string, string>> {
  const { files, table, key, column } = places[kind];
  const { rows } = await sql<{ name: string; text: string }>`
    select ${sql.ref(key)} as name, ${sql.ref(column)} as text from ${sql.table(table)} where ${sql.ref(key)} = any(${[...names]}::text[]) and ${sql.ref(column)} is not null`.execute(db);
  const texts = new Map(rows.map((r) => [r.name, r.text]));
  const listed = new Map<string, ReadonlySet<string>>();
  for (const name of names) {
    for (const path of ownFiles(files, paths, name)) {
      const folder = dirname(path);
      if (!listed.has(folder)) listed.set(folder, new Set(await readdir(folder).catch(() => [])));
      if (!listed.get(folder)!.has(basename(path))) continue;
      texts.delete(name);
      await firstFile([path]).then((found) => { if (found) texts.set(name, found.text); }, (error: unknown) => failed(name, error));
      break;
    }
  }
  return texts;
}

/**
 * Replaces the text of an object that exists, in its file if there is one and else in the database; an empty text takes
 * it away. What it was before stays in `configuration_versions`.
 * @throws ConfigurationError when the file cannot be written
 */
export async function writeConfiguration(c: Change, paths: LavaPaths, kind: ConfigurationKind, name: string, given: string): Promise<void> {
  const { table, key, column, owner } = places[kind];
  const text = given === '' ? null : given.replaceAll('\0', '\uFFFD');
  const before = await ownConfiguration({ db: c.trx, paths }, kind, name);
  const inFile = before !== undefined && before.source !== inDatabase;
  if ((before?.text ?? null) === text) return;
  // A text from before versions were kept, or one that an admin wrote into the file meanwhile.
  if (before && before.text !== await lastVersion(c, kind, name)) await keepVersion(c, kind, name, before.text, before.source);
  if (!inFile || text === null) await c.trx.updateTable(table).set({ [column]: text }).where(sql.ref(key), '=', name).execute();
  await keepVersion(c, kind, name, text);
  if (inFile) await (text === null ? removeFile(before.source) : replaceFile(before.source, text));
  c.note(owner, name, `${kind} ${text === null ? 'removed' : 'changed'}`);
  if (owner === 'device') c.device(name);
}

export interface ConfigurationVersion { id: number; at: Date; actor: string; text: string | null }

/** What a text was, newest first; null: it was taken away. */
export async function configurationVersions(db: Kysely<Database>, kind: ConfigurationKind, name: string, limit: number): Promise<ConfigurationVersion[]> {
  const rows = await db.selectFrom('configuration_versions').select(['id', 'at', 'actor', 'text']).where('kind', '=', kind).where('name', '=', name).orderBy('id', 'desc').limit(limit).execute();
  return rows.map((r) => ({ ...r, id: Number(r.id) }));
}

async function lastVersion(c: Change, kind: ConfigurationKind, name: string): Promise<string | null | undefined> {
  return (await configurationVersions(c.trx, kind, name, 1))[0]?.text;
}

async function keepVersion(c: Change, kind: ConfigurationKind, name: string, text: string | null, actor = c.actor): Promise<void> {
  await c.trx.insertInto('configuration_versions').values({ kind, name, text, actor }).execute();
}

/** A name that leads out of its folder has no files. */
function ownFiles(files: Place['files'], paths: LavaPaths, name: string): string[] {
  return name === '' || /^\.+$|[/\0]/.test(name) ? [] : files(paths, name);
}

async function firstFile(candidates: readonly string[]): Promise<Configuration | undefined> {
  for (const path of candidates) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      // A folder W is looked up as a file when there is no worker's folder: that is no text either.
      if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes(error.code ?? '')) return undefined;
      throw new ConfigurationError(`Cannot open '${path}': ${error.message}`, { code: 'configuration-file' });
    });
    if (text !== undefined) return { text, source: path };
  }
  return undefined;
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writing(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    // 0640: a dictionary may hold passwords of power switches.
    await writeFile(`${path}.new`, text, { mode: 0o640 });
    await rename(`${path}.new`, path);
  });
}

async function removeFile(path: string): Promise<void> {
  await writing(path, () => rm(path, { force: true }));
}

async function writing(path: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    throw new ConfigurationError(`Unable to write '${path}': ${messageOf(error)}`, { code: 'configuration-file', hint: 'Let the user that runs the server write there, or edit the file yourself: as long as it is there, it counts.' });
  });
}
