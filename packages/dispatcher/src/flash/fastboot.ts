import { JobError } from '@lava/base';
import { isMapping } from '@lava/job';
import { sharedKey, type Action, type ExecResult } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { runTool } from './run-tool.ts';

/** Serial number of a device that was found by `fastboot devices`. */
export const foundSerial = sharedKey<string>('detect-fastboot-device');

const unset = '0000000000';

/** How fastboot is told which device is meant. */
export function fastbootSerial(a: Action): string {
  const configured = asText(a.job.device['fastboot_serial_number'] ?? '');
  return configured === '' || configured === unset ? a.get(foundSerial) ?? configured : configured;
}

export function adbSerial(a: Action): string {
  const configured = asText(a.job.device['adb_serial_number'] ?? '');
  return configured === '' || configured === unset ? a.get(foundSerial) ?? configured : configured;
}

/** `fastboot -s SERIAL WORDS OPTIONS`. What it says comes on both of its outputs. */
export function fastboot(a: Action, words: readonly string[], files: readonly string[] = [], errorMessage?: string): Promise<ExecResult> {
  const options: unknown = a.job.device['fastboot_options'];
  const argv = ['fastboot', '-s', fastbootSerial(a), ...words, ...(Array.isArray(options) ? options.map(asText) : [])];
  return runTool(a, argv, files, { code: 'fastboot-failed', ...(errorMessage !== undefined && { errorMessage }) });
}

/** Notes the line that says that fastboot has finished; @throws JobError when it did not say what it does */
export function checkSaid(a: Action, { stdout, stderr }: ExecResult, word: string, message: string): void {
  const output = `${stdout}${stderr}`;
  if (output.trim() !== '' && !output.toLowerCase().includes(word)) throw new JobError(`${message}: ${output.trim()}`, { code: 'fastboot-failed' });
  noteFinished(a, output);
}

export function noteFinished(a: Action, output: string): void {
  a.results['status'] = output.split('\n').find((line) => line.includes('finished') || line.includes('Finished'))?.trim() ?? `fail: ${a.name}`;
}

/** Checks the settings that all of fastboot needs. */
export function checkFastboot(a: Action): void {
  const { device } = a.job;
  const automatic = device['fastboot_auto_detection'] === true;
  if (device['fastboot_serial_number'] === undefined && !automatic) a.error("device fastboot serial number missing: set 'fastboot_serial_number' in the device dictionary");
  else if (device['fastboot_serial_number'] === unset && !automatic) a.error("device fastboot serial number unset: 'fastboot_serial_number' keeps the device type's placeholder");
  if (device['fastboot_options'] === undefined) a.error("device fastboot options missing: set 'fastboot_options' in the device dictionary, a list that may be empty");
  else if (!Array.isArray(device['fastboot_options'])) a.error("device fastboot options is not a list: 'fastboot_options' of the device dictionary");
  if (device['fastboot_via_uboot'] === true && !isMapping(device['actions'])) a.error("device has no U-Boot, and 'fastboot_via_uboot' needs it");
}
