/** States and healths by their stored number; the words are what every API shows. */
export const jobStates = ['Submitted', 'Scheduling', 'Scheduled', 'Running', 'Canceling', 'Finished'] as const;
export type JobState = (typeof jobStates)[number];

export const jobHealths = ['Unknown', 'Complete', 'Incomplete', 'Canceled'] as const;
export type JobHealth = (typeof jobHealths)[number];

export const deviceStates = ['Idle', 'Reserved', 'Running'] as const;
export type DeviceState = (typeof deviceStates)[number];

export const deviceHealths = ['Good', 'Unknown', 'Looping', 'Bad', 'Maintenance', 'Retired'] as const;
export type DeviceHealth = (typeof deviceHealths)[number];

export const workerStates = ['Online', 'Offline'] as const;
export type WorkerState = (typeof workerStates)[number];

export const workerHealths = ['Active', 'Maintenance', 'Retired'] as const;
export type WorkerHealth = (typeof workerHealths)[number];

export const testResults = ['pass', 'fail', 'skip', 'unknown'] as const;
export type TestResult = (typeof testResults)[number];

/** Job priorities by name; a definition may also give a number from 0 to 100. */
export const priorities = { low: 0, medium: 50, high: 100 } as const;
