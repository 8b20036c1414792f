import { enterFastboot } from '../flash/enter-fastboot.ts';
import type { Method } from '../pipeline/action.ts';
import { Downloads } from './download.ts';
import { fetchImages, overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Files for later blocks, on a device that is brought into fastboot for them. */
export const download: Method = {
  name: 'download',
  accepts: to('download', {}),
  build(job, parameters) {
    const downloads = new Downloads();
    return {
      name: 'download-deploy',
      summary: 'download deployment',
      description: 'download files for later use',
      children: [...enterFastboot(job, 'download'), ...fetchImages(job, parameters, downloads), ...overlaySpecs(job, parameters)],
      validate: (a) => downloads.check(a),
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};
