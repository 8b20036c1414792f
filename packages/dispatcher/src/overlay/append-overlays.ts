import { mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { downloadedFiles, overlayApplied, overlayArchive, overlayFolder, type Downloaded } from '../pipeline/namespace-data.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { appendToRamdisk } from './append-cpio.ts';
import { injectIntoExt4 } from './ext4.ts';
import type { Layer } from './layers.ts';
import { withPlainImage } from './sparse.ts';

const formats = ['cpio.newc', 'ext4', 'tar'];

/** `append-overlays`: puts the overlays of a url block into the image that was fetched. */
export function appendOverlaysSpec(label: string, block: Mapping, overlays: Mapping): ActionSpec {
  return {
    name: 'append-overlays',
    summary: 'append overlays to an image',
    description: 'append overlays to an image',
    timeoutError: 'Infrastructure',
    validate: () => checkOverlays(block, overlays),
    run: (a) => appendOverlays(a, label, block, overlays),
  };
}

function checkOverlays(block: Mapping, overlays: Mapping): void {
  const refuse = (text: string) => { throw new JobError(text, { code: 'overlays' }); };
  if (!formats.includes(asText(block['format']))) refuse(`Unsupported image format '${asText(block['format'])}'`);
  if (block['sparse'] === true && block['format'] !== 'ext4') refuse('sparse=True is only available for ext4 images');
  for (const [name, overlay] of Object.entries(overlays)) {
    if (name === 'lava') continue;
    const { format, path } = isMapping(overlay) ? overlay : {};
    if (format !== 'file' && format !== 'tar') refuse(`Invalid 'format' ('${asText(format ?? '')}') for 'overlays.${name}'`);
    if (path === undefined) refuse(`Missing 'path' for 'overlays.${name}'`);
    if (typeof path !== 'string' || !path.startsWith('/') || path.split('/').includes('..')) refuse(`Invalid 'path': ${asText(path)}`);
  }
}

async function appendOverlays(a: Action, label: string, block: Mapping, overlays: Mapping): Promise<void> {
  const image = fileOf(a, label).file;
  a.log.info(`Modifying '${image}'`);
  a.log.debug('Overlays:');
  const layers: Layer[] = [];
  for (const [name, overlay] of Object.entries(overlays)) {
    if (name === 'lava') {
      if (overlay !== true) continue;
      const folder = a.get(overlayFolder);
      if (folder === undefined) throw new JobError('The lava overlay was not made', { code: 'overlay-missing' });
      a.log.debug(`- ${label}.lava: untar '${a.get(overlayArchive) ?? folder}' to '/'`);
      layers.push({ from: folder, at: '/' });
    } else if (isMapping(overlay)) layers.push(await userLayer(a, `${label}.${name}`, asText(overlay['format']), asText(overlay['path'])));
  }
  const skipped = (path: string) => a.log.warning(`'/${path}' is neither file nor folder nor link: left out`);
  switch (block['format']) {
    case 'cpio.newc': await appendToRamdisk(image, layers, a.signal, skipped); break;
    case 'ext4':
      await withPlainImage(a, image, block['sparse'] === true, (plain) =>
        injectIntoExt4(a, { image: plain, partition: block['partition'] }, layers, skipped));
      break;
    default: await appendToTar(a, image, layers);
  }
  if (overlays['lava'] === true) a.set(overlayApplied, true);
}

function fileOf(a: Action, label: string): Downloaded {
  const found = a.get(downloadedFiles)?.get(label);
  if (!found) throw new JobError(`'${label}' was not downloaded`, { code: 'overlay-missing' });
  return found;
}

async function userLayer(a: Action, label: string, format: string, at: string): Promise<Layer> {
  const { file } = fileOf(a, label);
  if (format === 'file') {
    a.log.debug(`- ${label}: copy '${file}' to '${at}'`);
    return { from: file, at };
  }
  a.log.debug(`- ${label}: untar '${file}' to '${at}'`);
  const folder = await a.makeFolder();
  await a.exec(['tar', '-x', '-p', '-f', file, '-C', folder], { errorMessage: `Unable to unpack '${file}' of '${label}'` });
  return { from: folder, at };
}

/** Appends to a tar that is not compressed: the last of equal members counts when it is unpacked. */
async function appendToTar(a: Action, image: string, layers: readonly Layer[]): Promise<void> {
  for (const { from, at } of layers) {
    const folder = await a.makeFolder();
    const place = join(folder, posix.dirname(at));
    await mkdir(place, { recursive: true });
    const isRoot = at === '/';
    if (!isRoot) await a.exec(['cp', '-a', from, join(folder, at)], { quiet: true });
    await a.exec(['tar', '-r', '-f', image, '-C', isRoot ? from : folder, '.'], {
      quiet: true, errorMessage: `Unable to append to '${image}': is it a tar, and 'compression' as it should be?`,
    });
  }
}
