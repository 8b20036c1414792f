import type { DeviceSeat, QueuedJob, Snapshot, WorkerSeat } from './snapshot.ts';

/** What is to be done now. Pure: the same snapshot and time give the same decision. */
export interface Decision {
  readonly assign: readonly { readonly job: number; readonly device: string; readonly worker: string }[];
  /** Waited longer than their `timeouts.queue`. */
  readonly timedOut: readonly number[];
  /** Can never run as things are. */
  readonly hopeless: readonly { readonly job: number; readonly reason: string }[];
}

/**
 * Gives idle devices to queued jobs, most urgent job first. No device is given twice, no worker gets more than its
 * limit, and no job waits while a device that may run it stays idle.
 * @param now milliseconds since 1970
 */
export function decide(snapshot: Snapshot, now: number): Decision {
  const lab = new Lab(snapshot);
  const assign: Decision['assign'][number][] = [];
  const hopeless: Decision['hopeless'][number][] = [];
  const timedOut: number[] = [];
  for (const job of inOrder(snapshot.jobs)) {
    if (job.deadline !== null && job.deadline <= now) { timedOut.push(job.id); continue; }
    const device = lab.bestFor(job);
    if (device) {
      lab.take(device);
      assign.push({ job: job.id, device: device.hostname, worker: device.worker! });
      continue;
    }
    const reason = lab.hopeless(job);
    if (reason !== undefined) hopeless.push({ job: job.id, reason });
  }
  return { assign, timedOut, hopeless };
}

/** Why a queued job waits, and its place among the jobs of its device type (from 1). */
export function explain(snapshot: Snapshot, id: number): { reason: string; position: number | null } | null {
  const ordered = inOrder(snapshot.jobs);
  const job = ordered.find((j) => j.id === id);
  if (!job) return null;
  const sameType = ordered.filter((j) => j.type === job.type);
  return { reason: new Lab(snapshot).waitsFor(job), position: sameType.indexOf(job) + 1 };
}

function inOrder(jobs: readonly QueuedJob[]): QueuedJob[] {
  return [...jobs].sort((a, b) => b.priority - a.priority || a.submitted - b.submitted || a.id - b.id);
}

/** Devices and workers, and what is taken of them while deciding. */
class Lab {
  readonly #byType = new Map<string, DeviceSeat[]>();
  readonly #idle = new Map<string, DeviceSeat[]>();
  readonly #workers: ReadonlyMap<string, WorkerSeat>;
  readonly #busy = new Map<string, number>();
  readonly #hiddenTypes: ReadonlySet<string>;

  constructor({ devices, workers, hiddenTypes }: Snapshot) {
    this.#hiddenTypes = hiddenTypes;
    this.#workers = new Map(workers.map((w) => [w.hostname, w]));
    for (const device of devices) {
      append(this.#byType, device.type, device);
      if (device.state !== 'Idle') { if (device.worker !== null) this.#count(device.worker); }
      else if (isHealthy(device)) append(this.#idle, device.type, device);
    }
  }

  /** The idle device that the others are likely to miss least: fewest tags, then the least busy worker. */
  bestFor(job: QueuedJob): DeviceSeat | undefined {
    if (job.type === null || this.#hiddenTypes.has(job.type)) return undefined;
    let best: DeviceSeat | undefined;
    for (const device of this.#idle.get(job.type) ?? []) {
      if (!fits(job, device) || this.#workerProblem(device) !== undefined) continue;
      if (!best || this.#compare(device, best) < 0) best = device;
    }
    return best;
  }

  take(device: DeviceSeat): void {
    const idle = this.#idle.get(device.type)!;
    idle.splice(idle.indexOf(device), 1);
    this.#count(device.worker!);
  }

  /** Devices exist for the job, but every one of them is on a disabled worker or on none. */
  hopeless(job: QueuedJob): string | undefined {
    const devices = this.#candidates(job);
    if (devices.length === 0 || devices.some((d) => d.worker !== null && this.#workers.get(d.worker)?.display)) return undefined;
    const places = devices.slice(0, 5).map((d) => d.worker === null ? `${d.hostname} has no worker` : `worker ${d.worker} of ${d.hostname} is disabled`);
    const more = devices.length > 5 ? `, and ${devices.length - 5} more` : '';
    return `No device that could run this job has an enabled worker: ${places.join(', ')}${more}`;
  }

  waitsFor(job: QueuedJob): string {
    if (job.type !== null && this.#hiddenTypes.has(job.type)) return `Device type ${job.type} is hidden: its jobs wait until an admin shows it again.`;
    const devices = this.#candidates(job);
    const wanted = `${job.device === null ? `device of type ${job.type}` : `device ${job.device}`}${job.tags.length ? ' with all the tags' : ''}${job.worker !== null && job.device === null ? ` on worker ${job.worker}` : ''}`;
    if (devices.length === 0) return `There is no ${wanted} (retired devices do not count).`;
    const problems = devices.map((d) => this.#deviceProblem(d));
    if (problems.includes(undefined)) return 'It is about to start.';
    const counts = new Map<string, number>();
    for (const problem of problems) counts.set(problem!, (counts.get(problem!) ?? 0) + 1);
    if (devices.length === 1) return `The only ${wanted}${job.device === null ? `, ${devices[0]!.hostname},` : ''} is ${problems[0]}.`;
    const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([problem, count]) => `${count} ${problem}`);
    return `Of ${devices.length} devices that could run it: ${parts.join('; ')}.`;
  }

  #candidates(job: QueuedJob): DeviceSeat[] {
    return (job.type === null ? [] : this.#byType.get(job.type) ?? []).filter((d) => d.health !== 'Retired' && fits(job, d));
  }

  #deviceProblem(device: DeviceSeat): string | undefined {
    if (!isHealthy(device)) return `in health ${device.health}`;
    if (device.state !== 'Idle') return 'busy with another job';
    return this.#workerProblem(device);
  }

  #workerProblem(device: DeviceSeat): string | undefined {
    const worker = device.worker === null ? undefined : this.#workers.get(device.worker);
    if (!worker) return 'without a worker';
    if (!worker.display) return `on the disabled worker ${worker.hostname}`;
    if (!worker.active) return `on worker ${worker.hostname}, which takes no jobs now (not Active)`;
    if (!worker.online) return `on worker ${worker.hostname}, which is offline`;
    if (worker.jobLimit > 0 && (this.#busy.get(worker.hostname) ?? 0) >= worker.jobLimit) return `on worker ${worker.hostname}, whose job limit of ${worker.jobLimit} is reached`;
    return undefined;
  }

  #compare(a: DeviceSeat, b: DeviceSeat): number {
    return a.tags.size - b.tags.size
      || (this.#busy.get(a.worker!) ?? 0) - (this.#busy.get(b.worker!) ?? 0)
      || (a.hostname < b.hostname ? -1 : 1);
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
const isHealthy = (device: DeviceSeat) => device.health === 'Good' || device.health === 'Unknown';

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
