import { isMapping } from '@lava/job';
import type { Method } from '../pipeline/action.ts';
import { Downloads } from './download.ts';
import { fetchPartitions, overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Images that the boot method `uuu` writes. */
export const uuuDeploy: Method = {
  name: 'uuu',
  accepts(job, parameters) {
    const meant = to('uuu', { keys: ['images'] })(job, parameters);
    if (meant !== true) return meant;
    const { images } = parameters;
    return (isMapping(images) && images['boot'] !== undefined) || '"boot" image is not in the deployment parameters';
  },
  build(job, parameters) {
    const downloads = new Downloads();
    return {
      name: 'uuu-deploy',
      summary: 'uuu deployment',
      description: 'download images for uuu',
      children: [...overlaySpecs(job, parameters), ...fetchPartitions(job, parameters, downloads)],
      validate: (a) => downloads.check(a),
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};
