import { createReadStream, createWriteStream } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LavaBug } from '@lava/base';
import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { which } from '../process/which.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { bootCommand, downloadedFiles, setTftpFile, tftpFiles } from '../pipeline/namespace-data.ts';
import { finalRamdisk, mkimageHint } from './ramdisk.ts';
import { tftpRoot } from './serve-tftp.ts';

/** `prepare-kernel`: converts the kernel to what the device's bootloader takes. */
export function prepareKernel(job: JobContext): ActionSpec {
  const has = (name: string) => deviceHasMethod(job.device, 'boot', name);
  return {
    name: 'prepare-kernel',
    summary: 'add a kernel conversion',
    description: 'populates the pipeline with a kernel conversion action',
    children: has('u-boot') ? [ubootPrepareKernel] : has('depthcharge') ? [prepareFit] : [],
  };
}

const kernelType = (a: Action) => asText(mappingAt(a.parameters, 'kernel')?.['type'] ?? '').toLowerCase();

/** The command of U-Boot that starts a kernel of a type on a device: by the addresses that the device has. */
function commandFor(a: Action): string {
  const parameters = mappingAt(a.job.device, 'parameters') ?? {};
  const type = kernelType(a);
  const wanted = { zimage: 'bootz', image: 'booti' }[type] ?? 'bootm';
  if (wanted === 'bootm' || wanted in parameters) return wanted;
  a.log.warning(`No ${wanted} parameters available, falling back to bootm and converting the kernel`);
  return 'bootm';
}

const ubootPrepareKernel: ActionSpec = {
  name: 'uboot-prepare-kernel',
  summary: 'prepare/convert kernel',
  description: 'convert kernel to uimage',
  validate(a) {
    if (kernelType(a) === '') return;
    const deploy = mappingAt(a.job.device, 'actions', 'deploy', 'parameters');
    const parameters = mappingAt(a.job.device, 'parameters');
    if (!deploy) return;
    if (!parameters) return a.error('Kernel boot type is not supported by this device.');
    const command = commandFor(a);
    if (!(command in parameters)) a.error(`Requested kernel boot type '${command}' is not supported by this device.`);
    if (command === 'bootm' && kernelType(a) !== 'uimage') which('mkimage', mkimageHint);
    if (deploy['mkimage_arch'] === undefined) a.error('Missing architecture for uboot mkimage support (mkimage_arch in u-boot parameters)');
  },
  async run(a) {
    if (kernelType(a) === '') return;
    const command = commandFor(a);
    a.set(bootCommand, command);
    const deploy = mappingAt(a.job.device, 'actions', 'deploy', 'parameters') ?? {};
    let kernel = fileOf(a, 'kernel');
    if (deploy['append_dtb'] === true && a.get(downloadedFiles)?.has('dtb')) {
      const dtb = fileOf(a, 'dtb');
      const both = join(dirname(kernel), 'kernel-dtb');
      a.log.info(`Appending ${dtb} to ${kernel}`);
      await pipeline(createReadStream(kernel), createWriteStream(both), { signal: a.signal });
      await pipeline(createReadStream(dtb), createWriteStream(both, { flags: 'a' }), { signal: a.signal });
      kernel = both;
      publish(a, 'kernel', kernel);
    }
    if (command === 'bootm' && kernelType(a) !== 'uimage') {
      a.log.info('Converting downloaded kernel to a uImage');
      const parameters = mappingAt(a.job.device, 'parameters') ?? {};
      const load = Number.parseInt(asText(parameters['text_offset'] ?? mappingAt(parameters, 'bootm')?.['kernel']), 16);
      // Executed in place, the kernel begins behind its header.
      const entry = deploy['use_xip'] === true ? load + 64 : load;
      if (deploy['use_xip'] === true) a.log.debug('Using xip');
      const uImage = join(dirname(kernel), 'uImage');
      await a.exec(['mkimage', '-A', asText(deploy['mkimage_arch']), '-O', 'linux', '-T', 'kernel', '-C', 'none', '-a', `0x${load.toString(16)}`, '-e', `0x${entry.toString(16)}`, '-d', kernel, uImage],
        { error: 'Infrastructure', errorMessage: 'uImage creation failed' });
      publish(a, 'kernel', uImage);
    }
  },
};

/** Device tree room, in bytes, that a bootloader may fill. */
const dtcOptions = '-I dts -O dtb -p 2048';

/** Kernel, device tree and ramdisk in one image (FIT), as depthcharge of Arm Chromebooks takes them. */
const prepareFit: ActionSpec = {
  name: 'prepare-fit',
  summary: 'generate depthcharge FIT image',
  description: 'package kernel, dtb and ramdisk into an FIT image',
  validate(a) {
    which('mkimage', mkimageHint);
    const parameters = mappingAt(a.job.device, 'parameters');
    if (!parameters) a.error('Missing device parameters');
    else if (parameters['load_address'] === undefined) a.error('Missing load_address from device parameters');
  },
  async run(a) {
    const arch = mappingAt(a.job.device, 'actions', 'deploy', 'parameters')?.['mkimage_arch'];
    if (!arch) return a.log.info('No mkimage arch provided, not using FIT.');
    let kernel = fileOf(a, 'kernel');
    let compression = 'none';
    if (arch === 'arm64') {
      await a.exec(['lzma', '--keep', '--force', kernel], { error: 'Infrastructure' });
      kernel = `${kernel}.lzma`;
      compression = 'lzma';
    }
    const image = join(dirname(kernel), 'image.itb');
    const dtb = a.get(downloadedFiles)?.get('dtb')?.file;
    const ramdisk = a.get(finalRamdisk) ?? a.get(downloadedFiles)?.get('ramdisk')?.file;
    await a.exec(['mkimage', '-D', dtcOptions, '-f', 'auto', '-A', asText(arch), '-O', 'linux', '-T', 'kernel', '-C', compression, '-d', kernel,
      '-a', asText(mappingAt(a.job.device, 'parameters')?.['load_address']), ...(dtb === undefined ? [] : ['-b', dtb]), ...(ramdisk === undefined ? [] : ['-i', ramdisk]), image],
    { error: 'Infrastructure', errorMessage: 'FIT image creation failed' });
    publish(a, 'fit', image);
  },
};

function fileOf(a: Action, label: string): string {
  const file = a.get(downloadedFiles)?.get(label)?.file;
  if (file === undefined) throw new LavaBug(`'${label}' was not fetched`);
  return file;
}

function publish(a: Action, label: string, file: string): void {
  const path = relative(tftpRoot(a.job), file);
  if (label === 'kernel') a.log.debug(`The device gets ${basename(file)} in place of ${basename(a.get(tftpFiles)?.get('kernel') ?? '')}`);
  setTftpFile(a, label, path);
}
