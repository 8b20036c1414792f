import { mappingAt } from '@lava/job';
import type { Action } from '../pipeline/action.ts';

/** Milliseconds between characters typed to the device: `character_delays` of the device, by the action's section. */
export function characterDelay(a: Action): number {
  const delay = mappingAt(a.job.device, 'character_delays')?.[a.section];
  return typeof delay === 'number' && delay > 0 ? delay : 0;
}
