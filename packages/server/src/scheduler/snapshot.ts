import type { DeviceHealth, DeviceState } from '@lava/job';
import type { Guarded } from '../auth/permissions.ts';
import type { User } from '../auth/users.ts';

/** What the scheduler decides on: all that is queued and all that could run it, at one moment. */
export interface Snapshot {
  readonly jobs: readonly QueuedJob[];
  readonly devices: readonly DeviceSeat[];
  readonly workers: readonly WorkerSeat[];
  /** Device types by name. */
  readonly types: ReadonlyMap<string, TypeRule>;
  /** Submitters of queued jobs and of those that run, by number. */
  readonly submitters: ReadonlyMap<number, Submitter>;
  /** Groups with a share of their own, by number. */
  readonly shares: ReadonlyMap<number, Share>;
  readonly policy: Policy;
}

/** How an installation wants its queue to be served (docs/scheduling.md). */
export interface Policy {
  /** Within a priority: `fair` between submitters and groups, or plainly the oldest first. */
  readonly order: 'fair' | 'fifo';
  /** Seconds after which devices that come free are kept for a waiting multinode group. */
  readonly groupPatience: number;
}

/** What holds where the installation says nothing. */
export const policyOf = (given: Partial<Policy> = {}): Policy => ({ order: 'fair', groupPatience: 600, ...given });

export interface QueuedJob {
  readonly id: number;
  /** Null only for a guest of a multinode group, which shares the device of its host. */
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
  /** It is tried again, but not before this time, in milliseconds since 1970. */
  readonly notBefore: number | null;
  /** Devices on which it failed: it gets another one if another one could run it. */
  readonly avoid: readonly string[];
  readonly submitter: number;
  /** The multinode group, its role in it, and the role whose device it shares. */
  readonly group: string | null;
  readonly role: string;
  readonly hostRole: string | null;
}

export interface DeviceSeat {
  readonly hostname: string;
  readonly type: string;
  readonly worker: string | null;
  readonly state: DeviceState;
  readonly health: DeviceHealth;
  readonly tags: ReadonlySet<number>;
  /** What groups may do with it, shared by devices that are alike; null when everybody may submit to it. */
  readonly guard: Guarded | null;
  /** A definition of a health check belongs to the device. */
  readonly hasHealthCheck: boolean;
  /** When the last health check was submitted, in milliseconds since 1970. */
  readonly lastCheck: number | null;
  /** Other jobs started on it since then. */
  readonly jobsSinceCheck: number;
  /** The job that holds it, and when that started, in milliseconds since 1970. */
  readonly job: number | null;
  readonly busySince: number | null;
}

export interface WorkerSeat {
  readonly hostname: string;
  readonly online: boolean;
  readonly active: boolean;
  /** Off: the admin has disabled the worker; jobs that need it fail. */
  readonly display: boolean;
  /** Most devices busy at once; 0 means no limit. */
  readonly jobLimit: number;
  /** Busy devices that are not in the snapshot, which may show a part of the lab. */
  readonly busyElsewhere?: number;
}

export interface TypeRule {
  /** Off: jobs of the type wait. */
  readonly display: boolean;
  /** Hours, or jobs, between two health checks of a device. */
  readonly checkEvery: number;
  readonly checkUnit: 'hours' | 'jobs';
  readonly checksDisabled: boolean;
}

export interface Submitter {
  readonly user: User;
  /** Device-seconds of late, older ones counting less and less. */
  readonly used: number;
  /** Devices held now. */
  readonly held: number;
}

/** What a group of users gets of the lab. */
export interface Share {
  /** Twice the weight, twice the devices. */
  readonly weight: number;
  /** Most devices that its members hold at once; null means no limit. */
  readonly quota: number | null;
}
