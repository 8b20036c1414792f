import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LavaBug } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { which } from '../process/which.ts';
import { appendToRamdisk } from '../overlay/append-cpio.ts';
import type { Layer } from '../overlay/layers.ts';
import { sharedKey, type Action, type ActionSpec } from '../pipeline/action.ts';
import { downloadedFiles, setTftpFile } from '../pipeline/namespace-data.ts';
import { tftpRoot } from './serve-tftp.ts';

/** Bytes of the header that U-Boot's mkimage puts before an image. */
const headerBytes = 64;
export const mkimageHint = 'Install the Debian package u-boot-tools on the worker.';

/** A ramdisk that is being changed, and what goes into it. */
interface Ramdisk {
  readonly file: string;
  readonly layers: Layer[];
}
const ramdisk = sharedKey<Ramdisk>('extract-overlay-ramdisk');

/** Puts a tree into the ramdisk of the namespace. False if there is none that may be changed. */
export function addToRamdisk(a: Action, layer: Layer): boolean {
  const found = a.get(ramdisk);
  found?.layers.push(layer);
  return found !== undefined;
}

/** Whether the block has a ramdisk, and lets anything be put into it. */
function asked(a: Action): 'none' | 'as it is' | 'changed' {
  const block = a.parameters['ramdisk'];
  if (!isMapping(block)) return 'none';
  return block['install_modules'] === false && block['install_overlay'] === false ? 'as it is' : 'changed';
}

/**
 * Prepares the ramdisk for more files. It is not unpacked: Linux takes several archives one after the other, and what
 * follows in the same file wins.
 */
export const extractRamdisk: ActionSpec = {
  name: 'extract-overlay-ramdisk',
  summary: 'extract the ramdisk',
  description: 'extract ramdisk to a temporary directory',
  timeoutError: 'Infrastructure',
  async run(a) {
    if (asked(a) === 'none') return;
    if (asked(a) === 'as it is') return a.log.info('Not extracting ramdisk.');
    const fetched = a.get(downloadedFiles)?.get('ramdisk')?.file;
    if (fetched === undefined) throw new LavaBug('the ramdisk was not fetched');
    const block = mappingAt(a.parameters, 'ramdisk') ?? {};
    const file = join(dirname(fetched), `ramdisk.cpio${block['compression'] ? `.${asText(block['compression'])}` : ''}`);
    if (block['header'] === 'u-boot') {
      a.log.debug(`Taking the header of U-Boot (${headerBytes} bytes) off ${basename(fetched)}`);
      const unnamed = `${file}.part`;
      await pipeline(createReadStream(fetched, { start: headerBytes }), createWriteStream(unnamed), { signal: a.signal });
      await rm(fetched);
      await rename(unnamed, file);
    } else {
      await rename(fetched, file);
    }
    a.set(ramdisk, { file, layers: [] });
  },
};

/** Puts what was collected into the ramdisk, and a header of U-Boot before it where the device wants one. */
export const compressRamdisk: ActionSpec = {
  name: 'compress-ramdisk',
  summary: 'compress ramdisk with overlay',
  description: 'recreate a ramdisk with the overlay applied.',
  timeoutError: 'Infrastructure',
  validate(a) {
    if (asked(a) !== 'changed') return;
    const deploy = mappingAt(a.job.device, 'actions', 'deploy', 'parameters');
    const header = deploy?.['add_header'];
    if (header === undefined || header === null || header === 'raw') return;
    if (header !== 'u-boot') return a.error('ramdisk: add_header: unknown header type');
    which('mkimage', mkimageHint);
    if (deploy?.['mkimage_arch'] === undefined) a.error('Missing architecture for uboot mkimage support (mkimage_arch in deploy parameters)');
  },
  async run(a) {
    const found = a.get(ramdisk);
    if (asked(a) !== 'changed' || !found) return;
    let { file } = found;
    const skipped = (path: string) => a.log.warning(`'/${path}' is neither file nor folder nor link: left out`);
    a.log.info(`Building ramdisk ${file} with ${found.layers.length} more archive${found.layers.length === 1 ? '' : 's'}`);
    for (const { from, at } of found.layers) a.log.debug(`- ${from} at '${at}'`);
    if (found.layers.length > 0) await appendToRamdisk(file, found.layers, a.signal, skipped);
    const deploy = mappingAt(a.job.device, 'actions', 'deploy', 'parameters');
    if (deploy?.['add_header'] === 'u-boot') {
      a.log.info('Adding RAMdisk u-boot header.');
      const withHeader = `${file}.uboot`;
      await a.exec(['mkimage', '-A', asText(deploy['mkimage_arch']), '-T', 'ramdisk', '-C', 'none', '-d', file, withHeader], { error: 'Infrastructure', errorMessage: 'Unable to add uboot header to ramdisk' });
      await rm(file);
      file = withHeader;
    }
    setTftpFile(a, 'ramdisk', relative(tftpRoot(a.job), file));
    a.set(finalRamdisk, file);
  },
};

/** The ramdisk as the device gets it. */
export const finalRamdisk = sharedKey<string>('compress-ramdisk');
