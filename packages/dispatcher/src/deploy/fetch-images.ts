import { JobError } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { applyOverlayImage } from '../overlay/apply-overlay-image.ts';
import { lavaOverlaySpec, needsOverlay } from '../overlay/lava-overlay.ts';
import type { ActionSpec, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceEnvSpecs } from './device-env.ts';
import type { Downloads } from './download.ts';

/** The `images` of a block. @throws JobError when they are no mapping */
export function imagesOf(parameters: Parameters): Mapping {
  const images = parameters['images'];
  if (!isMapping(images)) throw new JobError("'images' of the deploy action should be a mapping of names to files", { code: 'images' });
  return images;
}

/** `lava-overlay` for a block whose tests need it; none for others. */
export function overlaySpecs(job: JobContext, parameters: Parameters): ActionSpec[] {
  return needsOverlay(job, parameters) ? [lavaOverlaySpec(job, parameters)] : [];
}

/** Downloads of all images of a block, one after the other. @param uniquify what counts if the block does not say it */
export function fetchImages(job: JobContext, parameters: Parameters, downloads: Downloads, uniquify = true): ActionSpec[] {
  const place = { uniquify: typeof parameters['uniquify'] === 'boolean' ? parameters['uniquify'] : uniquify };
  return Object.entries(imagesOf(parameters)).map(([label, block]) => downloads.spec(job, parameters, label, block, place));
}

/** Downloads of images that are written to partitions; those with `apply-overlay` get the files of the tests. */
export function fetchPartitions(job: JobContext, parameters: Parameters, downloads: Downloads): ActionSpec[] {
  return Object.entries(imagesOf(parameters)).flatMap(([label, block]) => {
    const overlay = isMapping(block) && block['apply-overlay'] === true;
    return [
      downloads.spec(job, parameters, label, block, { reads: !overlay }),
      ...(overlay ? [applyOverlayImage(label, block, { sparse: block['sparse'] !== false })] : []),
      ...(overlay ? deviceEnvSpecs(job, parameters) : []),
    ];
  });
}
