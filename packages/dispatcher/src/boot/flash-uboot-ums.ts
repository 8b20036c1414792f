import { LavaBug } from '@lava/base';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { asText } from '../text/as-text.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { which } from '../process/which.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';

/** Writes the image of `to: u-boot-ums` to the disk that U-Boot shows over USB, and ends the showing. */
export const flashUbootUms: ActionSpec = {
  name: 'flash-uboot-ums',
  summary: 'Write image file to UMS mass storage device',
  description: 'write the image to the disk that U-Boot shows',
  timeoutError: 'Infrastructure',
  validate() {
    which('bmaptool', 'Install the Debian package bmap-tools on the worker.');
  },
  async run(a) {
    const image = a.get(downloadedFiles)?.get('image')?.file;
    if (image === undefined) throw new LavaBug('the image was not fetched');
    const options = { error: 'Infrastructure', errorMessage: 'writing to the USB mass storage device failed', code: 'flash-failed' } as const;
    await a.exec(['bmaptool', 'create', '--output', `${image}.layout`, image], options);
    await a.exec(['bmaptool', '--quiet', 'copy', '--bmap', `${image}.layout`, image, asText(methodParameters(a, 'u-boot')['uboot_mass_storage_device'])], options);
    await a.needConnection().send('\u0003');
  },
};
