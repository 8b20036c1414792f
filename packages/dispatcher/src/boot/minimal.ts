import { connectDevice } from '../connections/connect-device.ts';
import type { Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { preOsCommand, prePowerCommand } from '../power/pre-commands.ts';
import { resetDevice } from '../power/reset-device.ts';
import { bootTail } from './tail.ts';

/** A device that boots by itself when it gets power. */
export const minimal: Method = {
  name: 'minimal',
  accepts(job, parameters) {
    if (parameters['method'] !== 'minimal') return '"method" was not "minimal"';
    return deviceHasMethod(job.device, 'boot', 'minimal') || '"minimal" was not in the device configuration boot methods';
  },
  build: (job, parameters) => ({
    name: 'minimal-boot',
    summary: 'connect and reset device',
    description: 'connect and reset device',
    retry: true,
    children: [
      connectDevice,
      ...(parameters['pre_power_command'] ? [prePowerCommand] : []),
      ...(parameters['pre_os_command'] ? [preOsCommand] : []),
      ...(parameters['reset'] === false ? [] : [resetDevice(job)]),
      ...bootTail(job, parameters),
    ],
  }),
};
