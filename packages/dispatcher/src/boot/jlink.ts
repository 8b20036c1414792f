import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { connectDevice } from '../connections/connect-device.ts';
import { shellSplit } from '../text/shell-split.ts';
import { which } from '../process/which.ts';
import { fillFiles, imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { byMethod } from './by-method.ts';
import { flashReset } from './flash-reset.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { promptList } from '../text/prompts.ts';

/** A microcontroller that is written with SEGGER's J-Link. */
export const jlink: Method = {
  name: 'jlink',
  accepts: byMethod('jlink', { id: 'board_id' }),
  build: (job) => ({
    name: 'boot-jlink-image',
    summary: 'boot jlink image with retry',
    description: 'boot jlink image with retry',
    retry: true,
    children: [...flashReset(job), connectDevice, flashJlink],
  }),
};

const program = (a: Action) => asText(methodParameters(a, 'jlink')['command'] ?? 'JLinkExe');

const flashJlink: ActionSpec = {
  name: 'flash-jlink',
  summary: 'flash jlink to boot the image',
  description: 'use J-Link to write the images',
  timeoutError: 'Infrastructure',
  validate(a) {
    which(program(a), "Install SEGGER's J-Link software on the worker.");
    if (a.job.device['board_id'] === '0000000000') a.error("[JLink] board_id unset: the device dictionary keeps the device type's placeholder");
    const core = coreType(a);
    const known = promptList(methodParameters(a, 'jlink')['supported_core_types']);
    if (core !== undefined && !known.includes(core)) a.error(`Core type '${core}' is not supported by this device: ${known.join(', ')}`);
  },
  async run(a) {
    const settings = methodParameters(a, 'jlink');
    const core = coreType(a);
    const script = join(await a.makeFolder(), 'cmd.jlink');
    const lines = commanderScript(a);
    await writeFile(script, `${lines.join('\n')}\n`);
    for (const line of lines) a.log.debug(`J-Link: ${line}`);
    const argv = [
      program(a), '-device', `${asText(settings['processor'])}${core === undefined ? '' : `_${core}`}`, ...promptList(settings['options']).flatMap(shellSplit),
      '-autoconnect', '1', '-NoGui', '1', '-CommanderScript', script, '-SelectEmuBySN', asText(a.job.device['board_id']),
    ];
    const { stdout } = await a.exec(argv, { errorMessage: `${argv.join(' ')} command failed`, code: 'flash-failed' });
    if (stdout.includes('Connecting to J-Link via USB...FAILED')) throw new JobError('Connecting to J-Link via USB failed', { code: 'flash-failed', hint: 'Is the debugger with this board_id plugged in?' });
    const { prompts } = a.parameters;
    if (prompts === undefined) return;
    const connection = a.needConnection();
    connection.prompts = promptList(prompts);
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  },
};

/** One of several cores that the job means. */
function coreType(a: Action): string | undefined {
  const core = a.parameters['coretype'];
  return core === undefined || core === null ? undefined : asText(core);
}

/** The lines for J-Link's commander: the job's own, or those that write each file to the device's address. */
function commanderScript(a: Action): string[] {
  const settings = methodParameters(a, 'jlink');
  const files = imageFiles(a);
  const address = `0x${Number(settings['address'] ?? 0).toString(16)}`;
  const { commands } = a.parameters;
  const write = commands === undefined ? [...files.values()].flatMap(({ file }) => [`loadfile ${file} ${address}`, `verifybin ${file} ${address}`]) : promptList(commands).map((line) => fillFiles(line, files));
  return ['r', 'h', 'sleep 500', ...promptList(settings['erase_command']), ...write, ...promptList(settings['reset_command']), 'qc'];
}
