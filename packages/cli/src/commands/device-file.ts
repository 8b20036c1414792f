import { homedir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { lavaPaths } from '@lava/base';
import { deviceTypeOf, lookupFolders, renderDevice, type RenderRequest } from '@lava/device';
import { isMapping, type Mapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { CliError, exitStatus } from '../exit.ts';
import type { GlobalOptions } from './context.ts';
import { readText } from './read-file.ts';

export interface DeviceFileOptions extends GlobalOptions {
  /** Folder of device types to look into first. */
  readonly templates?: string;
  /** `name=value` pairs of a job's context. */
  readonly context?: readonly string[];
}

export interface DeviceFile {
  readonly text: string;
  readonly configuration: Mapping;
}

/** Where commands without a server keep what they need: a folder of the user, so that nothing here needs root. */
export function localRoot(): string {
  return process.env['LAVA_ROOT'] ?? join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'lava');
}

/** Folders in which a dictionary's templates are looked for: those given, its own, then those of this machine and ours. */
export function foldersFor(file: string, dictionary: string, templates?: string): string[] {
  const beside = file === '-' ? process.cwd() : dirname(resolve(file));
  const folders = [...(templates ? [resolve(templates)] : []), beside, ...lookupFolders(lavaPaths(localRoot()))];
  // A dictionary named like its type must not find itself.
  return `${deviceTypeOf(dictionary)}.jinja2` === basename(file) ? folders.filter((folder) => folder !== beside) : folders;
}

/** True for a rendered configuration (`*.yaml`), false for a dictionary. */
export const isRendered = (file: string): boolean => /^\.ya?ml$/.test(extname(file));

/** How a dictionary is rendered as a server does it. */
export function renderRequest(file: string, dictionary: string, { templates, context = [] }: DeviceFileOptions): RenderRequest {
  return { name: basename(file, extname(file)), dictionary, lookup: foldersFor(file, dictionary, templates), context: contextOf(context) };
}

/** The configuration of a device: a dictionary (`*.jinja2`) that is rendered, or a rendered one (`*.yaml`). */
export async function readDevice(file: string, options: DeviceFileOptions): Promise<DeviceFile> {
  const text = await readText(file);
  if (!isRendered(file)) return renderDevice(renderRequest(file, text, options));
  const configuration = loadYaml(text);
  if (!isMapping(configuration)) throw new CliError(`${file} is no device configuration`, exitStatus.failed, 'A rendered configuration is a mapping; a dictionary is named *.jinja2.');
  return { text, configuration };
}

function contextOf(pairs: readonly string[]): Mapping {
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new CliError(`'${pair}' is no variable of a context`, exitStatus.usage, 'Write --context arch=arm64.');
    return [pair.slice(0, at), loadYaml(pair.slice(at + 1))];
  }));
}
