import { mappingAt } from '@lava/job';
import { asText } from '../pipeline/as-text.ts';
import type { Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { executeQemu } from './execute-qemu.ts';
import { bootTail } from './tail.ts';

/** QEMU on the worker, with the files that the deploy block fetched. `monitor` boots without a login. */
export const qemu: Method = {
  name: 'qemu',
  accepts(job, parameters) {
    const method = asText(parameters['method']);
    if (!['qemu', 'monitor'].includes(method)) return '"method" was not "qemu", or "qemu-nfs", or "monitor"';
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
        children: [executeQemu(mappingAt(job.device, 'actions', 'boot', 'methods', 'qemu', 'parameters') ?? {})],
      },
      ...bootTail(job, parameters),
    ],
  }),
};
