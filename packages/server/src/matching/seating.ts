/** What of a device matters here. */
interface Seat { readonly hostname: string; readonly worker: string | null }

/** Who sits where changes in the lab. */
interface Lab<J, D extends Seat> {
  /** Devices that the job may run on, the best first: free ones, and those that others were seated on. */
  wishes(job: J): readonly D[];
  /** Jobs of one kind have the same wishes. */
  kind(job: J): unknown;
  /** How many more devices of a worker may be busy. */
  room(worker: string): number;
  taken?(device: D): void;
  left?(device: D): void;
}

/** What a search has looked at: nothing twice. */
class Seen {
  readonly #earlier: ReadonlySet<unknown>;
  readonly #all = new Set<unknown>();

  constructor(earlier: ReadonlySet<unknown>) {
    this.#earlier = earlier;
  }

  /** @returns false for what was looked at before */
  add(thing: unknown): boolean {
    if (this.#all.has(thing) || this.#earlier.has(thing)) return false;
    this.#all.add(thing);
    return true;
  }

  addTo(all: Set<unknown>): void {
    for (const thing of this.#all) all.add(thing);
  }
}

/**
 * Jobs on devices, where those who sit move over to other devices when that makes room for one more. Nobody who sits
 * loses a seat by it, so that whoever can be seated beside those who came before is (augmenting paths of a bipartite
 * matching).
 */
export class Seating<J, D extends Seat> {
  readonly #lab: Lab<J, D>;
  readonly #seats = new Map<J, D>();
  readonly #holder = new Map<string, J>();
  readonly #onWorker = new Map<string, Set<J>>();
  /** From where no way leads to a free seat, now and later: seats only become fewer. */
  readonly #dead = new Set<unknown>();

  constructor(lab: Lab<J, D>) {
    this.#lab = lab;
  }

  of(job: J): D | undefined {
    return this.#seats.get(job);
  }

  /** Seats a job on a free device of a worker with room. */
  sit(job: J, device: D): void {
    const before = this.#seats.get(job);
    if (before) this.leave(job);
    this.#seats.set(job, device);
    this.#holder.set(device.hostname, job);
    this.#on(device).add(job);
    this.#lab.taken?.(device);
  }

  leave(job: J): void {
    const device = this.#seats.get(job);
    if (!device) return;
    this.#seats.delete(job);
    this.#holder.delete(device.hostname);
    this.#on(device).delete(job);
    this.#lab.left?.(device);
  }

  /** Seats all of these jobs, moving others over where that helps, or none of them. */
  place(jobs: readonly J[]): boolean {
    for (const [n, job] of jobs.entries()) {
      const seen = new Seen(this.#dead);
      if (this.#place(job, seen)) continue;
      // What the others of these jobs have taken is free again, and what was in vain may not be any more.
      if (n === 0) seen.addTo(this.#dead);
      for (const other of jobs) this.leave(other);
      return false;
    }
    return true;
  }

  #place(job: J, seen: Seen): boolean {
    // What one of the kind has tried in vain, another would try in vain.
    if (!seen.add(this.#lab.kind(job))) return false;
    for (const device of this.#lab.wishes(job)) {
      if (!seen.add(device.hostname) || !this.#makeFree(device, seen)) continue;
      this.sit(job, device);
      return true;
    }
    return false;
  }

  /** Has the device left by who sits there, or its worker by one of those who sit there. */
  #makeFree(device: D, seen: Seen): boolean {
    const holder = this.#holder.get(device.hostname);
    if (holder !== undefined) return this.#place(holder, seen);
    const worker = device.worker ?? '';
    if (this.#lab.room(worker) > 0) return true;
    const jobs = this.#on(device);
    return seen.add(jobs) && [...jobs].some((other) => this.#place(other, seen));
  }

  #on({ worker }: Seat): Set<J> {
    let jobs = this.#onWorker.get(worker ?? '');
    if (!jobs) this.#onWorker.set(worker ?? '', jobs = new Set());
    return jobs;
  }
}
