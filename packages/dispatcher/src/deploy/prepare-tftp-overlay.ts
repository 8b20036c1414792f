import { isMapping } from '@lava/job';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import type { ActionSpec, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { applyOverlayTftp } from './apply-overlay-tftp.ts';
import { extractModules } from './extract-modules.ts';
import { extractNfsRootfs, parsePersistentNfs } from './nfs-root.ts';
import { prepareKernel } from './prepare-kernel.ts';
import { configurePreseedFile } from './preseed.ts';
import { publishDownloads } from './publish-downloads.ts';
import { compressRamdisk, extractRamdisk } from './ramdisk.ts';

/** `prepare-tftp-overlay`: makes of what was fetched what the device boots, with LAVA's files in it. */
export function prepareTftpOverlay(job: JobContext, parameters: Parameters): ActionSpec {
  const hasType = isMapping(parameters['kernel']) && parameters['kernel']['type'] !== undefined;
  return {
    name: 'prepare-tftp-overlay',
    summary: 'extract ramdisk or nfsrootfs',
    description: 'extract ramdisk or nfsrootfs in preparation for lava overlay',
    timeoutError: 'Infrastructure',
    children: [
      extractNfsRootfs,
      parsePersistentNfs,
      extractRamdisk,
      extractModules,
      ...(needsOverlay(job, parameters) ? [applyOverlayTftp] : []),
      ...(hasType ? [prepareKernel(job)] : []),
      configurePreseedFile,
      compressRamdisk,
      ...(deviceHasMethod(job.device, 'boot', 'depthcharge') ? [prepareKernel(job)] : []),
    ],
    async run(a) {
      publishDownloads(a);
      await a.runChildren();
    },
  };
}
