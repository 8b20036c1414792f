import type { IconName } from './icons.tsx';

/** What a state means for the eye; each has a colour and a shape, and never stands without its word. */
export type Tone = 'ok' | 'bad' | 'warn' | 'live' | 'idle';
export interface Mark { readonly word: string; readonly tone: Tone; readonly icon: IconName }

/** A job's state as one word: its health once it has ended. */
export function jobMark(job: { state: string; health: string }): Mark {
  switch (job.state) {
    case 'Submitted': return { word: 'Submitted', tone: 'idle', icon: 'clock' };
    case 'Scheduling': case 'Scheduled': return { word: job.state, tone: 'idle', icon: 'clock' };
    case 'Running': return { word: 'Running', tone: 'live', icon: 'live' };
    case 'Canceling': return { word: 'Canceling', tone: 'warn', icon: 'stop' };
    default:
  }
  switch (job.health) {
    case 'Complete': return { word: 'Complete', tone: 'ok', icon: 'ok' };
    case 'Incomplete': return { word: 'Incomplete', tone: 'bad', icon: 'bad' };
    case 'Canceled': return { word: 'Canceled', tone: 'warn', icon: 'stop' };
    default: return { word: job.state, tone: 'idle', icon: 'idle' };
  }
}

const healthMarks: Record<string, Mark> = {
  Good: { word: 'Good', tone: 'ok', icon: 'ok' },
  Unknown: { word: 'Unknown', tone: 'idle', icon: 'help' },
  Looping: { word: 'Looping', tone: 'live', icon: 'retry' },
  Bad: { word: 'Bad', tone: 'bad', icon: 'bad' },
  Maintenance: { word: 'Maintenance', tone: 'warn', icon: 'warn' },
  Retired: { word: 'Retired', tone: 'idle', icon: 'stop' },
  Active: { word: 'Active', tone: 'ok', icon: 'ok' },
};
/** Health of a device or a worker. */
export const healthMark = (health: string): Mark => healthMarks[health] ?? { word: health, tone: 'idle', icon: 'idle' };

const stateMarks: Record<string, Mark> = {
  Idle: { word: 'Idle', tone: 'idle', icon: 'idle' },
  Reserved: { word: 'Reserved', tone: 'live', icon: 'clock' },
  Running: { word: 'Running', tone: 'live', icon: 'live' },
  Online: { word: 'Online', tone: 'ok', icon: 'ok' },
  Offline: { word: 'Offline', tone: 'bad', icon: 'bad' },
};
/** State of a device or a worker. */
export const stateMark = (state: string): Mark => stateMarks[state] ?? { word: state, tone: 'idle', icon: 'idle' };

export const resultMark: Record<'pass' | 'fail' | 'skip' | 'unknown', Mark> = {
  pass: { word: 'pass', tone: 'ok', icon: 'ok' },
  fail: { word: 'fail', tone: 'bad', icon: 'bad' },
  skip: { word: 'skip', tone: 'warn', icon: 'skip' },
  unknown: { word: 'unknown', tone: 'idle', icon: 'help' },
};

export const jobEnded = (job: { state: string }): boolean => job.state === 'Finished';
/** True for a device that can take jobs. */
export const deviceUsable = (device: { health: string }): boolean => device.health === 'Good' || device.health === 'Unknown' || device.health === 'Looping';
