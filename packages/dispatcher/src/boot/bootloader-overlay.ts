import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt, pythonRepr } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { bootCommand, tftpFiles } from '../pipeline/namespace-data.ts';
import { tftpRoot } from '../deploy/serve-tftp.ts';
import { sharedKey, type Action, type ActionSpec } from '../pipeline/action.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { fillCommands, placeholdersOf } from './placeholders.ts';

/** What is typed to the bootloader. */
export const bootloaderCommandList = sharedKey<readonly string[]>('bootloader-overlay');

/** `bootloader-overlay`: the commands for the bootloader, with the job's files and addresses in them. @param method as the device calls the bootloader */
export function bootloaderOverlay(method: string): ActionSpec {
  return {
    name: 'bootloader-overlay',
    summary: 'replace placeholders with job data',
    description: 'substitute job data into bootloader command list',
    validate(a) {
      if (Array.isArray(a.parameters['commands']) && a.parameters['method'] !== 'bootloader') {
        a.log.warning('WARNING: Using boot commands supplied in the job definition, NOT the LAVA device configuration');
      }
      for (const command of sourceCommands(a, method, (text) => a.error(text))) {
        if (typeof command !== 'string') a.error(`Deploy Commands instruction is not a string: ${pythonRepr(command)}`);
      }
      const mac = methodParameters(a, method)['lava_mac'];
      if (mac !== undefined && mac !== null && !/^([0-9A-F]{2}[:-]){5}[0-9A-F]{2}/i.test(asText(mac))) a.error('lava_mac is not a valid mac address');
    },
    async run(a) {
      if (a.get(bootCommand) === undefined && a.parameters['type'] !== undefined) throw new JobError("Kernel image type can't be determined", { code: 'kernel-type' });
      const { values, results } = placeholdersOf(a, method);
      Object.assign(a.results, results);
      const commands = sourceCommands(a, method, () => undefined).map(asText);
      if (a.parameters['use_bootscript'] === true) return useBootscript(a, fillCommands(commands, values, { drop: false }));
      const filled = fillCommands(commands, values);
      a.set(bootloaderCommandList, filled);
      a.log.debug('substitutions:');
      for (const name of [...values.keys()].sort()) a.log.debug(`- ${name}: ${values.get(name) ?? 'None'}`);
      a.log.info('Parsed boot commands:');
      for (const line of filled) a.log.info(`- ${line}`);
    },
  };
}

/** The commands as they stand in the job or, under the name that the job gives, in the device's configuration. */
function sourceCommands(a: Action, method: string, wrong: (text: string) => void): readonly unknown[] {
  const asked = a.parameters['commands'];
  if (Array.isArray(asked)) return asked;
  if (asked === undefined || asked === null) {
    if (a.parameters['method'] !== 'bootloader') wrong('missing commands');
    return [];
  }
  const name = asText(asked);
  const stanza = mappingAt(a.job.device, 'actions', 'boot', 'methods', method)?.[name];
  if (stanza === undefined) wrong(`Command '${name}' not found in supported methods`);
  else if (!isMapping(stanza) || !Array.isArray(stanza['commands'])) wrong('No commands found in parameters');
  else return stanza['commands'];
  return [];
}

/** The commands go into a script of iPXE that the device loads, so that only two lines have to be typed. */
async function useBootscript(a: Action, commands: readonly string[]): Promise<void> {
  const kernel = a.get(tftpFiles)?.get('kernel');
  if (kernel === undefined) throw new JobError("'use_bootscript' needs a deployment over TFTP", { code: 'bootscript' });
  const folder = dirname(dirname(kernel));
  await writeFile(join(tftpRoot(a.job), folder, 'script.ipxe'), `#!ipxe\n\n${commands.join('\n')}\n`);
  const typed = ['dhcp net0', `chain tftp://${a.job.dispatcherIp}/${folder}/script.ipxe`];
  a.set(bootloaderCommandList, typed);
  a.log.info(`Parsed boot commands: ${typed.join('; ')}`);
}
