import { isMapping } from '@lava/job';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import type { Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { applyOverlayTftp } from './apply-overlay-tftp.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { overlayApplied } from '../pipeline/namespace-data.ts';
import { extractModules } from './extract-modules.ts';
import { fetchImages, overlaySpecs } from './fetch-images.ts';
import { extractNfsRootfs } from './nfs-root.ts';
import { to } from './to.ts';

const emulated = ({ device }: JobContext) => deviceHasMethod(device, 'boot', 'qemu-nfs');

/** A root file system over NFS for a board whose bootloader gets its kernel by itself. */
export const nfs: Method = {
  name: 'nfs',
  accepts(job, parameters) {
    const meant = to('nfs', { method: 'nfs' })(job, parameters);
    return meant === true ? !deviceHasMethod(job.device, 'deploy', 'image') || '"image" was in the device configuration deploy methods' : meant;
  },
  build(job, parameters) {
    const downloads = new Downloads();
    return {
      name: 'nfs-deploy',
      summary: 'nfs deployment',
      description: 'deploy a root file system over NFS',
      children: [
        ...['nfsrootfs', 'modules'].filter((label) => label in parameters).map((label) => downloads.spec(job, parameters, label, parameters[label], { reads: true })),
        extractNfsRootfs, ...overlaySpecs(job, parameters), extractModules, ...overlayOnRoot(job, parameters), ...deviceEnvSpecs(job, parameters),
      ],
      validate(a) {
        downloads.check(a);
        if (!isMapping(parameters['nfsrootfs'])) a.error('nfs deployment needs a nfsrootfs to deploy');
      },
      async run(a) {
        a.set(overlayApplied, false);
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};

/** The files of a virtual machine that mounts its root file system over NFS. */
export const qemuNfs: Method = {
  name: 'qemu-nfs',
  accepts(job, parameters) {
    const meant = to('nfs', { method: 'nfs' })(job, parameters);
    if (meant !== true) return meant;
    if (!emulated(job)) return '"qemu-nfs" is not in the device configuration boot methods';
    return parameters['type'] === undefined || parameters['type'] === 'monitor' || '"type" parameter is not "monitor"';
  },
  build(job, parameters) {
    const downloads = new Downloads();
    return {
      name: 'deploy-qemu-nfs',
      summary: 'deploy images with an NFS root',
      description: 'deploy images of a virtual machine and its root file system over NFS',
      children: [
        ...(parameters['uefi'] === undefined ? [] : [downloads.spec(job, parameters, 'uefi', parameters['uefi'])]),
        ...fetchImages(job, parameters, downloads),
        { ...extractNfsRootfs, name: 'qemu-nfs-deploy', summary: 'deploy the NFS root of a virtual machine' },
        ...overlaySpecs(job, parameters), ...overlayOnRoot(job, parameters), ...deviceEnvSpecs(job, parameters),
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

const overlayOnRoot = (job: JobContext, parameters: Parameters) => (needsOverlay(job, parameters) ? [applyOverlayTftp] : []);
