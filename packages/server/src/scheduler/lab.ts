import { mayAll, may, type Guarded } from '../auth/permissions.ts';
import type { DeviceSeat, QueuedJob, Snapshot, WorkerSeat } from './snapshot.ts';

/** Idle devices that are alike: the same worker, tags and people. The devices stand with the first name last. */
interface Bench {
  readonly worker: string;
  readonly tags: ReadonlySet<number>;
  readonly guard: Guarded | null;
  readonly devices: DeviceSeat[];
}

/** Devices and workers of a snapshot, and what is taken of them while deciding. */
export class Lab {
  readonly #snapshot: Snapshot;
  readonly #byType = new Map<string, DeviceSeat[]>();
  readonly #byName = new Map<string, DeviceSeat>();
  readonly #benches = new Map<string, Map<string, Bench>>();
  readonly #workers: ReadonlyMap<string, WorkerSeat>;
  readonly #busy = new Map<string, number>();
  /** Idle devices that no further job gets in this round, and why. */
  readonly #gone = new Map<string, string>();
  /** Types some of whose devices are not for everybody. */
  readonly #guardedTypes = new Set<string>();
  readonly #demands = new Map<number, string>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#workers = new Map(snapshot.workers.map((w) => [w.hostname, w]));
    for (const device of snapshot.devices.toSorted((a, b) => (a.hostname < b.hostname ? 1 : -1))) {
      this.#byName.set(device.hostname, device);
      append(this.#byType, device.type, device);
      if (device.guard) this.#guardedTypes.add(device.type);
      if (device.state !== 'Idle') { if (device.worker !== null) this.#count(device.worker); }
      else if (isHealthy(device) && device.worker !== null && this.#isServed(device.type)) this.#bench(device).devices.push(device);
    }
  }

  /** Jobs with the same demand have the same chances; what one of them does not get, the next does not get either. */
  demand(job: QueuedJob): string {
    let demand = this.#demands.get(job.id);
    if (demand === undefined) {
      const { type, device, worker, tags } = job;
      const user = type !== null && this.#guardedTypes.has(type) ? this.#snapshot.submitters.get(job.submitter)?.user : undefined;
      const who = user && [mayAll(user, 'device', 'submit'), mayAll(user, 'devicetype', 'submit'), ...user.groups.toSorted((a, b) => a - b)];
      this.#demands.set(job.id, demand = JSON.stringify([type, device, worker, tags.toSorted((a, b) => a - b), who]));
    }
    return demand;
  }

  /** The idle device that the others are likely to miss least: fewest tags, then the least busy worker. */
  best(job: QueuedJob): DeviceSeat | undefined {
    if (job.device !== null) return this.idleFor(job)[0];
    let best: Bench | undefined;
    for (const bench of this.#benchesFor(job)) if (!best || this.#compare(bench, best) < 0) best = bench;
    return best?.devices.at(-1);
  }

  /** All devices that the job could be given now, the best first. */
  idleFor(job: QueuedJob): DeviceSeat[] {
    const benches = this.#benchesFor(job);
    if (job.device !== null) return benches.flatMap((b) => b.devices.filter((d) => d.hostname === job.device));
    return benches.sort((a, b) => this.#compare(a, b)).flatMap((b) => b.devices.toReversed());
  }

  /** Devices that could run the job if they were free: in service, on a worker that takes jobs. */
  usableFor(job: QueuedJob): DeviceSeat[] {
    if (job.type === null || !this.#isServed(job.type)) return [];
    return this.candidates(job).filter((d) => isHealthy(d) && this.#workerStop(d) === undefined);
  }

  /** All devices that could ever run the job, by name. */
  candidates(job: QueuedJob): DeviceSeat[] {
    if (job.type === null) return [];
    const named = job.device === null ? this.#byType.get(job.type) ?? [] : [this.#byName.get(job.device)].filter((d) => d !== undefined);
    return named.filter((d) => d.type === job.type && d.health !== 'Retired' && fits(job, d) && this.#maySubmit(job, d.guard)).reverse();
  }

  /** Devices that may still become busy on a worker. */
  room(worker: string): number {
    const limit = this.#workers.get(worker)?.jobLimit ?? 0;
    return limit === 0 ? Infinity : limit - (this.#busy.get(worker) ?? 0);
  }

  /** Most devices busy at once on a worker. */
  limit(worker: string): number {
    return this.#workers.get(worker)?.jobLimit || Infinity;
  }

  /** Takes an idle device out of this round. */
  take(device: DeviceSeat, why = 'about to run another job'): void {
    const bench = this.#bench(device);
    bench.devices.splice(bench.devices.lastIndexOf(device), 1);
    this.#count(device.worker!);
    this.#gone.set(device.hostname, why);
  }

  /** Devices for health checks, by name: idle, on a worker with room; Looping ones too. */
  forChecks(): DeviceSeat[] {
    return this.#snapshot.devices.filter((d) => d.state === 'Idle' && (isHealthy(d) || d.health === 'Looping') && d.worker !== null && this.#workerStop(d) === undefined
      && this.#isServed(d.type)).toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1));
  }

  /** A health check takes a device that may be one that jobs do not get. */
  takeForCheck(device: DeviceSeat): void {
    if (isHealthy(device)) this.take(device, 'about to be checked (health check)');
    else this.#count(device.worker!);
  }

  /** Why a device that could run a job does not take one now; undefined: it would. */
  problem(device: DeviceSeat): string | undefined {
    if (!isHealthy(device)) return `in health ${device.health}`;
    if (device.state !== 'Idle') return 'busy with another job';
    return this.#gone.get(device.hostname) ?? this.#workerStop(device) ?? this.#workerFull(device);
  }

  /** Devices exist for the job, but every one of them is on a disabled worker or on none. */
  hopeless(job: QueuedJob): string | undefined {
    const devices = this.candidates(job);
    if (devices.length === 0 || devices.some((d) => d.worker !== null && this.#workers.get(d.worker)?.display)) return undefined;
    const places = devices.slice(0, 5).map((d) => (d.worker === null ? `${d.hostname} has no worker` : `worker ${d.worker} of ${d.hostname} is disabled`));
    const more = devices.length > 5 ? `, and ${devices.length - 5} more` : '';
    return `No device that could run this job has an enabled worker: ${places.join(', ')}${more}`;
  }

  #benchesFor(job: QueuedJob): Bench[] {
    const found: Bench[] = [];
    for (const bench of this.#benches.get(job.type ?? '')?.values() ?? []) {
      const [device] = bench.devices;
      if (device && (job.worker === null || job.worker === bench.worker) && job.tags.every((tag) => bench.tags.has(tag))
        && this.#maySubmit(job, bench.guard) && this.#workerStop(device) === undefined && this.room(bench.worker) > 0) found.push(bench);
    }
    return found;
  }

  #compare(a: Bench, b: Bench): number {
    return a.tags.size - b.tags.size
      || (this.#busy.get(a.worker) ?? 0) - (this.#busy.get(b.worker) ?? 0)
      || (a.devices.at(-1)!.hostname < b.devices.at(-1)!.hostname ? -1 : 1);
  }

  #bench(device: DeviceSeat): Bench {
    const { type, worker, tags, guard } = device;
    const key = JSON.stringify([worker, [...tags].sort((a, b) => a - b), guard]);
    let benches = this.#benches.get(type);
    if (!benches) this.#benches.set(type, benches = new Map());
    let bench = benches.get(key);
    if (!bench) benches.set(key, bench = { worker: worker!, tags, guard, devices: [] });
    return bench;
  }

  #workerStop(device: DeviceSeat): string | undefined {
    const worker = device.worker === null ? undefined : this.#workers.get(device.worker);
    if (!worker) return 'without a worker';
    if (!worker.display) return `on the disabled worker ${worker.hostname}`;
    if (!worker.active) return `on worker ${worker.hostname}, which takes no jobs now (not Active)`;
    return worker.online ? undefined : `on worker ${worker.hostname}, which is offline`;
  }

  #workerFull({ worker }: DeviceSeat): string | undefined {
    return this.room(worker!) > 0 ? undefined : `on worker ${worker}, whose job limit of ${this.limit(worker!)} is reached`;
  }

  #isServed(type: string): boolean {
    return this.#snapshot.types.get(type)?.display ?? true;
  }

  #maySubmit(job: QueuedJob, guard: Guarded | null): boolean {
    return guard === null || may(this.#snapshot.submitters.get(job.submitter)?.user ?? null, 'submit', guard);
  }

  #count(worker: string): void {
    this.#busy.set(worker, (this.#busy.get(worker) ?? 0) + 1);
  }
}

function fits(job: QueuedJob, device: DeviceSeat): boolean {
  return (job.device === null || job.device === device.hostname)
    && (job.worker === null || job.worker === device.worker)
    && job.tags.every((tag) => device.tags.has(tag));
}

/** Jobs of users run on these; Looping devices run health checks only. */
export const isHealthy = (device: DeviceSeat): boolean => device.health === 'Good' || device.health === 'Unknown';

export function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
