import { mappingAt } from '@lava/job';
import { connectDevice } from '../connections/connect-device.ts';
import type { Method } from '../pipeline/action.ts';
import { Downloads } from './download.ts';
import { fetchImages } from './fetch-images.ts';
import { to } from './to.ts';

/** Files for a board in its recovery mode; a test in a container, or commands of the device, write them. */
export const recoveryDeploy: Method = {
  name: 'recovery-mode',
  accepts: to('recovery', { method: 'recovery', keys: ['images'] }),
  build(job, parameters) {
    const downloads = new Downloads();
    const tags: unknown = mappingAt(job.device, 'actions', 'deploy', 'methods', 'recovery')?.['tags'];
    return {
      name: 'deploy-recovery-mode',
      summary: 'deploy firmware in recovery mode',
      description: 'download files for a board in recovery mode',
      children: [...fetchImages(job, parameters, downloads), ...(Array.isArray(tags) && tags.includes('serial') ? [connectDevice] : [])],
      validate: (a) => downloads.check(a),
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};
