import { isMapping } from '@lava/job';
import { applyOverlayImage } from '../overlay/apply-overlay-image.ts';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import type { Method } from '../pipeline/action.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** An image for a disk that U-Boot shows over USB; booting with `u-boot` writes it. */
export const ubootUms: Method = {
  name: 'uboot-ums',
  accepts: to('u-boot-ums', { method: 'u-boot-ums', keys: ['image'] }),
  build(job, parameters) {
    const downloads = new Downloads();
    const { image } = parameters;
    return {
      name: 'uboot-ums-deploy',
      summary: 'uboot-ums deployment',
      description: 'download an image and deploy it using uboot mass storage emulation',
      children: [
        downloads.spec(job, parameters, 'image', image),
        ...(needsOverlay(job, parameters) ? [...overlaySpecs(job, parameters), applyOverlayImage('image', isMapping(image) ? image : {}, { partitioned: true }), ...deviceEnvSpecs(job, parameters)] : []),
      ],
      validate: (a) => downloads.check(a),
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};
