import { ConfigurationError } from '@lava/base';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { resetConnection } from '../connections/disconnect-device.ts';
import { tftpFiles } from '../pipeline/namespace-data.ts';
import { tftpRoot } from '../deploy/serve-tftp.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { resetDevice } from '../power/reset-device.ts';
import { bootloaderCommands } from './bootloader-commands.ts';
import { bootloaderCommandList } from './bootloader-overlay.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { fillCommands, placeholdersOf } from './placeholders.ts';
import { promptList } from '../text/prompts.ts';
import { bootTail } from './tail.ts';

/** The firmware of Chromebooks: loads kernel and command line over TFTP. */
export const depthcharge: Method = {
  name: 'depthcharge',
  accepts(job, parameters) {
    if (parameters['method'] !== 'depthcharge') return '"method" was not "depthcharge"';
    if (!('commands' in parameters)) throw new ConfigurationError('commands not specified in boot parameters', { code: 'boot-without-commands' });
    return deviceHasMethod(job.device, 'boot', 'depthcharge') || '"depthcharge" was not in the device configuration boot methods';
  },
  build: (job, parameters) => ({
    name: 'depthcharge-action',
    summary: 'sets up boot with Depthcharge',
    description: 'interactive Depthcharge action',
    children: [depthchargeOverlay, {
      name: 'depthcharge-retry',
      summary: 'depthcharge commands with retry',
      description: 'interactive depthcharge retry action',
      retry: true,
      children: [resetConnection, resetDevice(job), depthchargeStart, bootloaderCommands('depthcharge'), ...bootTail(job, parameters)],
    }],
  }),
};

/** The list of commands that the block names, with the kernel's command line. */
function stanzaOf(a: Action): Readonly<Record<string, unknown>> {
  const { commands } = a.parameters;
  return Array.isArray(commands) ? { commands } : mappingAt(a.job.device, 'actions', 'boot', 'methods', 'depthcharge', asText(commands)) ?? {};
}

/** The kernel's command line goes into a file that the firmware loads; the rest is typed. */
const depthchargeOverlay: ActionSpec = {
  name: 'depthcharge-overlay',
  summary: 'replace placeholders with job data',
  description: 'substitute job data into depthcharge command list',
  validate(a) {
    const stanza = stanzaOf(a);
    const name = asText(a.parameters['commands']);
    if (!Array.isArray(stanza['commands'])) a.error(`Command '${name}' not found in supported methods`);
    if (stanza['cmdline'] === undefined) a.error(`No cmdline found in ${name}`);
  },
  async run(a) {
    const stanza = stanzaOf(a);
    const { values } = placeholdersOf(a, 'depthcharge');
    const files = a.get(tftpFiles);
    const kernel = files?.get('kernel') ?? '';
    const cmdline = join(dirname(kernel), 'cmdline');
    const more = a.parameters['extra_kernel_args'];
    const text = fillCommands([`${asText(stanza['cmdline'])}${more === undefined ? '' : ` ${asText(more)}`}`], values, { drop: false })[0] ?? '';
    await writeFile(join(tftpRoot(a.job), cmdline), text);
    a.log.debug(`cmdline: ${text}`);
    const fit = files?.get('fit');
    const own = { '{CMDLINE}': cmdline, '{DEPTHCHARGE_KERNEL}': fit ?? kernel, '{DEPTHCHARGE_RAMDISK}': fit === undefined ? files?.get('ramdisk') ?? '' : '' };
    // A board without ramdisk has its line even so: only the name goes.
    const commands = promptList(stanza['commands']).map((line) => Object.entries(own).reduce((filled, [name, value]) => filled.replaceAll(name, value), line));
    const parsed = fillCommands(commands, values);
    a.set(bootloaderCommandList, parsed);
    a.log.info(`Parsed boot commands: ${parsed.join('; ')}`);
  },
};

const depthchargeStart: ActionSpec = {
  name: 'depthcharge-start',
  summary: 'Depthcharge start',
  description: 'wait for Depthcharge to start',
  timeoutError: 'Infrastructure',
  defaultTimeout: 90,
  validate(a) {
    if (methodParameters(a, 'depthcharge')['start_message'] === undefined) a.error('Missing Depthcharge start message for device');
  },
  async run(a) {
    const connection = a.needConnection();
    connection.prompts = [asText(methodParameters(a, 'depthcharge')['start_message'])];
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  },
};
