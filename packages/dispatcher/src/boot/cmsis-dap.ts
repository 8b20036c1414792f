import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InfrastructureError, sleep } from '@lava/base';
import { connectDevice } from '../connections/connect-device.ts';
import { copyToDrive, mountDrive, unmountDrive } from '../flash/drive.ts';
import { imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { deviceCommand } from '../power/device-command.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitDevicePath, waitUsbSerial } from '../usb/wait-usb.ts';
import { byMethod } from './by-method.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';

/** A microcontroller whose debugger shows a drive that takes the program as a file. */
export const cmsisDap: Method = {
  name: 'cmsis-dap',
  accepts: byMethod('cmsis-dap', { id: 'board_id', parameter: 'usb_mass_device' }),
  build(job) {
    const settings = (a: Action) => methodParameters(a, 'cmsis-dap');
    return {
      name: 'boot-cmsis-retry',
      summary: 'boot cmsis usb image with retry',
      description: 'boot cmsis usb image with retry',
      retry: true,
      children: [
        ...(deviceCommand(job.device, 'hard_reset') ? [resetDevice(job), waitDevicePath((a) => asText(settings(a)['usb_mass_device']))] : []),
        flashCmsis, waitUsbSerial, connectDevice,
      ],
    };
  },
};

const lookMs = 200;

const flashCmsis: ActionSpec = {
  name: 'flash-cmsis',
  summary: 'flash cmsis to usb mass storage',
  description: 'copy the program to the drive of the debugger',
  timeoutError: 'Infrastructure',
  validate(a) {
    if (a.job.device['board_id'] === '0000000000') a.error("[CMSIS] board_id unset: the device dictionary keeps the device type's placeholder");
    if (asText(methodParameters(a, 'cmsis-dap')['usb_mass_device'] ?? '') === '') a.error("usb_mass_device unset: 'actions.boot.methods.cmsis-dap.parameters' of the device configuration names no drive");
  },
  async run(a) {
    const settings = methodParameters(a, 'cmsis-dap');
    const files = [...imageFiles(a).values()].map(({ file }) => file);
    const folder = await mountDrive(a, asText(settings['usb_mass_device']), ['-t', 'vfat']);
    const details = await readFile(join(folder, 'DETAILS.TXT'), 'utf8').catch(() => undefined);
    for (const line of details?.trim().split(/\r?\n/) ?? []) a.log.debug(`DETAILS.TXT: ${line}`);
    await copyToDrive(a, files, folder);
    // The debugger takes the drive away while it writes, and shows it again.
    if (settings['skip_autoremount_wait'] !== true) {
      await until(a, async () => (await readdir(folder)).length === 0);
      a.log.debug('The drive is empty: the debugger writes the program');
      await until(a, async () => (await readdir(folder)).length > 0);
    }
    const failed = join(folder, 'FAIL.TXT');
    if (existsSync(failed)) throw new InfrastructureError(`Unsuccessful cmsis-dap boot: FAIL.TXT present after file copying: ${(await readFile(failed, 'utf8')).trim()}`, { code: 'flash-failed', hint: 'The debugger refused the file: is it made for this board, and in a format that its drive takes?' });
    await unmountDrive(a);
    await sleep(1000 * Number(settings['post_unmount_delay'] ?? 1), a.signal);
  },
  cleanup: unmountDrive,
};

async function until(a: Action, fits: () => Promise<boolean>): Promise<void> {
  while (!(await fits())) await sleep(lookMs, a.signal);
}
