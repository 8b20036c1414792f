import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mappingAt } from '@lava/job';
import { connectDevice } from '../connections/connect-device.ts';
import { which } from '../process/which.ts';
import { fillFiles, imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { byMethod } from './by-method.ts';
import { flashReset } from './flash-reset.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { promptList } from '../text/prompts.ts';

/** A microcontroller that is written with OpenOCD. */
export const openocd: Method = {
  name: 'openocd',
  accepts: byMethod('openocd', { id: 'board_id' }),
  build: (job) => ({
    name: 'boot-openocd-image',
    summary: 'boot openocd image with retry',
    description: 'boot openocd image with retry',
    retry: true,
    children: [...flashReset(job), connectDevice, flashOpenocd],
  }),
};

const program = (a: Action) => asText(methodParameters(a, 'openocd')['command'] ?? 'openocd');

const flashOpenocd: ActionSpec = {
  name: 'flash-openocd',
  summary: 'flash openocd to boot the image',
  description: 'use OpenOCD to write the images',
  timeoutError: 'Infrastructure',
  validate(a) {
    which(program(a), 'Install the Debian package openocd on the worker.');
    if (a.job.device['board_id'] === '00000000') a.error("[OPENOCD] board_id unset: the device dictionary keeps the device type's placeholder");
  },
  async run(a) {
    const options = mappingAt(methodParameters(a, 'openocd'), 'options') ?? {};
    const files = imageFiles(a);
    const words = (flag: string, values: readonly string[]) => values.flatMap((value) => (value === '' ? [] : [flag, fillFiles(value, files, true)]));
    const script = files.get('openocd_script')?.file;
    const argv = [
      program(a), ...words('-f', script === undefined ? promptList(options['file']) : [script]), ...words('-f', await boardSelection(a)),
      `-d${asText(options['debug'] ?? 2)}`, ...words('-s', promptList(options['search'])), ...words('-c', promptList(options['command'])),
    ];
    await a.exec(argv, { errorMessage: `${argv.join(' ')} command failed`, code: 'flash-failed' });
  },
};

/** A script that tells boards of one kind apart, where the device has a command for it. */
async function boardSelection(a: Action): Promise<string[]> {
  const command = mappingAt(a.job.device, 'actions', 'boot', 'methods', 'openocd')?.['board_selection_cmd'];
  if (command === undefined || command === null || command === '') return [];
  const file = join(await a.makeFolder(), 'board_selection.cfg');
  await writeFile(file, `${asText(command)}\n`);
  return [file];
}
