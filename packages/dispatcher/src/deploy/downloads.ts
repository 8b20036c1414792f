import { mkdir } from 'node:fs/promises';
import { postprocessDocker } from '../containers/postprocess.ts';
import { asText } from '../text/as-text.ts';
import type { Method } from '../pipeline/action.ts';
import { Downloads } from './download.ts';
import { overlayApplied } from '../pipeline/namespace-data.ts';
import { downloadsFolder } from '../fetch/downloads-source.ts';
import { fetchImages, overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Files that stay on the worker, for later blocks (`downloads://NAME`) and for containers. */
export const downloads: Method = {
  name: 'downloads',
  accepts: to('downloads', {}),
  build(job, parameters) {
    const files = new Downloads();
    return {
      name: 'downloads',
      summary: 'downloads action',
      description: 'download files and keep them for later blocks',
      children: [...overlaySpecs(job, parameters), ...fetchImages(job, parameters, files, false), ...(parameters['postprocess'] === undefined ? [] : [postprocessDocker(parameters)])],
      validate: (a) => files.check(a),
      async run(a) {
        a.set(overlayApplied, false);
        const folder = downloadsFolder(job, asText(parameters['namespace'] ?? 'common'));
        await mkdir(folder, { recursive: true });
        files.start(a, folder);
        await a.runChildren();
      },
    };
  },
};
