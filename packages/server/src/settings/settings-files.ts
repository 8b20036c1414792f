import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, messageOf, type LavaPaths } from '@lava/base';
import { loadYaml } from '@lava/yaml';

/**
 * Settings of an installation under LAVA's names, from settings.yaml and then settings.d/*.yaml (later files win).
 * @throws ConfigurationError when one of them is not YAML
 */
export function readSettingsFiles(paths: LavaPaths): Promise<Readonly<Record<string, unknown>>> {
  return readSettings(paths.serverConfig);
}

/** The same from another folder than the installation's own. */
export async function readSettings(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const more = await readdir(join(folder, 'settings.d')).catch(() => []);
  const files = ['settings.yaml', ...more.filter((name) => name.endsWith('.yaml')).sort().map((name) => join('settings.d', name))];
  const all: Record<string, unknown> = {};
  for (const name of files) {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    try {
      Object.assign(all, loadYaml(text));
    } catch (error) {
      throw new ConfigurationError(`${path} is not YAML: ${messageOf(error)}`, { code: 'settings-file' });
    }
  }
  return all;
}
