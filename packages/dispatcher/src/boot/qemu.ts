import { JobError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { nfsRoot } from '../pipeline/namespace-data.ts';
import { asText } from '../text/as-text.ts';
import type { ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { executeQemu } from './execute-qemu.ts';
import { bootTail } from './tail.ts';

/** QEMU on the worker, with the files that the deploy block fetched. `monitor` boots without a login. */
export const qemu: Method = {
  name: 'qemu',
  accepts(job, parameters) {
    const method = asText(parameters['method']);
    if (!['qemu', 'qemu-nfs', 'monitor'].includes(method)) return '"method" was not "qemu", or "qemu-nfs", or "monitor"';
    if (deviceHasMethod(job.device, 'boot', 'qemu') || deviceHasMethod(job.device, 'boot', 'qemu-nfs')) return true;
    return '"qemu" or "qemu-nfs" was not in the device configuration boot methods';
  },
  build: (job, parameters) => ({
    name: 'boot-image-retry',
    summary: 'boot with retry',
    description: 'boot image with retry',
    retry: true,
    children: [
      {
        name: 'boot-qemu-image',
        summary: 'boot QEMU image',
        description: 'boot image using QEMU command line',
        retry: true,
        children: [execute(job, parameters)],
      },
      ...bootTail(job, parameters),
    ],
  }),
};

/** A guest of method `qemu-nfs` gets its kernel's command line from the device, with the root file system that was deployed. */
function execute(job: JobContext, parameters: Parameters): ActionSpec {
  const settings = (method: string) => mappingAt(job.device, 'actions', 'boot', 'methods', method, 'parameters');
  const nfs = settings('qemu-nfs');
  if (parameters['method'] !== 'qemu-nfs') return executeQemu(settings('qemu') ?? nfs ?? {});
  return executeQemu(nfs ?? {}, (a) => {
    const root = a.get(nfsRoot);
    if (!root) throw new JobError("'method: qemu-nfs' needs a root file system: a deploy block with 'to: nfs' and 'images: {nfsrootfs: …}'", { code: 'nfs-root' });
    const { console, nfsrootargs, ipargs } = mappingAt(nfs, 'append') ?? {};
    const place = asText(nfsrootargs ?? 'nfsroot={NFS_SERVER_IP}:{NFSROOTFS},tcp,hard').replaceAll('{NFS_SERVER_IP}', () => root.server).replaceAll('{NFSROOTFS}', () => root.folder);
    const words = [`console=${asText(console ?? 'ttyS0')}`, 'root=/dev/nfs', place, 'rw', asText(ipargs ?? 'ip=dhcp')];
    return ['--append', words.join(' ')];
  });
}
