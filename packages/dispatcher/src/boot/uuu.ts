import { ConfigurationError, InfrastructureError, JobError, LavaError, sleep } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { connectDevice } from '../connections/connect-device.ts';
import { disconnectDevice } from '../connections/disconnect-device.ts';
import { shellSplit } from '../text/shell-split.ts';
import { fillFiles, imageFiles } from '../flash/image-files.ts';
import { runTool } from '../flash/run-tool.ts';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action, type ActionSpec, type ExecOptions, type ExecResult, type Method, type Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { runCommands } from '../power/device-command.ts';
import { powerOff } from '../power/power-off.ts';
import { resetDevice } from '../power/reset-device.ts';
import { bootloaderInterrupt } from '../connections/bootloader-interrupt.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { promptList } from '../text/prompts.ts';
import { typeLines } from '../connections/type-lines.ts';

/** A command for uuu or bcu. */
interface Step { readonly protocol: string; readonly words: string }

const optionsOf = (job: Pick<JobContext, 'device'>) => mappingAt(job.device, 'actions', 'boot', 'methods', 'uuu', 'options') ?? {};

/** A board of NXP's that uuu writes over USB. */
export const uuu: Method = {
  name: 'uuu',
  accepts(job, parameters) {
    if (parameters['method'] !== 'uuu') return '"method" was not "uuu"';
    if (parameters['commands'] === undefined) throw new ConfigurationError('commands not specified in boot parameters', { code: 'boot-without-commands' });
    const options = optionsOf(job);
    if (!deviceHasMethod(job.device, 'boot', 'uuu')) return '"uuu" was not in the device configuration boot methods';
    if (!given(options['usb_otg_path']) && !given(options['usb_otg_path_command'])) return '"uuu_usb_otg_path" or "uuu_usb_otg_path_command" not set in the device configuration';
    if (!given(options['corrupt_boot_media_command'])) return '"uuu_corrupt_boot_media_command" not set in the device configuration';
    return deviceHasMethod(job.device, 'boot', 'u-boot') || '"u-boot" was not in the device configuration boot methods';
  },
  build(job, parameters) {
    const steps = stepsOf(parameters);
    const [first] = steps;
    const onlyBcu = steps.every(({ protocol }) => protocol === 'bcu') || (first?.protocol === 'bcu' && first.words === 'reset usb');
    const powersOff = optionsOf(job)['power_off_before_corrupt_boot_media'] === true;
    return {
      name: 'uuu-boot-retry',
      summary: 'uuu integration',
      description: 'flash and boot the board with uuu',
      retry: true,
      children: [
        ...(parameters['skip_uuu_if_bootloader_valid'] === true ? [checkBootloaderValid(job)] : []),
        {
          name: 'uuu', summary: 'run uuu', description: 'bring the board into serial download mode and flash it',
          children: [
            disconnectDevice, resetDevice(job),
            ...(onlyBcu ? [] : [checkSerialAvailability, corruptBootMedia(powersOff), resetDevice(job)]),
            connectDevice, uuuBoot(steps), disconnectDevice,
          ],
          async run(a) {
            if (a.get(bootloaderValid) === true) return a.log.info('The bootloader is valid: nothing is flashed');
            await a.runChildren();
          },
        },
      ],
    };
  },
};

const given = (value: unknown) => value !== undefined && value !== null && value !== '';
const bootloaderValid = sharedKey<boolean>('check-bootloader-valid');
const serialAvailable = sharedKey<boolean>('check-serial-availability');

function stepsOf(parameters: Parameters): Step[] {
  const list: unknown = parameters['commands'];
  return (Array.isArray(list) ? list : []).filter(isMapping).flatMap((entry) => Object.entries(entry).map(([protocol, words]) => ({ protocol, words: asText(words) })));
}

/** `-m PATH` for each USB port that the board may be at. */
async function portsOf(a: Action): Promise<string[]> {
  const options = optionsOf(a.job);
  let paths = promptList(options['usb_otg_path']).filter((path) => path !== '');
  if (paths.length === 0) {
    const command = promptList(options['usb_otg_path_command']).flatMap(shellSplit);
    const { stdout } = await a.exec(command, { error: 'Infrastructure', errorMessage: "The command of 'usb_otg_path_command' failed" });
    paths = stdout.split(/\s+/).filter((path) => path !== '');
  }
  for (const path of paths) if (!/^\d+:\d+$/.test(path)) throw new ConfigurationError(`'${path}' is no USB path for uuu: it is written BUS:PORT`, { code: 'usb-path', hint: "'uuu -lsusb' on the worker lists the paths of boards in serial download mode; set 'uuu_usb_otg_path' in the device dictionary." });
  return paths.flatMap((path) => ['-m', path]);
}

/** Runs uuu or bcu, in a container if the job or the device names one. A board has other device nodes at every stage: the container sees them all. */
function runUuu(a: Action, argv: readonly string[], files: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const image = optionsOf(a.job)['docker_image'];
  return runTool(a, argv, files, {
    ...options, env: { DISABLE_SUMMARY: 'true' }, ...(given(image) && { docker: { image } }), dockerOptions: ['--privileged', '--volume=/dev:/dev', '--net=host'],
  });
}

