import { checkIsDue } from './health-checks.ts';
import { Lab } from './lab.ts';
import { match } from '../matching/match.ts';
import { Queue } from './queue.ts';
import { Seating } from '../matching/seating.ts';
import { Shares } from './shares.ts';
import type { DeviceSeat, QueuedJob, Snapshot } from './snapshot.ts';
import { allJobs, byAge, unitsOf, type Unit } from './units.ts';

/** What is to be done now. Pure: the same snapshot and time give the same decision. */
export interface Decision {
  /** Devices that are to be checked. */
  readonly checks: readonly { readonly device: string; readonly worker: string }[];
  readonly placements: readonly Placement[];
  /** Waited longer than their `timeouts.queue`; of a group all. */
  readonly timedOut: readonly number[];
  /** Can never run as things are; of a group all. */
  readonly hopeless: readonly { readonly job: number; readonly reason: string }[];
  /** When the next job that is to be tried again may start, in milliseconds since 1970. */
  readonly nextRetry: number | null;
}

/** What starts together or not at all: one job, or all jobs of a multinode group. */
export interface Placement {
  readonly jobs: readonly { readonly job: number; readonly device: string; readonly worker: string }[];
  /** Jobs that share the device of their host and start on its worker. */
  readonly guests: readonly { readonly job: number; readonly device: string; readonly worker: string }[];
}

/**
 * Gives idle devices to queued jobs: due health checks first, then by priority, then in the order of the policy. No
 * device is given twice and no worker gets more than its limit. A group gets all its devices or none. No job waits that
 * could run beside those that start, whichever devices they get for that, but for three reasons: a quota, a group that
 * has waited for longer than the policy's patience and for which the devices are kept until it has all, or that the job
 * failed on that device and another one is in service.
 * @param now milliseconds since 1970
 */
export function decide(snapshot: Snapshot, now: number): Decision {
  return new Round(snapshot, now).decision;
}

/** One round, with what it leaves behind for those who ask why. */
export class Round {
  readonly lab: Lab;
  readonly shares: Shares;
  readonly decision: Decision;
  readonly #snapshot: Snapshot;
  readonly #now: number;
  readonly #seating: Seating<QueuedJob, DeviceSeat>;
  /** Demands that found no device in this round. */
  readonly #unmet = new Set<string>();

