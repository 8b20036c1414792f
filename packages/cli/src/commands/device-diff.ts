import { resolve } from 'node:path';
import { ConfigurationError } from '@lava/base';
import { compareConfigurations } from '@lava/device';
import type { Mapping } from '@lava/job';
import { CliError, exitStatus } from '../exit.ts';
import { style } from '../print/style.ts';
import { print } from './context.ts';
import { readDevice, type DeviceFileOptions } from './device-file.ts';

/**
 * `lava device diff A B`: what differs between the configurations of two devices, key by key. With one dictionary and
 * `--with FOLDER`: what the device types of that folder would change. As `diff` does, it ends with 1 if there are
 * differences and with 2 if one of the devices has no configuration.
 */
export async function diffDevices(before: string, after: string | undefined, options: DeviceFileOptions & { readonly with?: string }): Promise<number> {
  if (after === undefined && options.with === undefined) {
    throw new CliError('there is nothing to compare with', exitStatus.usage, 'Name a second dictionary, or with --with a folder of other device types.');
  }
  const first = await configurationOf(before, options);
  const second = await configurationOf(after ?? before, options.with === undefined ? options : { ...options, templates: resolve(options.with) });
  const differences = compareConfigurations(first, second).filter(({ path }) => after === undefined || path !== 'hostname');
  print(options, differences, () => differences.map(({ path, before: x, after: y }) =>
    `${style('bold', path)}\n${x === undefined ? '' : style('red', `  - ${shown(x)}\n`)}${y === undefined ? '' : style('green', `  + ${shown(y)}\n`)}`).join(''));
  return differences.length === 0 ? exitStatus.ok : exitStatus.failed;
}

async function configurationOf(file: string, options: DeviceFileOptions): Promise<Mapping> {
  try {
    return (await readDevice(file, options)).configuration;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new CliError(error.message, exitStatus.usage, error.hint);
  }
}

const shown = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
