import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetFolder } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { pythonText, shellQuote } from '../text/shell-text.ts';

/** A script of the overlay's `bin`. */
export interface HelperScript {
  readonly name: string;
  readonly text: string;
  /** Distribution whose script this is, when it replaces the generic one. */
  readonly distro?: string;
}

/** Folder of our scripts for a distribution; related ones share. */
function scriptFolder(distro: string | undefined): string | undefined {
  switch (distro) {
    case 'debian': case 'ubuntu': case 'apertis': return 'debian';
    case 'fedora': case 'centos': return 'fedora';
    case 'archlinux': case 'oe': case 'slackware': return distro;
    default: return undefined;
  }
}

/**
 * The helper scripts as they go onto a device, the generic ones and then those of its distribution.
 * @param shell the interpreter of their first line
 */
export async function helperScripts(shell: string, distro: string | undefined, device: Readonly<Record<string, unknown>>): Promise<HelperScript[]> {
  const root = assetFolder(import.meta.url, 'lava_test');
  const variables = scriptVariables(device);
  const read = async (folder: string, replaces?: string): Promise<HelperScript[]> => {
    const names = (await readdir(join(root, folder))).filter((name) => name.startsWith('lava-')).sort();
    return Promise.all(names.map(async (name) => ({
      name,
      text: `#!${shell}\n\n${variables[name] ?? ''}${await readFile(join(root, folder, name), 'utf8')}`,
      ...(replaces !== undefined && { distro: replaces }),
    })));
  };
  const special = scriptFolder(distro);
  return [...(await read('generic')), ...(special === undefined ? [] : await read(special, distro))];
}

/** What some scripts know of the device: assignments that go before their text. */
function scriptVariables(device: Readonly<Record<string, unknown>>): Record<string, string> {
  const target = mappingAt(device, 'parameters', 'interfaces', 'target');
  const records = (value: unknown) => (Array.isArray(value) ? value.filter(isMapping) : []);
  const probe = records(device['static_info']).find((item) => item['probe_ip'] !== undefined && item['probe_channel'] !== undefined);
  const storage = records(device['storage_info']).flatMap((item) => Object.entries(item).map(([method, path]) => `\\t${method}\\t${pythonText(path)}`));
  const assign = (name: string, value: unknown) => `${name}=${shellQuote(pythonText(value))}\n`;
  return {
    'lava-target-mac': assign('TARGET_DEVICE_MAC', target?.['mac']),
    'lava-target-ip': assign('TARGET_DEVICE_IP', target?.['ip']),
    'lava-probe-ip': assign('PROBE_DEVICE_IP', probe?.['probe_ip']),
    'lava-probe-channel': assign('PROBE_DEVICE_CHANNEL', probe?.['probe_channel']),
    'lava-target-storage': assign('LAVA_STORAGE', storage.join('\n')),
  };
}