function checkBootloaderValid(job: JobContext): ActionSpec {
  const children = [connectDevice, resetDevice(job), bootloaderInterrupt('u-boot'), disconnectDevice];
  return {
    name: 'check-bootloader-valid',
    summary: 'check if the bootloader is valid',
    description: 'look whether the bootloader on the board can be interrupted',
    timeoutError: 'Infrastructure',
    children,
    async run(a) {
      a.set(bootloaderValid, false);
      try {
        await a.runChildren();
        a.set(bootloaderValid, true);
      } catch (error) {
        if (!(error instanceof LavaError && error.type === 'Infrastructure')) throw error;
        a.log.info('The bootloader is not valid: the board is flashed');
      }
    },
  };
}

const available = 0;
/** What `timeout` gives for a program that it ended: nobody was there. */
const timedOut = 143;

const checkSerialAvailability: ActionSpec = {
  name: 'check-serial-availability',
  summary: 'check availability of the board in serial download mode',
  description: 'find out whether the board is in serial download mode',
  timeoutError: 'Infrastructure',
  async run(a) {
    await sleep(settleMs, a.signal);
    const boot = imageFiles(a).get('boot')?.file;
    if (boot === undefined) throw new JobError("uuu needs an image with the key 'boot' in the deploy block", { code: 'flash-image-missing' });
    const argv = ['timeout', '--preserve-status', '10', 'uuu', ...(await portsOf(a)), boot];
    const { status } = await runUuu(a, argv, [boot], { allowFail: true });
    if (status !== available && status !== timedOut) throw new InfrastructureError(`uuu failed with status ${status} while the board was looked for`, { code: 'flash-failed', hint: 'It is 0 for a board in serial download mode and 143 for none. See its output in the log.' });
    a.set(serialAvailable, status === available);
    a.log.info(status === available ? 'The board is in serial download mode' : 'The board is not in serial download mode');
  },
};

/** Milliseconds that a board gets to appear on USB after a reset. */
const settleMs = 5000;

/** Makes a board whose boot medium still works start in serial download mode. */
function corruptBootMedia(powersOff: boolean): ActionSpec {
  const wipe: ActionSpec = {
    name: 'corrupt-boot-media-commands', summary: 'commands that corrupt the boot media', description: 'type the commands that corrupt the boot medium', timeoutError: 'Infrastructure',
    async run(a) {
      const prompt = asText(methodParameters(a, 'u-boot')['bootloader_prompt']);
      await typeLines(a, prompt, promptList(optionsOf(a.job)['corrupt_boot_media_command']));
      await a.needConnection().waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    },
  };
  return {
    name: 'boot-corrupt-boot-media',
    summary: 'boot using corrupted boot media',
    description: 'corrupt the boot medium, so that the board starts in serial download mode',
    timeoutError: 'Infrastructure',
    children: [...(powersOff ? [powerOff] : []), connectDevice, bootloaderInterrupt('u-boot'), wipe, disconnectDevice],
    async run(a) {
      if (a.get(serialAvailable) === true) return a.log.debug('Nothing to corrupt: the board is in serial download mode');
      await a.runChildren();
    },
  };
}

function uuuBoot(steps: readonly Step[]): ActionSpec {
  const bcu = (a: Action, words: readonly string[]) => {
    const options = optionsOf(a.job);
    return ['bcu', ...words, `-board=${asText(options['bcu_board_name'])}`, `-id=${asText(options['bcu_board_id'])}`];
  };
  let switched = false;
  const usesBcu = steps.some(({ protocol }) => protocol === 'bcu');
  return {
    name: 'uuu-boot',
    summary: 'boot or flash the board with uuu',
    description: "run the job's commands with uuu and bcu",
    timeoutError: 'Infrastructure',
    validate(a) {
      if (given(optionsOf(a.job)['remote_options'])) a.error("'remote_options' of uuu: containers on another machine are not supported; run a worker there");
      if (steps.length === 0) a.error("'commands' of uuu should be a list of {protocol: command}, such as {uuu: '-b emmc {boot}'}");
      if (!usesBcu) return;
      const options = optionsOf(a.job);
      if (!given(options['bcu_board_name'])) a.error("Commands for bcu need 'bcu_board_name' in the device configuration");
      if (!given(options['bcu_board_id'])) a.error("Commands for bcu need 'bcu_board_id' in the device configuration");
      else if (!/^\d+-(\d+|\.)+$/.test(asText(options['bcu_board_id']))) a.error(`'bcu_board_id' is no USB path: ${asText(options['bcu_board_id'])}`);
    },
    async run(a) {
      const files = imageFiles(a);
      const mounts = [...files.values()].map(({ file }) => file);
      const ports = await portsOf(a);
      for (const { protocol, words } of steps) {
        const filled = shellSplit(words).map((word) => fillFiles(word, files));
        if (protocol === 'bcu') switched = true;
        const argv = protocol === 'bcu' ? bcu(a, filled) : ['uuu', ...ports, ...(protocol === 'uuu' ? [] : [`${protocol}:`]), ...filled];
        await runUuu(a, argv, mounts, { error: 'Infrastructure', errorMessage: `command failed: ${argv.join(' ')}`, code: 'flash-failed' });
      }
    },
    async cleanup(a) {
      if (!switched) return;
      switched = false;
      await runUuu(a, bcu(a, ['deinit']), [], { allowFail: true });
      await runCommands(a, promptList(optionsOf(a.job)['additional_bcu_cleanup_commands']), (command) => `'${command}' failed`);
    },
  };
}
