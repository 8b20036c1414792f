import { print } from './context.ts';
import { readDevice, type DeviceFileOptions } from './device-file.ts';

/** `lava device render DICTIONARY`: the configuration that jobs on the device get, as YAML. */
export async function renderDeviceFile(file: string, options: DeviceFileOptions): Promise<number> {
  const { text, configuration } = await readDevice(file, options);
  print(options, configuration, () => `${text.replace(/\n{2,}/g, '\n').trim()}\n`);
  return 0;
}
