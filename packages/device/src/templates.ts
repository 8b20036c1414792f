import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assetFolder, type LavaPaths } from '@lava/base';

const suffix = '.jinja2';

/** Folders of device-type templates, in the order they are searched; admins write the first. */
export function deviceTypeFolders(paths: LavaPaths): string[] {
  const packaged = join(paths.root, 'usr/share/lava-server/device-types');
  return [
    join(paths.dispatcherConfig, 'device-types'),
    // Where LAVA's Debian package puts its device types: used when it is installed.
    ...(existsSync(packaged) ? [packaged] : []),
    assetFolder(import.meta.url, 'device-types'),
  ];
}

/** Folders that a device dictionary may extend from: other dictionaries, then the device types. */
export function lookupFolders(paths: LavaPaths): string[] {
  return [join(paths.dispatcherConfig, 'devices'), ...deviceTypeFolders(paths)];
}

/**
 * Path of a template: the first of that name in the folders. Names with `..`, or that start with a slash, name none.
 * @param name file name, with `.jinja2`
 */
export function findTemplate(name: string, folders: readonly string[]): string | undefined {
  if (name === '' || name.includes('\0') || name.startsWith('/') || name.split(/[/\\]/).includes('..')) return undefined;
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Text of a template; undefined if there is none of that name. */
export function readTemplate(name: string, folders: readonly string[]): string | undefined {
  const path = findTemplate(name, folders);
  try {
    return path && readFileSync(path, 'utf8');
  } catch (error) {
    // Removed meanwhile, or a folder: not a template.
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Names of all templates in the folders, without `.jinja2`, sorted. */
export function listTemplates(folders: readonly string[]): string[] {
  const names = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  return [...new Set(names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length)))].sort();
}
