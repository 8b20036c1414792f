import { ConfigurationError } from '@lava/base';
import { connectDevice } from '../connections/connect-device.ts';
import { which } from '../process/which.ts';
import { qdlFolder } from '../deploy/qdl.ts';
import { asText } from '../text/as-text.ts';
import { sharedKey, type ActionSpec, type Method } from '../pipeline/action.ts';
import { runCommands } from '../power/device-command.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitQdlDevice } from '../usb/wait-usb.ts';
import { join } from 'node:path';
import { byMethod } from './by-method.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { promptList } from '../text/prompts.ts';
import { bootTail } from './tail.ts';

/** A Qualcomm board that is written in its emergency download mode. */
export const qdl: Method = {
  name: 'qdl',
  accepts: byMethod('qdl', { id: 'board_qdl_id' }),
  build: (job, parameters) => ({
    name: 'boot-qdl-retry',
    summary: 'boot qdl image with retry',
    description: 'boot qdl image using the command line interface',
    retry: true,
    children: [connectDevice, resetDevice(job), enterQdl, waitQdlDevice, flashQdl, ...bootTail(job, parameters)],
  }),
};

const enterQdl: ActionSpec = {
  name: 'enter-qdl',
  summary: 'enter emergency download mode',
  description: "run the lab's commands that bring the board into emergency download mode",
  timeoutError: 'Infrastructure',
  run: (a) => runCommands(a, promptList(methodParameters(a, 'qdl')['enter-commands']).filter((command) => command !== ''), (command) => `Unable to enter QDL mode: '${command}' failed`),
};

/** Version of qdl on the worker, as major and minor number. */
const installed = sharedKey<readonly [number, number]>('qdl-version');

const flashQdl: ActionSpec = {
  name: 'flash-qdl',
  summary: 'use qdl to flash the images',
  description: 'use qdl to flash the images',
  timeoutError: 'Infrastructure',
  async validate(a) {
    which('qdl', 'Install qdl 2.0 or later on the worker.');
    if (a.job.device['board_qdl_id'] === '00000000') a.error("[QDL] board_qdl_id unset: the device dictionary keeps the device type's placeholder");
    for (const key of ['firehose_program', 'rawprogram', 'patch']) if (a.parameters[key] === undefined) a.error(`'${key}' is missing for qdl`);
    const { stdout, stderr } = await a.exec(['qdl', '--version'], { allowFail: true, quiet: true });
    const [, major, minor] = /(\d+)\.(\d+)/.exec(`${stdout}${stderr}`) ?? [];
    if (major === undefined || Number(major) < 2) throw new ConfigurationError(`qdl 2.0 or later is needed, and the worker has '${`${stdout}${stderr}`.trim()}'`, { code: 'program-too-old', hint: 'Older ones cannot choose a board by its serial number. Install a newer qdl on the worker.' });
    a.set(installed, [Number(major), Number(minor)]);
  },
  async run(a) {
    const { parameters } = a;
    const [major, minor] = a.get(installed) ?? [2, 0];
    const argv = [
      'qdl', ...(major > 2 || minor >= 7 ? ['--skipblock=sha256'] : []), ...(parameters['debug'] === true ? ['--debug'] : []),
      ...(parameters['storage'] === undefined ? [] : ['--storage', asText(parameters['storage'])]), '--serial', asText(a.job.device['board_qdl_id']),
      asText(parameters['firehose_program']), asText(parameters['rawprogram']), asText(parameters['patch']),
    ];
    const cwd = join(a.get(qdlFolder) ?? a.job.scratch, join('/', asText(parameters['path'] ?? '.')));
    await a.exec(argv, { cwd, error: 'Infrastructure', errorMessage: `command failed: ${argv.join(' ')}`, code: 'flash-failed' });
  },
};
