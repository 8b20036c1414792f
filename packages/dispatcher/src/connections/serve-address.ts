import { networkInterfaces } from 'node:os';
import type { JobContext } from '../pipeline/job-context.ts';

/** The address on which the built-in servers listen: `serve_address` of dispatcher.yaml, else the one devices know if it is this machine's, else all. */
export function serveAddress(job: JobContext): string {
  const asked = job.dispatcher['serve_address'];
  if (typeof asked === 'string') return asked;
  const own = Object.values(networkInterfaces()).flat().some((i) => i?.address === job.dispatcherIp);
  return own ? job.dispatcherIp : '0.0.0.0';
}
