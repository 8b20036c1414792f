import type { Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';

interface Wanted {
  /** The device must have this deploy method; undefined: it need have none. */
  readonly method?: string;
  /** Keys that the block must have. */
  readonly keys?: readonly string[];
}

/** The usual conditions for a deploy method: what `to` says, what the device has, what the block has. */
export function to(name: string, { method, keys = [] }: Wanted): Method['accepts'] {
  return (job, parameters) => {
    if (parameters['to'] !== name) return `"to" parameter is not "${name}"`;
    if (method !== undefined && !deviceHasMethod(job.device, 'deploy', method)) return `"${method}" was not in the device configuration deploy methods`;
    const missing = keys.find((key) => parameters[key] === undefined);
    return missing === undefined || `"${missing}" is not in the deployment parameters`;
  };
}
