import { mappingAt } from '@lava/job';
import type { Action } from '../pipeline/action.ts';

/** Milliseconds between characters typed to the device: `character_delays` of the device, by the action's section. A container needs none. */
export function characterDelay(a: Action): number {
  if (a.connection?.tags.includes('docker')) return 0;
  const delay = mappingAt(a.job.device, 'character_delays')?.[a.section];
  return typeof delay === 'number' && delay > 0 ? delay : 0;
}
