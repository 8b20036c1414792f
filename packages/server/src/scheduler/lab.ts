import { mayAll, may, type Guarded } from '../auth/permissions.ts';
import type { DeviceSeat, QueuedJob, Snapshot, WorkerSeat } from './snapshot.ts';

/** Devices that suit the same jobs: with the same tags and for the same people. */
interface Pool {
  readonly tags: ReadonlySet<number>;
  readonly guard: Guarded | null;
  /** By worker. */
  readonly benches: Map<string, Bench>;
}

/** Idle devices of a pool on one worker, the first name last. */
interface Bench {
  readonly pool: Pool;
  readonly worker: WorkerLoad;
  readonly devices: DeviceSeat[];
}

/** A worker and how many of its devices are busy. */
interface WorkerLoad {
  /** Undefined for a name that no worker has. */
  readonly seat: WorkerSeat | undefined;
  /** It takes jobs. */
  readonly open: boolean;
  readonly limit: number;
  busy: number;
}

/** Devices and workers of a snapshot, and what is taken of them while deciding. */
export class Lab {
  readonly #snapshot: Snapshot;
  readonly #byType = new Map<string, DeviceSeat[]>();
  readonly #byName = new Map<string, DeviceSeat>();
  readonly #pools = new Map<string, Map<string, Pool>>();
  readonly #workers: Map<string, WorkerLoad>;
  /** Idle devices that no further job gets in this round, and why. */
  readonly #gone = new Map<string, string>();
  /** Those of them that jobs were seated on, by type. */
  readonly #seated = new Map<string, Set<DeviceSeat>>();
  /** Types some of whose devices are not for everybody. */
  readonly #guardedTypes = new Set<string>();
  readonly #demands = new Map<number, string>();
  readonly #people = new Map<number, string>();
  readonly #allowed = new Map<Guarded, Map<number, boolean>>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#workers = new Map(snapshot.workers.map((seat) => [seat.hostname, { seat, open: seat.display && seat.active && seat.online, limit: seat.jobLimit || Infinity, busy: seat.busyElsewhere ?? 0 }]));
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
      const { type, device, worker, tags, avoid, group } = job;
      const who = type !== null && this.#guardedTypes.has(type) ? this.#peopleOf(job.submitter) : '';
      const wanted = tags.length < 2 ? tags.join() : tags.toSorted((a, b) => a - b).join();
      // No name has a line end in it.
      this.#demands.set(job.id, demand = `${type}\n${device ?? ''}\n${worker ?? ''}\n${wanted}\n${who}${avoid.length === 0 ? '' : `\n${group === null}\n${avoid.join('\n')}`}`);
    }
    return demand;
  }

  /** The idle device that the others are likely to miss least: fewest tags, then the least busy worker. */
  best(job: QueuedJob): DeviceSeat | undefined {
    if (job.device !== null) return this.idleFor(job)[0];
    if (job.avoid.length > 0) return this.#elsewhere(job, this.idleFor(job))[0];
    let best: Bench | undefined;
    for (const pool of this.#poolsFor(job)) {
      if (best && pool.tags.size > best.pool.tags.size) continue;
      for (const bench of pool.benches.values()) if (serves(bench, job) && (!best || compare(bench, best) < 0)) best = bench;
    }
    return best?.devices.at(-1);
  }

  /** All devices that the job could be given now, the best first. */
  idleFor(job: QueuedJob): DeviceSeat[] {
    const benches = this.#poolsFor(job).flatMap((pool) => [...pool.benches.values()].filter((b) => serves(b, job)));
    if (job.device !== null) return benches.flatMap((b) => b.devices.filter((d) => d.hostname === job.device));
    return benches.sort(compare).flatMap((b) => b.devices.toReversed());
  }

  /**
   * Devices on which the job failed come last: of a group, whose others may have no choice. A job alone waits for another
   * device as long as one is in service.
   */
  #elsewhere(job: QueuedJob, devices: DeviceSeat[]): DeviceSeat[] {
    const isNew = (device: DeviceSeat) => !job.avoid.includes(device.hostname);
    if (devices.every(isNew)) return devices;
    const others = devices.filter(isNew);
    return job.group === null && this.usableFor(job).some(isNew) ? others : [...others, ...devices.filter((d) => !isNew(d))];
  }

  /**
   * Devices that the job could have in this round if others made room: idle ones, also of workers that are full by now,
   * then those that jobs of this round sit on.
   */
  reachable(job: QueuedJob): DeviceSeat[] {
    const benches = this.#poolsFor(job).flatMap((pool) => [...pool.benches.values()].filter((b) => b.worker.open)).sort(compare);
    const idle = benches.flatMap((b) => b.devices.toReversed()).filter((d) => fits(job, d));
    const seated = [...this.#seated.get(job.type ?? '') ?? []].filter((d) => fits(job, d) && this.#maySubmit(job, d.guard));
    return this.#elsewhere(job, [...idle, ...seated]);
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
    return named.filter((d) => d.type === job.type && d.health !== 'Retired' && fits(job, d) && this.#maySubmit(job, d.guard)).toReversed();
  }

  /** Devices that may still become busy on a worker. */
  room(worker: string): number {
    const { limit, busy } = this.#load(worker);
    return limit - busy;
  }

  /** Most devices busy at once on a worker. */
  limit(worker: string): number {
    return this.#load(worker).limit;
  }

  /** A job of this round gets the idle device. */
  seat(device: DeviceSeat): void {
    this.take(device, 'about to run another job');
    const seated = this.#seated.get(device.type);
    if (seated) seated.add(device);
    else this.#seated.set(device.type, new Set([device]));
  }

  /** The job gets another one. */
  leave(device: DeviceSeat): void {
    this.#seated.get(device.type)!.delete(device);
    this.#gone.delete(device.hostname);
    const { worker, devices } = this.#bench(device);
    devices.push(device);
    worker.busy--;
  }

  /** Takes an idle device out of this round. */
  take(device: DeviceSeat, why: string): void {
    const { devices, pool } = this.#bench(device);
    devices.splice(devices.lastIndexOf(device), 1);
    if (devices.length === 0) pool.benches.delete(device.worker!);
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
    if (devices.length === 0 || devices.some((d) => d.worker !== null && this.#workers.get(d.worker)?.seat?.display)) return undefined;
    const places = devices.slice(0, 5).map((d) => (d.worker === null ? `${d.hostname} has no worker` : `worker ${d.worker} of ${d.hostname} is disabled`));
    const more = devices.length > 5 ? `, and ${devices.length - 5} more` : '';
    return `No device that could run this job has an enabled worker: ${places.join(', ')}${more}`;
  }

  #poolsFor(job: QueuedJob): Pool[] {
    return [...this.#pools.get(job.type ?? '')?.values() ?? []].filter((pool) => job.tags.every((tag) => pool.tags.has(tag)) && this.#maySubmit(job, pool.guard));
  }

  #bench({ type, worker, tags, guard }: DeviceSeat): Bench {
    const key = JSON.stringify([[...tags].sort((a, b) => a - b), guard]);
    let pools = this.#pools.get(type);
    if (!pools) this.#pools.set(type, pools = new Map());
    let pool = pools.get(key);
    if (!pool) pools.set(key, pool = { tags, guard, benches: new Map() });
    let bench = pool.benches.get(worker!);
    if (!bench) pool.benches.set(worker!, bench = { pool, worker: this.#load(worker!), devices: [] });
    return bench;
  }

  #load(worker: string): WorkerLoad {
    let load = this.#workers.get(worker);
    if (!load) this.#workers.set(worker, load = { seat: undefined, open: false, limit: Infinity, busy: 0 });
    return load;
  }

  #workerStop(device: DeviceSeat): string | undefined {
    const worker = device.worker === null ? undefined : this.#workers.get(device.worker)?.seat;
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
    if (guard === null) return true;
    let known = this.#allowed.get(guard);
    if (!known) this.#allowed.set(guard, known = new Map());
    let allowed = known.get(job.submitter);
    if (allowed === undefined) known.set(job.submitter, allowed = may(this.#snapshot.submitters.get(job.submitter)?.user ?? null, 'submit', guard));
    return allowed;
  }

  /** The same for submitters who may use the same devices. */
  #peopleOf(submitter: number): string {
    let people = this.#people.get(submitter);
    if (people === undefined) {
      const user = this.#snapshot.submitters.get(submitter)?.user ?? null;
      people = [mayAll(user, 'device', 'submit'), mayAll(user, 'devicetype', 'submit'), ...user?.groups.toSorted((a, b) => a - b) ?? []].join();
      this.#people.set(submitter, people);
    }
    return people;
  }

  #count(worker: string): void {
    this.#load(worker).busy++;
  }
}

const serves = ({ worker }: Bench, job: QueuedJob) => worker.open && worker.busy < worker.limit && (job.worker === null || job.worker === worker.seat?.hostname);

/** Fewest tags, then the least busy worker, then the first name. */
function compare(a: Bench, b: Bench): number {
  return a.pool.tags.size - b.pool.tags.size || a.worker.busy - b.worker.busy || (a.devices.at(-1)!.hostname < b.devices.at(-1)!.hostname ? -1 : 1);
}

function fits(job: QueuedJob, device: DeviceSeat): boolean {
  return (job.device === null || job.device === device.hostname)
    && (job.worker === null || job.worker === device.worker)
    && job.tags.every((tag) => device.tags.has(tag));
}

/** Jobs of users run on these; Looping devices run health checks only. */
const isHealthy = (device: DeviceSeat): boolean => device.health === 'Good' || device.health === 'Unknown';

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
