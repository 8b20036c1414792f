import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, messageOf, type LavaPaths } from '@lava/base';
import { isMapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';

/** One of the files in which an installation says what it wants. */
export interface SettingsFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Settings of an installation under LAVA's names, from settings.yaml and then settings.d/*.yaml (later files win).
 * @throws ConfigurationError when one of them cannot be read
 */
export function readSettingsFiles(paths: LavaPaths): Promise<Readonly<Record<string, unknown>>> {
  return readSettings(paths.serverConfig);
}

/** The same from another folder than the installation's own. */
export async function readSettings(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const files: SettingsFile[] = [];
  for (const path of await settingsPaths(folder)) files.push(...await settingsIn(path));
  return merged(files);
}

/** What holds where several files say something: the last word. */
export function merged(files: readonly SettingsFile[]): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...files.map(({ values }) => values)) as Readonly<Record<string, unknown>>;
}

/** Paths of the files with settings in the order in which they are read; the first may be missing. */
export async function settingsPaths(folder: string): Promise<string[]> {
  const more = await readdir(join(folder, 'settings.d')).catch(() => []);
  return ['settings.yaml', ...more.filter((name) => name.endsWith('.yaml')).sort().map((name) => join('settings.d', name))].map((name) => join(folder, name));
}

/**
 * A file with settings; none if there is no such file, or it is empty.
 * @throws ConfigurationError when it cannot be read
 */
export async function settingsIn(path: string): Promise<readonly SettingsFile[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    // Without it, what an admin closed would be open.
    throw new ConfigurationError(`${path} cannot be read: ${error.message}`, { code: 'settings-file', hint: 'Let the user that runs the server read it.' });
  });
  if (text === undefined) return [];
  let values: unknown;
  try {
    values = loadYaml(text);
  } catch (error) {
    throw new ConfigurationError(`${path} is not YAML: ${messageOf(error)}`, { code: 'settings-file' });
  }
  if (values === null || values === undefined) return [];
  if (!isMapping(values)) throw new ConfigurationError(`${path} holds no settings`, { code: 'settings-file', hint: 'Write one setting a line: NAME: value.' });
  return [{ path, values }];
}
