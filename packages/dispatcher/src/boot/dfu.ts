import { InfrastructureError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { connectDevice } from '../connections/connect-device.ts';
import { shellSplit } from '../text/shell-split.ts';
import { which } from '../process/which.ts';
import { fillFiles, imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitDfuDevice } from '../usb/wait-usb.ts';
import { bootloaderInterrupt } from '../connections/bootloader-interrupt.ts';
import { byMethod } from './by-method.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { promptList } from '../text/prompts.ts';
import { typeLines } from '../connections/type-lines.ts';

/** A board that takes its firmware by USB's DFU: from its hardware, or from U-Boot. */
export const dfu: Method = {
  name: 'dfu',
  accepts: byMethod('dfu', { id: 'board_id' }),
  build(job) {
    const uboot = mappingAt(job.device, 'actions', 'boot', 'methods', 'dfu')?.['implementation'] === 'u-boot';
    return {
      name: 'boot-dfu-retry',
      summary: 'boot dfu image with retry',
      description: 'boot dfu image using the command line interface',
      retry: true,
      children: [connectDevice, resetDevice(job), ...(uboot ? [bootloaderInterrupt('u-boot'), enterDfu] : []), waitDfuDevice, flashDfu],
    };
  },
};

const enterDfu: ActionSpec = {
  name: 'enter-dfu',
  summary: 'enter software dfu mode',
  description: 'type the commands that start DFU',
  timeoutError: 'Infrastructure',
  run: (a) => typeLines(a, asText(methodParameters(a, 'u-boot')['bootloader_prompt']), promptList(methodParameters(a, 'dfu')['enter-commands'])),
};

const program = (a: Action) => asText(methodParameters(a, 'dfu')['command'] ?? 'dfu-util');

/** What dfu-util says at the end when all went well. */
const success = /No error condition is present\s+Done!/;

const flashDfu: ActionSpec = {
  name: 'flash-dfu',
  summary: 'use dfu to flash the images',
  description: 'use dfu to flash the images',
  timeoutError: 'Infrastructure',
  validate(a) {
    which(program(a), 'Install the Debian package dfu-util on the worker.');
  },
  async run(a) {
    const { device } = a.job;
    const method = mappingAt(device, 'actions', 'boot', 'methods', 'dfu') ?? {};
    const settings = methodParameters(a, 'dfu');
    const files = imageFiles(a);
    const images = [...files].filter(([, { imageArg }]) => imageArg !== undefined);
    if (images.length === 0) throw new InfrastructureError("no 'image_arg' tells dfu-util what to write where", { code: 'flash-image-missing', hint: "Give at least one image of the deploy block an 'image_arg' like '--alt 0 --download {LABEL}'." });
    for (const [i, [, { imageArg = '' }]] of images.entries()) {
      const last = i + 1 === images.length && method['reset_works'] !== false;
      const argv = [
        program(a), ...promptList(settings['options']).flatMap(shellSplit), '--serial', asText(device['board_id']),
        '--device', `${asText(device['usb_vendor_id'])}:${asText(device['usb_product_id'])}`, ...shellSplit(imageArg).map((word) => fillFiles(word, files)), ...(last ? ['--reset'] : []),
      ];
      const { stdout, stderr } = await a.exec(argv, { error: 'Infrastructure', errorMessage: `command failed: ${argv.join(' ')}`, code: 'flash-failed' });
      if (!success.test(`${stdout}${stderr}`)) throw new InfrastructureError(`command failed: ${argv.join(' ')}`, { code: 'flash-failed', hint: 'dfu-util did not say at its end that the board has no error: see its output in the log.' });
      if (method['implementation'] !== 'u-boot') continue;
      await a.needConnection().expect([asText(a.constant('dfu-download', 'u-boot'))], { timeoutMs: a.remainingMs(), signal: a.signal });
    }
  },
};
