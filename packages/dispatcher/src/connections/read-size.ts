import { mappingAt } from '@lava/job';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';

/** Characters of one read: `constants.spawn_maxread` of the device, which is often written as a text. */
export function readSize(a: Action): number | undefined {
  const size = Number(asText(mappingAt(a.job.device, 'constants')?.['spawn_maxread']));
  return Number.isInteger(size) && size > 0 ? size : undefined;
}
