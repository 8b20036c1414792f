import { InfrastructureError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { connectDevice } from '../connections/connect-device.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitUsbMassStorage } from '../usb/wait-usb.ts';
import { deployRecoveryImage, extractRecoveryImage, mountBoardDrive, unmountBoardDrive } from './board-drive.ts';
import { Downloads } from './download.ts';
import { to } from './to.ts';

const image = 'recovery_image';

/** Firmware of Versatile Express boards and Juno, on the drive that their controller shows. */
export const vemsd: Method = {
  name: 'vemsd',
  accepts: to('vemsd', { method: 'vemsd' }),
  build(job, parameters) {
    const downloads = new Downloads();
    const erases = ['flash_prompt', 'flash_enter_cmd', 'flash_erase_cmd', 'flash_erase_msg', 'flash_exit_cmd'];
    const settings = mappingAt(job.device, 'actions', 'deploy', 'methods', 'vemsd', 'parameters') ?? {};
    return {
      name: 'vexpress-fw-deploy-retry',
      summary: 'deploy vexpress FW with retry',
      description: 'deploy vexpress firmware with retry',
      retry: true,
      children: [{
        name: 'vexpress-fw-deploy',
        summary: 'deploy vexpress FW recovery image to the board',
        description: 'deploy vexpress recovery image to usb msd',
        children: [
          downloads.spec(job, parameters, image, parameters[image]), connectDevice, resetDevice(job), extractRecoveryImage(image), enterMcc, enableMsd, waitUsbMassStorage,
          mountBoardDrive, deployRecoveryImage, unmountBoardDrive, ...(erases.every((key) => settings[key] !== undefined) ? [eraseFlash] : []),
        ],
        validate(a) {
          downloads.check(a);
          if (!mappingAt(parameters, image)?.['compression']) a.error("Missing compression value for the recovery image: it is an archive, say 'compression: gz' or the like");
          for (const key of ['mcc_prompt', 'autorun_prompt', 'mcc_reset_msg', 'msd_mount_cmd']) if (settings[key] === undefined) a.error(`Missing '${key}' of vemsd in the device configuration`);
        },
        async run(a) {
          downloads.start(a, await a.makeFolder());
          await a.runChildren();
        },
      }],
    };
  },
};

const setting = (a: Action, key: string) => asText(mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'vemsd', 'parameters')?.[key] ?? '');

async function waitFor(a: Action, ...patterns: string[]): Promise<number> {
  const connection = a.needConnection();
  connection.prompts = patterns;
  return (await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal })).index;
}

const enterMcc: ActionSpec = {
  name: 'enter-vexpress-mcc',
  summary: 'enter Versatile Express MCC mode',
  description: "enter the prompt of the board's controller",
  timeoutError: 'Infrastructure',
  async run(a) {
    const [autorun, prompt, reset] = [setting(a, 'autorun_prompt'), setting(a, 'mcc_prompt'), setting(a, 'mcc_reset_msg')];
    let seen = await waitFor(a, autorun, prompt, reset);
    if (seen === 0) {
      const key = setting(a, 'interrupt_char');
      await a.needConnection().sendLine(key === '' ? ' ' : key);
      seen = 1 + (await waitFor(a, prompt, reset));
    }
    if (seen !== 1) throw new InfrastructureError('MCC: Unable to interrupt auto-run', { code: 'bootloader-no-prompt', hint: "The board's controller went on to start the system: do 'autorun_prompt' and 'interrupt_char' of vemsd in the device configuration fit its firmware?" });
  },
};

const enableMsd: ActionSpec = {
  name: 'enable-vexpress-usbmsd',
  summary: 'enable vexpress usb msd',
  description: 'have the board show its drive over USB',
  timeoutError: 'Infrastructure',
  async run(a) {
    await a.needConnection().sendLine(setting(a, 'msd_mount_cmd'));
    await waitFor(a, setting(a, 'mcc_prompt'));
  },
};

const eraseFlash: ActionSpec = {
  name: 'erase-vexpress-flash',
  summary: 'erase vexpress flash using the commands set by the user',
  description: 'erase the flash memory of the board',
  timeoutError: 'Infrastructure',
  async run(a) {
    const connection = a.needConnection();
    await connection.sendLine(setting(a, 'flash_enter_cmd'));
    await waitFor(a, setting(a, 'flash_prompt'));
    await connection.sendLine(setting(a, 'flash_erase_cmd'));
    await waitFor(a, setting(a, 'flash_erase_msg'));
    await waitFor(a, setting(a, 'flash_prompt'));
    await connection.sendLine(setting(a, 'flash_exit_cmd'));
    await waitFor(a, setting(a, 'mcc_prompt'));
  },
};
