import { basename, dirname } from 'node:path';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { blockServer, bootCommand, nfsRoot, tftpFiles } from '../pipeline/namespace-data.ts';
import type { Action } from '../pipeline/action.ts';
import { mediaBoot } from './bootloader-from-media.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';

/** Names with braces, in the order in which they are filled in; undefined drops the lines that ask for it. */
export type Placeholders = Map<string, string | undefined>;

/** What commands for a bootloader may ask for, as far as this job knows it. */
export function placeholdersOf(a: Action, method: string): { values: Placeholders; results: Record<string, string> } {
  const files = a.get(tftpFiles);
  const media = a.get(mediaBoot);
  const preseed = files?.get('preseed');
  const ramdisk = media ? media.ramdisk : files?.get('ramdisk') ?? files?.get('initrd');
  const mac = methodParameters(a, method)['lava_mac'];
  const suffix = suffixOf(files?.get('kernel'));
  const values: Placeholders = new Map([
    ['{SERVER_IP}', a.job.dispatcherIp],
    ['{LAVA_DISPATCHER_IP}', a.job.dispatcherIp],
    ['{LAVA_JOB_ID}', a.job.id],
    ['{PRESEED_CONFIG}', preseed],
    ['{PRESEED_LOCAL}', preseed === undefined ? undefined : basename(preseed)],
    ['{DTB}', media ? media.dtb : files?.get('dtb')],
    ['{RAMDISK}', ramdisk],
    ['{INITRD}', ramdisk],
    ['{KERNEL}', media ? media.kernel : files?.get('kernel')],
    ['{LAVA_MAC}', mac === undefined || mac === null ? undefined : asText(mac)],
    ['{TEE}', files?.get('tee')],
    ['{EXTRA_FILES_DIR}', suffix === undefined || !isMapping(a.parameters) ? undefined : `${suffix}/extra_files`],
  ]);
  const results = addresses(a, method, values);
  const root = a.get(nfsRoot);
  if (root) {
    values.set('{NFSROOTFS}', root.folder);
    values.set('{NFS_SERVER_IP}', root.server);
  }
  const nbd = a.get(blockServer);
  if (nbd) {
    values.set('{NBDSERVERIP}', nbd.host);
    values.set('{NBDSERVERPORT}', String(nbd.port));
  }
  values.set('{ROOT}', media?.root);
  values.set('{ROOT_PART}', media?.bootPart);
  overlaysOfDeviceTree(a, method, values);
  return { values, results };
}

/** `<job>/tftp-deploy-XXXXXX` of a file that lies in a folder of its own there. */
function suffixOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : dirname(dirname(path));
}

/** Where U-Boot loads to, and the command that starts it all; only known for a kernel whose type the job tells. */
function addresses(a: Action, method: string, values: Placeholders): Record<string, string> {
  const command = a.get(mediaBoot)?.command ?? a.get(bootCommand);
  if (command === undefined) return {};
  const place = mappingAt(a.job.device, 'parameters', command) ?? {};
  const at = (name: string) => (place[name] === undefined || place[name] === null ? undefined : asText(place[name]));
  const files = a.get(tftpFiles);
  const header = mappingAt(a.job.device, 'actions', 'deploy', 'parameters')?.['add_header'];
  const hasRamdisk = values.get('{RAMDISK}') !== undefined;
  const passed = hasRamdisk && (method !== 'u-boot' || header === 'u-boot' || header === 'raw');
  if (hasRamdisk && !passed) a.log.debug('No u-boot header, not passing ramdisk to bootX cmd');
  const ramdisk = passed ? at('ramdisk') : '-';
  // Without a header the bootloader does not know its size; a `-` with a size would be taken for an address.
  const size = passed && (files?.has('initrd') || header === 'raw') ? ':${initrd_size}' : '';
  const image = files?.has('tee') ? at('tee') : at('kernel');
  values.set('{BOOTX}', `${command} ${image ?? ''} ${ramdisk ?? ''}${size} ${at('dtb') ?? ''}`);
  values.set('{KERNEL_ADDR}', at('kernel'));
  values.set('{DTB_ADDR}', at('dtb'));
  values.set('{RAMDISK_ADDR}', ramdisk === '-' ? at('ramdisk') : ramdisk);
  values.set('{TEE_ADDR}', at('tee'));
  return Object.fromEntries(['kernel', 'dtb', 'ramdisk', 'tee'].flatMap((name) => {
    const value = name === 'ramdisk' ? ramdisk : at(name);
    return value === undefined ? [] : [[`${name}_addr`, value]];
  }));
}

/** Each overlay of the device tree that was deployed brings the commands that apply it. */
function overlaysOfDeviceTree(a: Action, method: string, values: Placeholders): void {
  const overlays = [...(a.get(tftpFiles) ?? [])].filter(([label]) => /^dtbo\d+$/.test(label));
  values.set('{APPLY_DTBO_COMMANDS}', undefined);
  if (overlays.length === 0) return;
  const commands = methodParameters(a, method)['apply_dtbo_commands'];
  values.set('{APPLY_DTBO_COMMANDS}', overlays.flatMap((_, n) => (Array.isArray(commands) ? commands : []).map((line) => asText(line).replaceAll('{DTBO}', `{DTBO${n}}`))).join('\n'));
  for (const [label, path] of overlays) values.set(`{${label.toUpperCase()}}`, path);
  const command = a.get(bootCommand);
  const place = command === undefined ? undefined : mappingAt(a.job.device, 'parameters', command);
  if (place?.['dtbo'] !== undefined) values.set('{DTBO_ADDR}', asText(place['dtbo']));
  if (place?.['dtb'] !== undefined) values.set('{DTB_BASE_ADDR}', asText(place['dtb']));
  const resize = mappingAt(a.job.device, 'parameters')?.['dtb_base_resize'];
  if (resize !== undefined) values.set('{DTB_BASE_RESIZE}', asText(resize));
}

/**
 * Commands with what they ask for filled in. A line that asks for something this job does not have is left out; names that
 * nobody knows stay, as bootloaders have variables of their own.
 */
export function fillCommands(commands: readonly string[], values: Placeholders, options: { readonly drop: boolean } = { drop: true }): string[] {
  const filled: string[] = [];
  // One element may stand for several lines.
  for (const element of commands.flatMap((line) => (line.trim() === '{APPLY_DTBO_COMMANDS}' ? (values.get(line.trim()) ?? '').split('\n').filter(Boolean) : [line]))) {
    let line: string | undefined = element;
    for (const [name, value] of values) {
      if (!line?.includes(name)) continue;
      if (value) line = line.replaceAll(name, () => value);
      else if (options.drop) line = undefined;
    }
    if (line !== undefined) filled.push(line);
  }
  return filled;
}
