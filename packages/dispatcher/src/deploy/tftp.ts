import { rm, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping } from '@lava/job';
import { lavaOverlaySpec, needsOverlay } from '../overlay/lava-overlay.ts';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { overlayApplied, tftpFiles } from '../pipeline/namespace-data.ts';
import { prepareTftpOverlay } from './prepare-tftp-overlay.ts';
import { checkTftp, serveTftp, tftpRoot, type TftpService } from './serve-tftp.ts';
import { tftpFolder } from './tftp-folder.ts';

/** Those that are changed where they lie: files are put into a ramdisk, commands into the answers for an installer. */
const written = ['ramdisk', 'preseed'];
const labels = ['ramdisk', 'kernel', 'dtb', 'nfsrootfs', 'modules', 'preseed', 'tee'];
/** Those that a bootloader loads, and whose size counts. */
const loaded = ['ramdisk', 'kernel', 'dtb', 'tee'];
/** Bytes: what block numbers and sizes of old bootloaders can count. */
const defaultSizeLimit = 4_294_967_296;

/** Kernel, ramdisk, device tree or NFS root for a bootloader that fetches its files from the worker. */
export const tftp: Method = {
  name: 'tftp',
  accepts(job, parameters) {
    if (parameters['to'] !== 'tftp') return '"to" parameter is not "tftp"';
    return deviceHasMethod(job.device, 'deploy', 'tftp') || '"tftp" was not in the device configuration deploy methods';
  },
  build(job, parameters) {
    const downloads = new Downloads();
    let service: TftpService | undefined;
    let folder: string | undefined;
    return {
      name: 'tftp-deploy',
      summary: 'tftp deployment',
      description: 'download files and deploy using tftp',
      children: [
        ...(needsOverlay(job, parameters) ? [lavaOverlaySpec(job, parameters)] : []),
        ...fetches(job, parameters, downloads),
        prepareTftpOverlay(job, parameters),
        ...deviceEnvSpecs(job, parameters),
      ],
      validate(a) {
        if (!('kernel' in parameters)) a.error('tftp-deploy needs a kernel to deploy');
        if ('nfsrootfs' in parameters && 'persistent_nfs' in parameters) a.error('Only one of nfsrootfs or persistent_nfs can be specified');
        downloads.check(a);
      },
      async run(a) {
        a.set(overlayApplied, false);
        a.set(tftpFiles, new Map());
        folder = await tftpFolder(a);
        const suffix = relative(tftpRoot(job), folder);
        service = await serveTftp(a, /^[^/]+\/tftp-deploy-\w+\//, suffix);
        downloads.start(a, folder);
        await a.runChildren();
        await checkSizes(a);
        const kernel = a.get(tftpFiles)?.get('kernel');
        if (kernel !== undefined) await checkTftp(a, kernel);
      },
      async cleanup() {
        await service?.stop();
        service = undefined;
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

/** One `download-retry` for each file of the block. */
function fetches(job: JobContext, parameters: Parameters, downloads: Downloads): ActionSpec[] {
  const overlays = Array.isArray(parameters['dtbo']) ? parameters['dtbo'].map((block: unknown, n) => [`dtbo${n}`, block] as const) : [];
  const files = [...labels.filter((label) => label in parameters).map((label) => [label, parameters[label]] as const), ...overlays];
  const extra = isMapping(parameters['extra_files']) ? Object.entries(parameters['extra_files']) : [];
  return [
    ...files.map(([label, block]) => downloads.spec(job, parameters, label, block, { reads: !written.includes(label) })),
    ...extra.map(([label, block]) => downloads.spec(job, parameters, label, block, { below: 'extra_files' })),
  ];
}

async function checkSizes(a: Action): Promise<void> {
  const limit = Number(a.job.dispatcher['tftp_size_limit'] ?? defaultSizeLimit);
  a.log.debug(`Checking files for TFTP limit of ${limit} bytes.`);
  for (const label of loaded) {
    const path = a.get(tftpFiles)?.get(label);
    if (path === undefined) continue;
    const { size } = await stat(join(tftpRoot(a.job), path));
    if (size >= limit) throw new JobError(`Unable to send '${basename(path)}' over tftp: file too large (${size} > ${limit})`, { code: 'tftp-too-large' });
  }
}
