import { deviceHealths, jobHealths, jobStates } from '@lava/job';
import { deviceHealth, deviceState, jobHealth, jobState } from '../store/numbers.ts';

/** State and health of a job in the one word that old clients know. */
export function jobStatus(state: number, health: number): string {
  if (state < jobState.Running) return 'Submitted';
  if (state !== jobState.Finished) return jobStates[state]!;
  return health === jobHealth.Unknown ? 'Incomplete' : jobHealths[health]!;
}

/** State and health of a device in the one word that old clients know. */
export function deviceStatus(state: number, health: number): string {
  if (state === deviceState.Reserved) return 'reserved';
  if (state === deviceState.Running) return 'running';
  if (health === deviceHealth.Good || health === deviceHealth.Unknown) return 'idle';
  return health === deviceHealth.Retired ? 'retired' : 'offline';
}

/** Number of a device's health from its name in any case; undefined if there is none. */
export function healthNumber(name: string): number | undefined {
  const n = deviceHealths.findIndex((h) => h.toLowerCase() === name.toLowerCase());
  return n < 0 ? undefined : n;
}
