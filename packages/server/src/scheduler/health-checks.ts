import type { DeviceSeat, TypeRule } from './snapshot.ts';

/**
 * Whether a device is to be checked before jobs of users may have it: health Unknown or Looping, never checked, or its
 * type's hours or jobs have gone by since the last check was submitted. Says nothing of whether it has a definition.
 * @param now milliseconds since 1970
 */
export function checkIsDue(device: Pick<DeviceSeat, 'health' | 'lastCheck' | 'jobsSinceCheck'>, rule: TypeRule | undefined, now: number): boolean {
  if (rule?.checksDisabled) return false;
  const { health, lastCheck, jobsSinceCheck } = device;
  if (health === 'Unknown' || health === 'Looping' || lastCheck === null) return true;
  const { checkEvery, checkUnit } = rule ?? { checkEvery: 24, checkUnit: 'hours' };
  return checkUnit === 'hours' ? lastCheck + checkEvery * 3_600_000 < now : jobsSinceCheck >= checkEvery;
}
