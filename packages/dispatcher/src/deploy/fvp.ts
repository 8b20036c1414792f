import type { Method } from '../pipeline/action.ts';
import { Downloads } from './download.ts';
import { overlayApplied } from '../pipeline/namespace-data.ts';
import { fetchImages, overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Files for Arm's models. */
export const fvpDeploy: Method = {
  name: 'fvp',
  accepts: to('fvp', {}),
  build(job, parameters) {
    const downloads = new Downloads();
    return {
      name: 'fvp-deploy',
      summary: 'FVP deployment',
      description: 'download files for a Fixed Virtual Platform',
      children: [...overlaySpecs(job, parameters), ...fetchImages(job, parameters, downloads)],
      validate: (a) => downloads.check(a),
      async run(a) {
        a.set(overlayApplied, false);
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};
