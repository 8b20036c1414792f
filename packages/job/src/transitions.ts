import type { ErrorType } from '@lava/base';
import type { DeviceHealth, DeviceState, JobHealth, JobState, WorkerHealth } from './states.ts';

/** What happens to a job. */
export type JobEvent =
  /** The scheduler gave a single-node job its device. */
  | 'assign'
  /** The scheduler gave a member of a multinode group its device. */
  | 'reserve'
  /** All members of the group that need a device have one. */
  | 'group-ready'
  /** The worker started the job. */
  | 'start'
  | 'cancel'
  /** The job ended, or its attempt was lost; not a question of pass or fail. */
  | 'finish';

/**
 * State after an event. What is missing has no effect: transitions only go forward, and an event that comes late or twice
 * is no error.
 */
export const jobTransitions: Readonly<Record<JobEvent, Readonly<Partial<Record<JobState, JobState>>>>> = {
  assign: { Submitted: 'Scheduled' },
  reserve: { Submitted: 'Scheduling' },
  // Members on a secondary connection have no device of their own and go on from Submitted.
  'group-ready': { Submitted: 'Scheduled', Scheduling: 'Scheduled' },
  start: { Submitted: 'Running', Scheduling: 'Running', Scheduled: 'Running' },
  cancel: { Submitted: 'Finished', Scheduling: 'Canceling', Scheduled: 'Canceling', Running: 'Canceling' },
  finish: { Submitted: 'Finished', Scheduling: 'Finished', Scheduled: 'Finished', Running: 'Finished', Canceling: 'Finished' },
};

/** Health of a job that leaves `state` for Finished: a canceled job is Canceled however it ended. */
export function finalHealth(state: JobState, result: 'pass' | 'fail' | 'cancel'): JobHealth {
  if (state === 'Canceling' || result === 'cancel') return 'Canceled';
  return result === 'pass' ? 'Complete' : 'Incomplete';
}

/** State of the device that a job in this state holds; Idle if it holds none. */
export function stateOfDevice(state: JobState): DeviceState {
  if (state === 'Scheduling' || state === 'Scheduled') return 'Reserved';
  return state === 'Running' || state === 'Canceling' ? 'Running' : 'Idle';
}

const labTrouble: readonly (ErrorType | string)[] = ['Bug', 'Configuration', 'Infrastructure'];

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

/** Health of a worker's device after the worker's own health changed. */
export function deviceHealthAfterWorker(health: DeviceHealth, from: WorkerHealth, to: WorkerHealth): DeviceHealth {
  if (to === 'Active' && from !== 'Retired' && health === 'Good') return 'Unknown';
  if (to === 'Retired' && health !== 'Bad') return 'Retired';
  return health;
}

/** Status of a job as the oldest interfaces and callbacks number it. */
export function legacyStatus(state: JobState, health: JobHealth): { readonly number: number; readonly word: string } {
  if (state === 'Running') return { number: 1, word: 'running' };
  if (state === 'Canceling') return { number: 5, word: 'canceling' };
  if (state !== 'Finished') return { number: 0, word: 'submitted' };
  if (health === 'Complete') return { number: 2, word: 'complete' };
  return health === 'Canceled' ? { number: 4, word: 'canceled' } : { number: 3, word: 'incomplete' };
}
