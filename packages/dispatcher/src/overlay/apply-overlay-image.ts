import { open } from 'node:fs/promises';
import { JobError } from '@lava/base';
import type { Mapping } from '@lava/job';
import { downloadedFiles, overlayFolder } from '../pipeline/namespace-data.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { injectIntoExt4 } from './ext4.ts';
import { withPlainImage } from './sparse.ts';

interface ImageOptions {
  /** It is an Android sparse image. */
  readonly sparse?: boolean;
  /** The image is one of a whole disk: the number of the partition must be told. */
  readonly partitioned?: boolean;
}

/** `apply-overlay-image`, `apply-overlay-sparse-image`: puts the overlay into an image that will be written to the device. @param label key of the image */
export function applyOverlayImage(label: string, block: Mapping, { sparse = false, partitioned = false }: ImageOptions = {}): ActionSpec {
  return {
    name: sparse ? 'apply-overlay-sparse-image' : 'apply-overlay-image',
    summary: `apply overlay to ${sparse ? 'sparse ' : ''}test image`,
    description: 'put the files of the tests into the image that is written to the device',
    timeoutError: 'Infrastructure',
    async run(a) {
      const from = a.get(overlayFolder);
      if (from === undefined) return a.log.debug('No overlay to apply');
      const image = a.get(downloadedFiles)?.get(label)?.file;
      if (image === undefined) throw new JobError(`'${label}' was not downloaded`, { code: 'overlay-missing' });
      const partition = block['root_partition'];
      if (partitioned && partition === undefined) throw new JobError("Unable to apply the overlay image without 'root_partition'", { code: 'overlay-partition' });
      if (sparse && !(await isSparse(image))) {
        throw new JobError(`Image is not an Android sparse image: ${image}`, { code: 'sparse-image', hint: `Say 'sparse: false' for '${label}' if it is a plain file system.` });
      }
      a.log.info(`Applying overlay to '${image}'`);
      await withPlainImage(a, image, sparse, (plain) =>
        injectIntoExt4(a, { image: plain, partition }, [{ from, at: '/' }], (path) => a.log.warning(`'/${path}' is neither file nor folder nor link: left out`)));
    },
  };
}

/** What Android's sparse images begin with. */
const magic = Buffer.from([0x3a, 0xff, 0x26, 0xed]);

async function isSparse(image: string): Promise<boolean> {
  const file = await open(image);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    return bytesRead === magic.length && buffer.equals(magic);
  } finally {
    await file.close();
  }
}
