import { resolve } from 'node:path';
import { compareConfigurations } from '@lava/device';
import { CliError, exitStatus } from '../exit.ts';
import { style } from '../print/style.ts';
import { print } from './context.ts';
import { readDevice, type DeviceFileOptions } from './device-file.ts';

/**
 * `lava device diff A B`: what differs between the configurations of two devices, key by key. With one dictionary and
 * `--with FOLDER`: what the device types of that folder would change. Like `diff`, 1 means that there are differences.
 */
export async function diffDevices(before: string, after: string | undefined, options: DeviceFileOptions & { readonly with?: string }): Promise<number> {
  if (after === undefined && options.with === undefined) {
    throw new CliError('there is nothing to compare with', exitStatus.usage, 'Name a second dictionary, or with --with a folder of other device types.');
  }
  const first = await readDevice(before, options);
  const second = await readDevice(after ?? before, options.with === undefined ? options : { ...options, templates: resolve(options.with) });
  const differences = compareConfigurations(first.configuration, second.configuration).filter(({ path }) => after === undefined || path !== 'hostname');
  print(options, differences, () => differences.map(({ path, before: x, after: y }) =>
    `${style('bold', path)}\n${x === undefined ? '' : style('red', `  - ${shown(x)}\n`)}${y === undefined ? '' : style('green', `  + ${shown(y)}\n`)}`).join(''));
  return differences.length === 0 ? exitStatus.ok : exitStatus.failed;
}

const shown = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
