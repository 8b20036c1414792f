import { Seating } from './seating.ts';

/** What of a device matters here. */
interface Device { readonly hostname: string; readonly worker: string | null }

/**
 * Gives each of several jobs a device of its own, so that as many as possible get one and no worker gets more than it
 * has room for. Finds a way for all of them whenever there is one, earlier wishes first.
 * @param wishes for each job the devices that may run it, the best first
 * @param room how many more devices of a worker may be busy
 * @returns for each job its device, or undefined
 */
export function match<D extends Device>(wishes: readonly (readonly D[])[], room: (worker: string) => number): (D | undefined)[] {
  const busy = new Map<string, number>();
  const add = (by: number) => ({ worker }: Device) => { busy.set(worker ?? '', (busy.get(worker ?? '') ?? 0) + by); };
  const seating = new Seating<number, D>({ wishes: (job) => wishes[job]!, kind: (job) => job, room: (worker) => room(worker) - (busy.get(worker) ?? 0), taken: add(1), left: add(-1) });
  for (const job of wishes.keys()) seating.place([job]);
  return wishes.map((_, job) => seating.of(job));
}