  constructor(snapshot: Snapshot, now: number) {
    this.#snapshot = snapshot;
    this.#now = now;
    this.lab = new Lab(snapshot);
    this.shares = new Shares(snapshot);
    this.#seating = new Seating({
      wishes: (job) => this.lab.reachable(job), kind: (job) => this.lab.demand(job), room: (worker) => this.lab.room(worker),
      taken: (device) => this.lab.seat(device), left: (device) => this.lab.leave(device),
    });
    const checks = this.#checkDevices();
    const units = unitsOf(snapshot.jobs);
    const waiting = units.filter((u) => u.deadline === null || u.deadline > now);
    const delayed = waiting.flatMap((u) => (isDelayed(u, now) ? u.notBefore! : []));
    const placed = this.#place(delayed.length > 0 ? waiting.filter((u) => !isDelayed(u, now)) : waiting);
    this.decision = {
      checks, placements: [...placed].map((unit) => this.#placement(unit)),
      timedOut: units.filter((u) => u.deadline !== null && u.deadline <= now).flatMap(allJobs),
      hopeless: this.#hopeless(waiting.filter((u) => !placed.has(u))),
      nextRetry: delayed.length > 0 ? Math.min(...delayed) : null,
    };
  }

  /** Units of one priority after the other; within it long-waiting groups first. */
  #place(waiting: readonly Unit[]): Set<Unit> {
    const { order, groupPatience } = this.#snapshot.policy;
    const placed = new Set<Unit>();
    const keptTypes = new Set<string>();
    for (const level of byPriority(waiting)) {
      const overdue = level.filter((u) => u.jobs.length > 1 && this.#now - u.submitted > groupPatience * 1000).sort(byAge);
      for (const unit of overdue) {
        if (this.#tryToPlace(unit)) placed.add(unit);
        else this.#keepFor(unit, keptTypes);
      }
      const queue = new Queue(overdue.length > 0 ? level.filter((u) => !overdue.includes(u)) : level, order, this.shares);
      for (let unit = queue.next(this.#isUnmet); unit; unit = queue.next(this.#isUnmet)) if (this.#tryToPlace(unit)) placed.add(unit);
    }
    return placed;
  }

  readonly #isUnmet = (unit: Unit): boolean => this.#unmet.has(this.#demand(unit)) || this.shares.overQuota(unit) !== undefined;

  #demand({ jobs }: Unit): string {
    return jobs.length === 1 ? this.lab.demand(jobs[0]!) : jobs.map((j) => this.lab.demand(j)).sort().join();
  }

  #tryToPlace(unit: Unit): boolean {
    if (this.#isUnmet(unit)) return false;
    const seat = unit.jobs.length === 1 ? this.lab.best(unit.jobs[0]!) : undefined;
    if (seat) this.#seating.sit(unit.jobs[0]!, seat);
    else if (!this.#seating.place(unit.jobs)) { this.#unmet.add(this.#demand(unit)); return false; }
    this.shares.charge(unit);
    return true;
  }

  #placement({ jobs, guests }: Unit): Placement {
    const seated = jobs.map((job) => {
      const { hostname, worker } = this.#seating.of(job)!;
      return { job: job.id, device: hostname, worker: worker! };
    });
    return {
      jobs: seated,
      guests: guests.flatMap((guest) => {
        const host = seated[jobs.findIndex((j) => j.role === guest.hostRole)];
        return host ? [{ ...host, job: guest.id }] : [];
      }),
    };
  }

  /**
   * Keeps the idle ones of the devices that a group will run on, if it can get all of them once others end. For each
   * device type only one group at a time, so that little stands idle; the one that has waited longest, so that each has
   * its turn.
   */
  #keepFor(unit: Unit, keptTypes: Set<string>): void {
    const types = new Set(unit.jobs.map((j) => j.type ?? ''));
    if ([...types].some((t) => keptTypes.has(t)) || this.shares.overQuota(unit)) return;
    const idle = unit.jobs.map((j) => this.lab.idleFor(j));
    const wishes = unit.jobs.map((j, n) => [...new Set([...idle[n]!, ...this.lab.usableFor(j)])]);
    const seats = match(wishes, (w) => this.lab.limit(w));
    if (seats.includes(undefined)) return;
    for (const type of types) keptTypes.add(type);
    const free = new Set(idle.flat());
    for (const device of seats) if (device && free.has(device)) this.lab.take(device, `kept for the multinode group of job ${unit.id}`);
  }

  /** Health checks take their devices before any job does. */
  #checkDevices(): Decision['checks'] {
    const checks: Decision['checks'][number][] = [];
    for (const device of this.lab.forChecks()) {
      if (!device.hasHealthCheck || !checkIsDue(device, this.#snapshot.types.get(device.type), this.#now)) continue;
      // On a full worker the device is left out of the round: it is to be checked before it runs anything else.
      if (this.lab.room(device.worker!) > 0) checks.push({ device: device.hostname, worker: device.worker! });
      this.lab.takeForCheck(device);
    }
    return checks;
  }

  #hopeless(units: readonly Unit[]): Decision['hopeless'] {
    const known = new Map<string, string | undefined>();
    const reasonOf = (unit: Unit) => {
      for (const job of unit.jobs) {
        const demand = this.lab.demand(job);
        if (!known.has(demand)) known.set(demand, this.lab.hopeless(job));
        if (known.get(demand) !== undefined) return known.get(demand);
      }
      return undefined;
    };
    return units.flatMap((unit) => {
      const reason = reasonOf(unit);
      return reason === undefined ? [] : allJobs(unit).map((job) => ({ job, reason }));
    });
  }
}

/** It is to be tried again, but not yet. */
export const isDelayed = ({ notBefore }: Unit, now: number): boolean => notBefore !== null && notBefore > now;

/** The units of each priority, the highest first. */
export function byPriority(units: readonly Unit[]): Unit[][] {
  const levels = new Map<number, Unit[]>();
  for (const unit of units) {
    const level = levels.get(unit.priority);
    if (level) level.push(unit);
    else levels.set(unit.priority, [unit]);
  }
  return [...levels].sort(([a], [b]) => b - a).map(([, level]) => level);
}
