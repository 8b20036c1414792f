/** What of a device matters here. */
interface Device { readonly hostname: string; readonly worker: string | null }

/**
 * Gives each of several jobs a device of its own, so that as many as possible get one and no worker gets more than it
 * has room for. Finds a way for all of them whenever there is one (augmenting paths), earlier wishes first.
 * @param wishes for each job the devices that may run it, the best first
 * @param room how many more devices of a worker may be busy
 * @returns for each job its device, or undefined
 */
export function match<D extends Device>(wishes: readonly (readonly D[])[], room: (worker: string) => number): (D | undefined)[] {
  const matching = new Matching(wishes, room);
  for (const job of wishes.keys()) matching.place(job);
  return matching.seats;
}

/** What one search has looked at: nothing twice. */
interface Seen { readonly jobs: Set<number>; readonly devices: Set<string>; readonly workers: Set<string> }

class Matching<D extends Device> {
  readonly seats: (D | undefined)[];
  readonly #wishes: readonly (readonly D[])[];
  readonly #room: (worker: string) => number;
  readonly #holder = new Map<string, number>();
  readonly #onWorker = new Map<string, Set<number>>();

  constructor(wishes: readonly (readonly D[])[], room: (worker: string) => number) {
    this.#wishes = wishes;
    this.#room = room;
    this.seats = wishes.map(() => undefined);
  }

  /** Seats a job, moving others to other devices where that helps. False when there is no way. */
  place(job: number, seen: Seen = { jobs: new Set(), devices: new Set(), workers: new Set() }): boolean {
    if (seen.jobs.has(job)) return false;
    seen.jobs.add(job);
    for (const device of this.#wishes[job]!) {
      if (seen.devices.has(device.hostname) || device === this.seats[job]) continue;
      seen.devices.add(device.hostname);
      const worker = device.worker ?? '';
      const holder = this.#holder.get(device.hostname);
      if (holder !== undefined) {
        if (!this.place(holder, seen)) continue;
      } else if (this.#on(worker).size >= this.#room(worker)) {
        if (seen.workers.has(worker)) continue;
        seen.workers.add(worker);
        if (![...this.#on(worker)].some((other) => this.place(other, seen))) continue;
      }
      this.#seat(job, device);
      return true;
    }
    return false;
  }

  #seat(job: number, device: D): void {
    const before = this.seats[job];
    if (before) {
      this.#on(before.worker ?? '').delete(job);
      if (this.#holder.get(before.hostname) === job) this.#holder.delete(before.hostname);
    }
    this.seats[job] = device;
    this.#holder.set(device.hostname, job);
    this.#on(device.worker ?? '').add(job);
  }

  #on(worker: string): Set<number> {
    let jobs = this.#onWorker.get(worker);
    if (!jobs) this.#onWorker.set(worker, jobs = new Set());
    return jobs;
  }
}
