import { mappingAt } from '@lava/job';
import { connectDevice } from '../connections/connect-device.ts';
import { shellSplit } from '../text/shell-split.ts';
import { which } from '../process/which.ts';
import { fillFiles, imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { deviceCommand, runCommands } from '../power/device-command.ts';
import { byMethod } from './by-method.ts';
import { flashReset } from './flash-reset.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { promptList } from '../text/prompts.ts';

/** A microcontroller that is written with pyOCD. */
export const pyocd: Method = {
  name: 'pyocd',
  accepts: byMethod('pyocd', { id: 'board_id' }),
  build(job) {
    const first = mappingAt(job.device, 'actions', 'boot', 'methods', 'pyocd', 'parameters')?.['connect_before_flash'] === true;
    return {
      name: 'boot-pyocd-image',
      summary: 'boot pyocd image with retry',
      description: 'boot pyocd image with retry',
      retry: true,
      children: [...flashReset(job), ...(first ? [connectDevice, flashPyocd] : [flashPyocd, connectDevice])],
    };
  },
};

/** The program that the device names, else the newer of those that are installed. */
function program(a: Action): string {
  const { command } = methodParameters(a, 'pyocd');
  if (typeof command === 'string' && command !== '') return command;
  try {
    which('pyocd-flashtool');
    return 'pyocd-flashtool';
  } catch {
    return 'pyocd';
  }
}

const flashPyocd: ActionSpec = {
  name: 'flash-pyocd',
  summary: 'flash pyocd to boot the image',
  description: 'use pyocd to write the images',
  timeoutError: 'Infrastructure',
  validate(a) {
    which(program(a), 'Install pyOCD on the worker.');
    if (a.job.device['board_id'] === '0000000000') a.error("[PYOCD] board_id unset: the device dictionary keeps the device type's placeholder");
  },
  async run(a) {
    const command = program(a);
    const id = asText(a.job.device['board_id']);
    const options = promptList(methodParameters(a, 'pyocd')['options']).flatMap(shellSplit);
    const words = command.endsWith('pyocd-flashtool') ? [command, ...options, '--board', id] : [command, 'flash', ...options, '--uid', id];
    const files = imageFiles(a);
    for (const { file, imageArg } of files.values()) {
      const argv = [...words, ...(imageArg === undefined ? [file] : shellSplit(imageArg).map((word) => fillFiles(word, files)))];
      await a.exec(argv, { errorMessage: `[${argv.map((word) => `'${word}'`).join(', ')}] command failed`, code: 'flash-failed' });
    }
    await runCommands(a, deviceCommand(a.job.device, 'pre_os_command') ?? [], (text) => `'${text}' failed`);
  },
};
