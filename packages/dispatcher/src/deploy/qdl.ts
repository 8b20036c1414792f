import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError, LavaBug } from '@lava/base';
import { isMapping } from '@lava/job';
import { injectIntoExt4 } from '../overlay/ext4.ts';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import { asText } from '../text/as-text.ts';
import { sharedKey, type ActionSpec, type Method, type Parameters } from '../pipeline/action.ts';
import { Downloads } from './download.ts';
import { downloadedFiles, overlayFolder } from '../pipeline/namespace-data.ts';
import { overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Where the images for Qualcomm's emergency download lie, unpacked. */
export const qdlFolder = sharedKey<string>('qdl-deploy');

/** Images for Qualcomm's emergency download, in one archive; the boot method `qdl` writes them. */
export const qdlDeploy: Method = {
  name: 'qdl',
  accepts: to('qdl', { keys: ['qcomflash'] }),
  build(job, parameters) {
    const downloads = new Downloads();
    const block = parameters['qcomflash'];
    const overlay = needsOverlay(job, parameters) && isMapping(block) && block['apply-overlay'] === true;
    return {
      name: 'qdl-deploy',
      summary: 'qdl deployment',
      description: 'download and unpack images for qdl',
      children: [
        ...overlaySpecs(job, parameters), downloads.spec(job, parameters, 'qcomflash', isMapping(block) ? { ...block, compression: undefined } : block, { uniquify: parameters['uniquify'] === true }),
        unpackQdl, ...(overlay ? [applyOverlayQdl(parameters)] : []),
      ],
      validate: (a) => downloads.check(a),
      async run(a) {
        const folder = join(job.scratch, 'qdl', asText(parameters['namespace'] ?? 'common'));
        await mkdir(folder, { recursive: true });
        a.set(qdlFolder, folder);
        downloads.start(a, folder);
        await a.runChildren();
      },
    };
  },
};

const unpackQdl: ActionSpec = {
  name: 'unpack-qdl',
  summary: 'unpack the images for qdl',
  description: 'unpack the archive with the images for qdl',
  timeoutError: 'Infrastructure',
  async run(a) {
    const archive = a.get(downloadedFiles)?.get('qcomflash')?.file;
    if (archive === undefined) throw new LavaBug('the images were not fetched');
    await a.exec(['tar', '-x', '-f', archive, '-C', a.get(qdlFolder) ?? ''], { errorMessage: `Unable to unpack '${archive}'`, code: 'recovery-image' });
  },
};

function applyOverlayQdl(parameters: Parameters): ActionSpec {
  return {
    name: 'apply-overlay-qdl',
    summary: 'apply overlay to the root file system for qdl',
    description: 'put the files of the tests into the root file system for qdl',
    timeoutError: 'Infrastructure',
    async run(a) {
      const image = join(a.get(qdlFolder) ?? '', join('/', asText(parameters['rootfs_image'] ?? 'rootfs.img')));
      if (!existsSync(image)) throw new JobError('rootfs_file missing from tarball', { code: 'flash-image-missing', hint: `The archive has no '${asText(parameters['rootfs_image'] ?? 'rootfs.img')}' for the tests to be put into: name the file with 'rootfs_image'.` });
      const from = a.get(overlayFolder);
      if (from === undefined) throw new LavaBug('the lava overlay was not made');
      await injectIntoExt4(a, { image }, [{ from, at: '/' }], (path) => a.log.warning(`'/${path}' is neither file nor folder nor link: left out`));
    },
  };
}
