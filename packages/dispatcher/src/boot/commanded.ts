import { ConfigurationError } from '@lava/base';
import { connectDevice } from '../connections/connect-device.ts';
import type { ActionSpec, Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { resetDevice } from '../power/reset-device.ts';
import { bootloaderCommands } from './bootloader-commands.ts';
import { bootloaderInterrupt } from '../connections/bootloader-interrupt.ts';
import { bootloaderOverlay } from './bootloader-overlay.ts';
import { bootTail } from './tail.ts';

interface Names {
  readonly method: string;
  /** Of the whole boot. */
  readonly action: string;
  /** Of the part that is tried again. */
  readonly retry: string;
  /** The block must say `commands`. */
  readonly needsCommands: boolean;
}

/** A bootloader that is interrupted, gets its commands typed and starts the kernel, tried again from the reset on. */
export function commandedBootloader({ method, action, retry, needsCommands }: Names): Method {
  return {
    name: method,
    accepts(job, parameters) {
      if (parameters['method'] !== method) return `"method" was not "${method}"`;
      if (needsCommands && !('commands' in parameters)) throw new ConfigurationError('commands not specified in boot parameters', { code: 'boot-without-commands' });
      return deviceHasMethod(job.device, 'boot', method) || `"${method}" was not in the device configuration boot methods`;
    },
    build(job, parameters) {
      const again: ActionSpec = {
        name: retry,
        summary: `${method} commands with retry`,
        description: `interactive ${method} retry action`,
        retry: true,
        children: [resetDevice(job), bootloaderInterrupt(method), bootloaderCommands(method), ...bootTail(job, parameters)],
      };
      return { name: action, summary: `pass boot commands to ${method}`, description: `interactive ${method} action`, children: [bootloaderOverlay(method), connectDevice, again] };
    },
  };
}
