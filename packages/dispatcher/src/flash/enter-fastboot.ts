import { InfrastructureError, JobError, sleep } from '@lava/base';
import { mappingAt, pythonRepr } from '@lava/job';
import { bootloaderInterrupt } from '../connections/bootloader-interrupt.ts';
import { typeLines } from '../connections/type-lines.ts';
import { connectDevice } from '../connections/connect-device.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceCommand } from '../power/device-command.ts';
import { prePowerCommand } from '../power/pre-commands.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitDeviceBoardId } from '../usb/wait-usb.ts';
import { adbSerial, fastboot, fastbootSerial, foundSerial, noteFinished } from './fastboot.ts';
import { runTool } from './run-tool.ts';

/** Brings a device into fastboot: by commands for U-Boot, by a reset, or by asking the system or the bootloader that runs. */
export function enterFastboot(job: JobContext, purpose: 'deploy' | 'download' | 'boot'): ActionSpec[] {
  const detect = job.device['fastboot_auto_detection'] === true ? [detectFastbootDevice] : [];
  if (job.device['fastboot_via_uboot'] === true) return [connectDevice, ubootEnterFastboot(job), ...detect];
  if (deviceCommand(job.device, 'hard_reset')) return [connectDevice, ...(purpose === 'deploy' ? [prePowerCommand] : []), resetDevice(job), ...detect];
  return [...(purpose === 'boot' ? [waitDeviceBoardId] : []), enterFastbootAction];
}

const enterFastbootAction: ActionSpec = {
  name: 'enter-fastboot-action',
  summary: 'enter fastboot',
  description: 'enter fastboot bootloader',
  timeoutError: 'Infrastructure',
  async run(a) {
    const adb = (...words: string[]) => runTool(a, ['adb', '-s', adbSerial(a), ...words], [], { allowFail: true });
    await adb('start-server');
    const { stdout } = await adb('devices');
    if (stdout.split('\n').some((line) => line.startsWith(adbSerial(a)) && /\sdevice$/.test(line.trim()))) {
      await runTool(a, ['adb', '-s', adbSerial(a), 'reboot-bootloader'], [], { error: 'Infrastructure', code: 'fastboot-failed' });
      return;
    }
    const listed = await fastboot(a, ['devices']);
    if (!listed.stdout.includes(fastbootSerial(a))) return a.log.debug('The device is known neither to adb nor to fastboot');
    const said = await fastboot(a, ['reboot-bootloader']);
    const output = `${said.stdout}${said.stderr}`;
    if (!output.toLowerCase().includes('okay')) throw new InfrastructureError(`Unable to enter fastboot: ${output.trim()}`, { code: 'fastboot-failed', hint: "'fastboot reboot-bootloader' did not say OKAY." });
    noteFinished(a, output);
  },
};

function ubootEnterFastboot(job: JobContext): ActionSpec {
  const settings = mappingAt(job.device, 'actions', 'deploy', 'methods', 'u-boot', 'parameters') ?? {};
  const commands: unknown = mappingAt(settings, 'fastboot')?.['commands'];
  const lines = Array.isArray(commands) ? commands.map(asText) : [];
  return {
    name: 'uboot-enter-fastboot',
    summary: 'let uboot enter fastboot mode',
    description: 'interactive uboot enter fastboot action',
    retry: true,
    timeoutError: 'Infrastructure',
    children: [resetDevice(job), bootloaderInterrupt('u-boot'), {
      name: 'uboot-fastboot-commands',
      summary: 'uboot commands that start fastboot',
      description: 'type the commands that start fastboot in uboot',
      timeoutError: 'Infrastructure',
      run: (a) => typeLines(a, asText(settings['bootloader_prompt']), lines),
    }],
    validate(a) {
      if (settings['bootloader_prompt'] === undefined) a.error("Missing bootloader prompt for device: 'actions.deploy.methods.u-boot.parameters.bootloader_prompt'");
      if (lines.length === 0) a.error("The device configuration has no commands for U-Boot to start fastboot: 'actions.deploy.methods.u-boot.parameters.fastboot.commands'");
    },
  };
}

const attempts = 10;
const pauseMs = 3000;

const detectFastbootDevice: ActionSpec = {
  name: 'detect-fastboot-device',
  summary: 'detect fastboot device',
  description: 'find the serial number of the one device that is in fastboot mode',
  timeoutError: 'Infrastructure',
  async run(a) {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const { stdout } = await runTool(a, ['fastboot', 'devices'], [], { allowFail: true });
      const found = stdout.split('\n').filter((line) => /\sfastboot$/.test(line.trim())).map((line) => line.trim().split(/\s+/)[0] ?? '');
      if (found.length > 1) throw new JobError(`More then one fastboot devices found: ${pythonRepr(found)}`, { code: 'fastboot-missing', hint: "Which one is meant cannot be told: set 'fastboot_serial_number' in the device dictionary instead of 'fastboot_auto_detection'." });
      if (found[0] !== undefined) {
        a.log.info(`Detected fastboot device: ${found[0]}`);
        return a.set(foundSerial, found[0]);
      }
      if (attempt < attempts) await sleep(pauseMs, a.signal);
    }
    throw new JobError('Fastboot device not found.', { code: 'fastboot-missing', hint: `'fastboot devices' listed none within ${(attempts * pauseMs) / 1000} seconds: is the board in fastboot mode, and its USB at this worker?` });
  },
};
