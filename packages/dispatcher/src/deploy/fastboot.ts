import { LavaBug } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { readFeedback } from '../connections/read-feedback.ts';
import { enterFastboot } from '../flash/enter-fastboot.ts';
import { checkFastboot, fastboot as runFastboot, noteFinished } from '../flash/fastboot.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { pduReboot } from '../power/reset-device.ts';
import { waitDeviceBoardId } from '../usb/wait-usb.ts';
import { Downloads } from './download.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { fetchPartitions, imagesOf, overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Partitions that are written with fastboot. */
export const fastbootDeploy: Method = {
  name: 'fastboot',
  accepts(job, parameters) {
    const meant = to('fastboot', { method: 'fastboot' })(job, parameters);
    if (meant !== true) return meant;
    const needed = ['fastboot_options', ...(job.device['fastboot_auto_detection'] === true ? [] : ['adb_serial_number', 'fastboot_serial_number'])];
    const missing = needed.find((key) => job.device[key] === undefined);
    return missing === undefined || `"${missing}" is not in the device configuration`;
  },
  build(job, parameters) {
    const downloads = new Downloads();
    return {
      name: 'fastboot-deploy',
      summary: 'fastboot deployment',
      description: 'download files and deploy using fastboot',
      children: [...overlaySpecs(job, parameters), ...fetchPartitions(job, parameters, downloads), ...enterFastboot(job, 'deploy'), flashOrder(job, parameters)],
      validate(a) {
        downloads.check(a);
        if (!('fastboot' in (mappingAt(job.device, 'actions', 'deploy', 'connections') ?? {}))) a.error('Device not configured to support fastboot deployment connections.');
        checkFastboot(a);
      },
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};

/** Image by image in the order of the device, then in that of the job. */
function flashOrder(job: JobContext, parameters: Parameters): ActionSpec {
  const images = Object.keys(imagesOf(parameters));
  const known: unknown = job.device['flash_cmds_order'];
  const order = Array.isArray(known) ? known.map(asText).filter((name) => images.includes(name)) : [];
  const labels = [...new Set([...order, ...images])];
  const noBoot = namesOf(mappingAt(job.device, 'actions', 'boot', 'methods')?.['fastboot']).includes('no-flash-boot');
  return {
    name: 'fastboot-flash-order-action',
    summary: 'Determine support for each flash operation',
    description: 'Determine support for each flash operation',
    timeoutError: 'Infrastructure',
    children: [
      readFeedback,
      ...labels.flatMap((label) => (label === 'boot' && noBoot ? [] : [waitDeviceBoardId, flash(label), ...rebootAfter(mappingAt(parameters, 'images', label)?.['reboot'])])),
    ],
    validate(a) {
      if (known === undefined) a.error("device flash commands order missing: the device configuration needs 'flash_cmds_order', a list of partitions");
    },
  };
}

/** The steps that a device's boot method lists. */
function namesOf(steps: unknown): string[] {
  return Array.isArray(steps) ? steps.map(asText) : isMapping(steps) ? Object.keys(steps) : [];
}

function flash(label: string): ActionSpec {
  return {
    name: 'fastboot-flash-action',
    summary: `execute fastboot flash command`,
    description: `write partition ${label} with fastboot`,
    timeoutError: 'Infrastructure',
    async run(a) {
      await waitForInterrupt(a);
      const file = a.get(downloadedFiles)?.get(label)?.file;
      if (file === undefined) throw new LavaBug(`'${label}' was not fetched`);
      const { stdout, stderr } = await runFastboot(a, ['flash', label, file], [file], `Unable to flash ${label} using fastboot`);
      a.results['label'] = label;
      noteFinished(a, `${stdout}${stderr}`);
    },
  };
}

/** Boards whose bootloader must be stopped after each reboot before fastboot answers. */
async function waitForInterrupt(a: Action): Promise<void> {
  const settings = mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'fastboot');
  const reboots = Object.values(mappingAt(a.parameters, 'images') ?? {}).some((block) => isMapping(block) && block['reboot'] !== undefined);
  if (settings?.['interrupt_prompt'] === undefined || !reboots) return;
  const connection = a.needConnection();
  connection.prompts = [asText(settings['interrupt_prompt'])];
  await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  await connection.sendLine(asText(settings['interrupt_string'] ?? ''));
}

function rebootAfter(kind: unknown): ActionSpec[] {
  const words: Readonly<Record<string, string[]>> = { 'fastboot-reboot': ['reboot'], 'fastboot-reboot-bootloader': ['reboot-bootloader'], 'fastboot-reboot-fastboot': ['reboot', 'fastboot'] };
  if (kind === 'hard-reset') return [pduReboot, readFeedback];
  const asked = typeof kind === 'string' ? words[kind] : undefined;
  return asked === undefined ? [] : [fastbootReboot(asText(kind), asked), readFeedback];
}

function fastbootReboot(name: string, words: readonly string[]): ActionSpec {
  return {
    name, summary: 'execute a reboot using fastboot', description: `fastboot ${words.join(' ')}`, timeoutError: 'Infrastructure',
    async run(a) {
      const { stdout, stderr } = await runFastboot(a, words, [], 'Unable to reboot using fastboot');
      noteFinished(a, `${stdout}${stderr}`);
    },
  };
}
