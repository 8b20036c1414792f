import type { ErrorType } from '@lava/base';
import type { DeviceHealth, JobHealth } from './states.ts';

const labTrouble: readonly string[] = ['Bug', 'Configuration', 'Infrastructure'] satisfies ErrorType[];

/**
 * Health of a device after a job ended on it. A health check judges Good, Unknown and Bad devices and leaves Looping
 * ones alone; any other job that ended by trouble of the lab makes the device Unknown. What an admin took out of service
 * stays so.
 */
export function deviceHealthAfter(health: DeviceHealth, job: { readonly healthCheck: boolean; readonly health: JobHealth; readonly errorType?: string | null }): DeviceHealth {
  if (health === 'Maintenance' || health === 'Retired') return health;
  if (job.healthCheck) return health === 'Looping' ? health : job.health === 'Complete' ? 'Good' : 'Bad';
  return labTrouble.includes(job.errorType ?? '') ? 'Unknown' : health;
}
