import { mappingAt } from '@lava/job';
import type { Action } from './action.ts';

/** `parameters` of a boot method of the device; `{}` if it has none. */
export function methodParameters(a: Action, method: string): Readonly<Record<string, unknown>> {
  return mappingAt(a.job.device, 'actions', 'boot', 'methods', method, 'parameters') ?? {};
}
