import { lavaOverlaySpec } from '../overlay/lava-overlay.ts';
import type { Method } from '../pipeline/action.ts';
import { to } from './to.ts';

/** Only the files of the tests, for devices that fetch them (`transfer_overlay`). */
export const overlay: Method = {
  name: 'overlay',
  accepts: to('overlay', { method: 'overlay' }),
  build: (job, parameters) => lavaOverlaySpec(job, parameters),
};
