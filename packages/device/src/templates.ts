import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assetFolder, type LavaPaths } from '@lava/base';

const suffix = '.jinja2';

/** Where templates are looked up: a folder, or texts that are kept elsewhere, by file name (`qemu.jinja2`). */
export type TemplateSource = string | ReadonlyMap<string, string>;

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

/** Text of a template, from the first source that has it; undefined if there is none of that name. */
export function readTemplate(name: string, sources: readonly TemplateSource[]): string | undefined {
  for (const source of sources) {
    const text = typeof source === 'string' ? readFrom(source, name) : source.get(name);
    if (text !== undefined) return text;
  }
  return undefined;
}

function readFrom(folder: string, name: string): string | undefined {
  const path = findTemplate(name, [folder]);
  try {
    return path && readFileSync(path, 'utf8');
  } catch (error) {
    // Removed meanwhile, or a folder: not a template.
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Names of all templates of the sources, without `.jinja2`, sorted. */
export function listTemplates(sources: readonly TemplateSource[]): string[] {
  const names = sources.flatMap((source) => (typeof source !== 'string' ? [...source.keys()] : existsSync(source) ? readdirSync(source) : []));
  return [...new Set(names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length)))].sort();
}
