import { JobError } from '@lava/base';
import { isMapping } from '@lava/job';
import { lavaOverlaySpec, needsOverlay } from '../overlay/lava-overlay.ts';
import { applyOverlayGuest } from '../overlay/guest-disk.ts';
import type { Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { overlayApplied } from '../pipeline/namespace-data.ts';

/** Images in files of the worker, for QEMU and other emulators. Device types call the method `image`. */
export const tmpfs: Method = {
  name: 'images',
  accepts(job, parameters) {
    if (parameters['to'] !== 'tmpfs') return '"to" parameter is not "tmpfs"';
    if (!deviceHasMethod(job.device, 'deploy', 'image')) return '"image" is not in the device configuration deploy methods';
    if (parameters['images'] === undefined) return '"images" is not in the deployment parameters';
    if (parameters['type'] !== undefined && parameters['type'] !== 'monitor') return '"type" parameter is not "monitor"';
    return true;
  },
  build(job, parameters) {
    const images = parameters['images'];
    if (!isMapping(images)) throw new JobError("'images' of the deploy action should be a mapping of names to files", { code: 'images' });
    const downloads = new Downloads();
    const overlay = needsOverlay(job, parameters);
    const uefi = parameters['uefi'];
    const files = [...(uefi === undefined ? [] : [['uefi', uefi] as const]), ...Object.entries(images)];
    return {
      name: 'deployimages',
      summary: 'deploy images',
      description: 'deploy images to the worker',
      children: [
        ...(overlay ? [lavaOverlaySpec(job, parameters)] : []),
        ...deviceEnvSpecs(job, parameters),
        ...files.map(([label, block]) => downloads.spec(job, parameters, label, block)),
        ...(overlay ? [applyOverlayGuest] : []),
      ],
      validate: (a) => downloads.check(a),
      async run(a) {
        a.set(overlayApplied, false);
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};
