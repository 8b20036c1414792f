import { JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { adbOverlayUnpack, connectAdb } from '../flash/adb.ts';
import { enterFastboot } from '../flash/enter-fastboot.ts';
import { checkFastboot, checkSaid, fastboot as runFastboot } from '../flash/fastboot.ts';
import { asText } from '../text/as-text.ts';
import { shellSplit } from '../text/shell-split.ts';
import type { ActionSpec, Method } from '../pipeline/action.ts';
import { deviceCommand } from '../power/device-command.ts';
import { preOsCommand } from '../power/pre-commands.ts';
import { waitDeviceBoardId } from '../usb/wait-usb.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { byMethod } from './by-method.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';
import { overlayUnpack } from './overlay-unpack.ts';
import { promptList } from '../text/prompts.ts';
import { bootTail } from './tail.ts';

/** What the device's boot method may list. */
const steps: Readonly<Record<string, () => ActionSpec>> = {
  boot: () => fastbootBoot, 'no-flash-boot': () => fastbootBoot, reboot: () => fastbootReboot,
  'auto-login': autoLoginAction, 'overlay-unpack': () => overlayUnpack, 'shell-session': () => expectShellConnection, 'export-env': () => exportDeviceEnv,
};

/** A board that is started with fastboot. */
export const fastboot: Method = {
  name: 'fastboot',
  accepts: byMethod('fastboot', { anyDevice: true }),
  build(job, parameters) {
    const configured = mappingAt(job.device, 'actions', 'boot', 'methods')?.['fastboot'];
    const sequence = isMapping(configured) ? Object.keys(configured) : promptList(configured).filter((step) => step !== '');
    const hard = deviceCommand(job.device, 'hard_reset') !== undefined || job.device['fastboot_via_uboot'] === true;
    const inContainer = parameters['docker'] !== undefined;
    return {
      name: 'fastboot-boot',
      summary: 'fastboot boot',
      description: 'fastboot boot into the system',
      children: [
        ...(parameters['commands'] === undefined ? [] : [bootCommands]),
        ...enterFastboot(job, 'boot'),
        ...sequence.flatMap((step) => (steps[step] ? [waitDeviceBoardId, steps[step]()] : [])),
        ...(hard ? [preOsCommand, ...bootTail(job, parameters)] : inContainer ? [] : [connectAdb, adbOverlayUnpack]),
      ],
      validate(a) {
        checkFastboot(a);
        for (const step of sequence) if (!Object.hasOwn(steps, step)) a.error(`Unknown boot sequence '${step}' below 'actions.boot.methods.fastboot' of the device configuration; known are ${Object.keys(steps).join(', ')}`);
      },
    };
  },
};

const bootCommands: ActionSpec = {
  name: 'fastboot-boot-commands',
  summary: 'Run fastboot boot commands',
  description: 'run the commands of the job with fastboot',
  timeoutError: 'Infrastructure',
  async run(a) {
    for (const command of promptList(a.parameters['commands'])) await runFastboot(a, shellSplit(command), [], `Unable to run fastboot ${command}`);
  },
};

const fastbootBoot: ActionSpec = {
  name: 'boot-fastboot',
  summary: 'attempt to fastboot boot',
  description: 'fastboot boot into system',
  timeoutError: 'Infrastructure',
  async run(a) {
    const image = a.get(downloadedFiles)?.get('boot')?.file;
    if (image === undefined) throw new JobError("fastboot needs an image with the key 'boot' in the deploy block", { code: 'flash-image-missing' });
    checkSaid(a, await runFastboot(a, ['boot', image], [image], `Unable to boot with fastboot: ${asText(image)}`), 'booting', 'Unable to boot with fastboot');
  },
};

const fastbootReboot: ActionSpec = {
  name: 'fastboot-reboot',
  summary: 'attempt to fastboot reboot',
  description: 'fastboot reboot into system',
  timeoutError: 'Infrastructure',
  run: async (a) => checkSaid(a, await runFastboot(a, ['reboot'], [], 'Unable to fastboot reboot'), 'rebooting', 'Unable to fastboot reboot'),
};
