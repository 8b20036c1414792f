import { connectDevice } from '../connections/connect-device.ts';
import { resetConnection } from '../connections/disconnect-device.ts';
import { asText } from '../text/as-text.ts';
import type { Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { resetDevice } from '../power/reset-device.ts';
import { bootloaderCommands } from './bootloader-commands.ts';
import { bootloaderInterrupt } from '../connections/bootloader-interrupt.ts';
import { bootloaderOverlay } from './bootloader-overlay.ts';

/** Stops at the prompt of a bootloader, for tests that talk to it. */
export const bootloader: Method = {
  name: 'bootloader',
  accepts(job, parameters) {
    if (parameters['method'] !== 'bootloader') return "'method' was not 'bootloader'";
    if (parameters['bootloader'] === undefined) return "'bootloader' is undefined";
    const name = asText(parameters['bootloader']);
    return deviceHasMethod(job.device, 'boot', name) || `boot method '${name}' not in the device configuration`;
  },
  build(job, parameters) {
    const method = asText(parameters['bootloader']);
    const resets = parameters['reset'] !== false && parameters['reset_device'] !== false;
    return {
      name: 'boot-bootloader-retry',
      summary: 'boot bootloader retry',
      description: 'boot to bootloader with retry',
      retry: true,
      children: [bootloaderOverlay(method), {
        name: 'boot-bootloader',
        summary: 'boot bootloader',
        description: 'boot to bootloader',
        children: [
          parameters['reset_connection'] === false ? connectDevice : resetConnection,
          ...(resets ? [resetDevice(job)] : []),
          bootloaderInterrupt(method), bootloaderCommands(method, { expectFinal: false }),
        ],
      }],
    };
  },
};
