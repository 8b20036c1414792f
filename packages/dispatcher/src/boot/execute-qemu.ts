import { ConfigurationError, JobError } from '@lava/base';
import { mappingAt, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { Console } from '../console/console.ts';
import { connectProcess } from '../connections/process-connection.ts';
import { shellSplit } from '../text/shell-split.ts';
import { which } from '../process/which.ts';
import { shellQuote } from '../text/shell-text.ts';
import { downloadedFiles, guestDisk, preTestCommands, resultsFolder } from '../pipeline/namespace-data.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { kvmProblem } from './kvm.ts';
import { qemuTrouble } from './qemu-trouble.ts';
import { qemuVersion } from './qemu-version.ts';

/** Architectures whose guests know IDE disks; others get virtio. */
const withIde = ['amd64', 'x86_64', 'i386'];
const hintQemu = 'Install QEMU on the worker: qemu-system-x86, qemu-system-arm or qemu-system-misc.';

/** Words of the device configuration: lists may hold lists, and an item several words. */
function words(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(words);
  return value === undefined || value === null ? [] : shellSplit(asText(value));
}

/** Starts QEMU as the connection of the namespace. @param more words at the end of its command line */
export function executeQemu(parameters: Mapping, more: (a: Action) => readonly string[] = () => []): ActionSpec {
  return {
    name: 'execute-qemu',
    summary: 'execute qemu to boot the image',
    description: 'boot image using QEMU command line',
    async validate(a) {
      if (a.parameters['docker'] !== undefined) a.error("Running QEMU in a container ('docker' in the boot block) is not supported.");
      const arch = mappingAt(a.job.definition, 'context')?.['arch'];
      if (arch === undefined) throw new JobError("Missing 'arch' in job context", { code: 'arch-missing' });
      const known = a.job.device['available_architectures'];
      if (!Array.isArray(known)) return a.error('Device lacks list of available architectures.');
      if (!known.includes(arch)) a.error(`Non existing architecture specified in context arch parameter. Please check the device configuration for available options.`);
      const options = [...words(parameters['options']), ...words(parameters['extra'])];
      const kvm = kvmProblem(options);
      if (kvm !== undefined) a.error(kvm);
      const { command } = parameters;
      if (typeof command !== 'string' || command === '') {
        throw new ConfigurationError("The device configuration has no command for QEMU: 'actions.boot.methods.qemu.parameters.command'", { code: 'qemu-command' });
      }
      const binary = which(command, hintQemu);
      const found = await qemuVersion(a, binary, asText(arch));
      if (!found) return a.error(`Unable to run '${binary} --version'`);
      a.log.info(`${found.name}, installed at version: ${found.version}, host architecture: ${found.architecture}`);
      Object.assign(a.results, { qemu_version: found.version, host_arch: found.architecture, job_arch: asText(arch) });
    },
    run: (a) => connectQemu(a, [...commandLine(a, parameters), ...more(a)]),
  };
}

/** Starts QEMU with a command line, in place of what the namespace was connected to. */
export async function connectQemu(a: Action, argv: readonly string[]): Promise<void> {
  await a.connection?.close();
  a.log.info(`Boot command: ${argv.map(shellQuote).join(' ')}`);
  a.connection = await connectProcess(a, argv, { tags: ['qemu'], farewell: powerOffGuest, trouble: qemuTrouble });
}

/** QEMU and its options as the device's configuration has them. */
export function qemuWords(parameters: Mapping): string[] {
  return [which(asText(parameters['command']), hintQemu), ...words(parameters['options']), ...words(parameters['extra'])];
}

function commandLine(a: Action, parameters: Mapping): string[] {
  const files = a.get(downloadedFiles) ?? new Map();
  const argv = qemuWords(parameters);
  const substitute = (text: string) => {
    let result = text;
    for (const [label, { file }] of files) result = result.replaceAll(`{${label}}`, file);
    return result.replaceAll('{NFS_SERVER_IP}', a.job.dispatcherIp);
  };
  for (const [label, { file, imageArg }] of files) {
    if (label === 'uefi') argv.push('-L', file, '-monitor', 'none');
    else if (imageArg !== undefined && label !== 'nfsrootfs') argv.push(...shellSplit(imageArg).map(substitute));
  }
  return [...argv, ...guestDrive(a)];
}

/** The drive with the tests, for images that do not have them. The test block is told how to mount it. */
export function guestDrive(a: Action): string[] {
  const disk = a.get(guestDisk);
  if (!disk) return [];
  const folder = a.get(resultsFolder);
  if (folder !== undefined) a.set(preTestCommands, [`mkdir ${folder}`, `mount /dev/disk/by-uuid/${disk.uuid} -t ext2 ${folder}`, `ls -la ${folder}/bin/lava-test-runner`]);
  const guest = mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'image', 'parameters', 'guest') ?? {};
  const arch = asText(mappingAt(a.job.definition, 'context')?.['arch']);
  const bus = asText(guest['interface'] ?? (withIde.includes(arch) ? 'ide' : 'virtio'));
  return ['-drive', `format=${disk.format},file=${disk.file},media=disk,if=${bus},id=${asText(guest['driveid'] ?? 'lavatest')}`];
}

/** Asks the guest to power off; ends with it, or as soon as it is clear that nobody listens. */
async function powerOffGuest(console: Console): Promise<void> {
  const longestMs = 5000;
  const silenceMs = 500;
  await console.sendLine('poweroff');
  await console.drain(silenceMs, longestMs);
}
