import type { QueuedJob } from './snapshot.ts';

/** What is started whole: one job, or all jobs of a multinode group. */
export interface Unit {
  /** Jobs that need a device each. */
  readonly jobs: readonly QueuedJob[];
  /** Jobs that share the device of another one. */
  readonly guests: readonly QueuedJob[];
  readonly id: number;
  readonly submitter: number;
  readonly priority: number;
  readonly submitted: number;
  readonly deadline: number | null;
  readonly notBefore: number | null;
}

/** The queue as units, in the order of their first jobs. A group has the highest priority, the earliest deadline and the longest delay of its jobs. */
export function unitsOf(queue: readonly QueuedJob[]): Unit[] {
  const groups = new Map<string, QueuedJob[]>();
  const units: Unit[] = [];
  for (const job of queue) {
    if (job.group === null) {
      const { id, submitter, priority, submitted, deadline, notBefore } = job;
      units.push({ jobs: [job], guests: [], id, submitter, priority, submitted, deadline, notBefore });
      continue;
    }
    const members = groups.get(job.group);
    if (members) members.push(job);
    else groups.set(job.group, [job]);
  }
  for (const members of groups.values()) {
    members.sort((a, b) => a.id - b.id);
    const deadlines = members.flatMap((m) => m.deadline ?? []);
    const delays = members.flatMap((m) => m.notBefore ?? []);
    units.push({
      jobs: members.filter((m) => m.hostRole === null), guests: members.filter((m) => m.hostRole !== null),
      id: members[0]!.id, submitter: members[0]!.submitter, priority: Math.max(...members.map((m) => m.priority)),
      submitted: Math.min(...members.map((m) => m.submitted)), deadline: deadlines.length > 0 ? Math.min(...deadlines) : null,
      notBefore: delays.length > 0 ? Math.max(...delays) : null,
    });
  }
  return units;
}

/** Waiting longest first. */
export const byAge = (a: Unit, b: Unit): number => a.submitted - b.submitted || a.id - b.id;

/** Jobs of the unit, guests too. */
export const allJobs = (unit: Unit): number[] => [...unit.jobs, ...unit.guests].map((j) => j.id);
