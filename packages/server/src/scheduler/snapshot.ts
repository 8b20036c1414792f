import type { DeviceHealth, DeviceState } from '@lava/job';

/** What the scheduler decides on: all that is queued and all that could run it, at one moment. */
export interface Snapshot {
  readonly jobs: readonly QueuedJob[];
  readonly devices: readonly DeviceSeat[];
  readonly workers: readonly WorkerSeat[];
  /** Device types whose `display` is off: their jobs wait. */
  readonly hiddenTypes: ReadonlySet<string>;
}

export interface QueuedJob {
  readonly id: number;
  readonly type: string | null;
  /** Pins; null means any. */
  readonly device: string | null;
  readonly worker: string | null;
  readonly tags: readonly number[];
  readonly priority: number;
  /** Milliseconds since 1970. */
  readonly submitted: number;
  /** When it gives up waiting, in milliseconds since 1970; null means never. */
  readonly deadline: number | null;
}

export interface DeviceSeat {
  readonly hostname: string;
  readonly type: string;
  readonly worker: string | null;
  readonly state: DeviceState;
  readonly health: DeviceHealth;
  readonly tags: ReadonlySet<number>;
}

export interface WorkerSeat {
  readonly hostname: string;
  readonly online: boolean;
  readonly active: boolean;
  /** Off: the admin has disabled the worker; jobs that need it fail. */
  readonly display: boolean;
  /** Most devices busy at once; 0 means no limit. */
  readonly jobLimit: number;
}
