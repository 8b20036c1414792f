import type { User } from '../auth/users.ts';
import { policyOf, type DeviceSeat, type Policy, type QueuedJob, type Share, type Snapshot, type Submitter, type TypeRule, type WorkerSeat } from './snapshot.ts';

/* Pieces of snapshots for tests. */

export const job = (id: number, more: Partial<QueuedJob> = {}): QueuedJob => ({
  id, type: 'qemu', device: null, worker: null, tags: [], priority: 50, submitted: id, deadline: null, notBefore: null, avoid: [], submitter: 1, group: null, role: '', hostRole: null, ...more,
});

export const device = (hostname: string, more: Partial<DeviceSeat> = {}): DeviceSeat => ({
  hostname, type: 'qemu', worker: 'w1', state: 'Idle', health: 'Good', tags: new Set(), guard: null,
  hasHealthCheck: false, lastCheck: null, jobsSinceCheck: 0, job: null, busySince: null, ...more,
});

export const worker = (hostname: string, more: Partial<WorkerSeat> = {}): WorkerSeat => ({ hostname, online: true, active: true, display: true, jobLimit: 0, ...more });

export function submitter(id: number, { used = 0, held = 0, ...more }: Partial<User> & { used?: number; held?: number } = {}): Submitter {
  return { used, held, user: { id, username: `u${id}`, isActive: true, isStaff: false, isSuperuser: false, groups: [], permissions: [], ...more } };
}

interface Parts {
  readonly workers?: readonly WorkerSeat[];
  readonly hidden?: readonly string[];
  readonly rule?: Partial<TypeRule>;
  readonly submitters?: readonly Submitter[];
  readonly shares?: ReadonlyMap<number, Share>;
  readonly policy?: Partial<Policy>;
}

export function snapshot(jobs: readonly QueuedJob[], devices: readonly DeviceSeat[], parts: Parts = {}): Snapshot {
  const { workers = [worker('w1')], hidden = [], rule, submitters, shares = new Map(), policy } = parts;
  const types = new Map([...new Set(devices.map((d) => d.type))].map((type): [string, TypeRule] => [type, { display: !hidden.includes(type), checkEvery: 24, checkUnit: 'hours', checksDisabled: false, ...rule }]));
  const all = submitters ?? [...new Set(jobs.map((j) => j.submitter))].map((id) => submitter(id));
  return { jobs, devices, workers, types, submitters: new Map(all.map((s) => [s.user.id, s])), shares, policy: policyOf(policy) };
}
