import type { ActionSpec } from '../pipeline/action.ts';

/** What the device has printed is in the log as it came; the line that it has begun is logged, too, before something else happens. */
export const readFeedback: ActionSpec = {
  name: 'read-feedback',
  summary: 'read from all connections',
  description: 'log what the device has printed so far',
  async run(a) {
    a.connection?.logUnfinishedLine();
  },
};
