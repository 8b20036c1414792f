import { ConfigurationError } from '@lava/base';
import { connectDevice } from '../connections/connect-device.ts';
import { mappingAt } from '@lava/job';
import type { ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { resetDevice } from '../power/reset-device.ts';
import { bootloaderCommands, bootloaderCommandsAltbank } from './bootloader-commands.ts';
import { ubootFromMedia } from './bootloader-from-media.ts';
import { bootloaderInterrupt } from '../connections/bootloader-interrupt.ts';
import { bootloaderOverlay } from './bootloader-overlay.ts';
import { asText } from '../text/as-text.ts';
import { waitDevicePath } from '../usb/wait-usb.ts';
import { flashUbootUms } from './flash-uboot-ums.ts';
import { bootTail } from './tail.ts';

/** U-Boot, whose commands are typed at its prompt. */
export const uboot: Method = {
  name: 'u-boot',
  accepts(job, parameters) {
    if (parameters['method'] !== 'u-boot') return '"method" was not "u-boot"';
    if (!('commands' in parameters)) throw new ConfigurationError('commands not specified in boot parameters', { code: 'boot-without-commands' });
    return deviceHasMethod(job.device, 'boot', 'u-boot') || '"u-boot" was not in the device configuration boot methods';
  },
  build: (job, parameters) => ({
    name: 'uboot-action',
    summary: 'pass uboot commands',
    description: 'interactive uboot action',
    retry: true,
    children: [ubootFromMedia, bootloaderOverlay('u-boot'), connectDevice, ubootCommands(job, parameters)],
    validate(a) {
      if ('type' in parameters) a.log.warning('Specifying a type in the boot action is deprecated. Please specify the kernel type in the deploy parameters.');
    },
  }),
};

function ubootCommands(job: JobContext, parameters: Parameters): ActionSpec {
  const settings = mappingAt(job.device, 'actions', 'boot', 'methods', 'u-boot', 'parameters') ?? {};
  const interrupt = bootloaderInterrupt('u-boot');
  return {
    name: 'uboot-commands',
    summary: 'uboot commands',
    description: 'interactive uboot commands action',
    children: [
      ...(parameters['reset'] === false ? [] : [resetDevice(job)]),
      interrupt,
      ...(settings['uboot_altbank'] === true ? [bootloaderCommandsAltbank('u-boot'), interrupt] : []),
      ...(settings['uboot_ums_flash'] === true
        ? [bootloaderCommands('u-boot', { expectFinal: false }), waitDevicePath(() => asText(settings['uboot_mass_storage_device'])), flashUbootUms, resetDevice(job)]
        : [bootloaderCommands('u-boot')]),
      ...bootTail(job, parameters),
    ],
    validate(a) {
      if (settings['uboot_ums_flash'] === true && !settings['uboot_mass_storage_device']) a.error("'uboot_mass_storage_device' is missing in the device configuration: the path of U-Boot's disk on the worker");
    },
  };
}
