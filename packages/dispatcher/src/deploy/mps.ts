import { mappingAt } from '@lava/job';
import { disconnectDevice } from '../connections/disconnect-device.ts';
import type { ActionSpec, Method } from '../pipeline/action.ts';
import { powerOff } from '../power/power-off.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitUsbMassStorage } from '../usb/wait-usb.ts';
import { deployRebootText, deployRecoveryImage, deployTestBinary, extractRecoveryImage, mountBoardDrive, unmountBoardDrive } from './board-drive.ts';
import { Downloads } from './download.ts';
import { fetchImages, imagesOf } from './fetch-images.ts';
import { to } from './to.ts';

/** Firmware and programs for Arm's MPS boards, on the drive that their controller shows. */
export const mps: Method = {
  name: 'mps',
  accepts(job, parameters) {
    const meant = to('mps', { method: 'mps', keys: ['images'] })(job, parameters);
    return meant === true ? job.device['usb_filesystem_label'] !== undefined || '"usb_filesystem_label" is not in the device configuration' : meant;
  },
  build(job, parameters) {
    const downloads = new Downloads();
    const settings = mappingAt(job.device, 'actions', 'deploy', 'methods', 'mps', 'parameters') ?? {};
    const reboot: ActionSpec = { ...deployRebootText, parameters: { ...parameters, 'reboot-string': settings['reboot-string'] ?? 'hsyxhj' } };
    const write = Object.keys(imagesOf(parameters)).sort().flatMap((label) => (label === 'recovery_image'
      ? [extractRecoveryImage(label), deployRecoveryImage]
      : [deployTestBinary('deploy-mps-test-binary', label, mappingAt(parameters, 'images', label)?.['rename'])]));
    return {
      name: 'mps-deploy',
      summary: 'deploy image to MPS device',
      description: 'deploy image to MPS device',
      retry: true,
      children: [
        disconnectDevice, resetDevice(job), waitUsbMassStorage, ...fetchImages(job, parameters, downloads), mountBoardDrive, ...write,
        ...(settings['hard-reboot'] === true ? [unmountBoardDrive, powerOff] : [reboot, unmountBoardDrive]),
      ],
      validate(a) {
        downloads.check(a);
        for (const label of Object.keys(imagesOf(parameters))) {
          if (label !== 'recovery_image' && !/^test_binary(_\w+)?$/.test(label)) a.error(`Image '${label}' for MPS boards must be 'recovery_image', 'test_binary' or 'test_binary_…'`);
        }
      },
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};
