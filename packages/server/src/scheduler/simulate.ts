import { decide } from './decide.ts';
import type { QueuedJob, Snapshot, Submitter } from './snapshot.ts';

/** One job of a played queue. */
export interface PlayedStart {
  readonly job: number;
  readonly device: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly ends: number;
}

interface SimulateOptions {
  /** Milliseconds since 1970 at which it begins. */
  readonly now: number;
  /** Jobs that come later, at their `submitted`. */
  readonly arrivals?: readonly QueuedJob[];
  /** Seconds that a job runs. */
  duration(job: QueuedJob): number;
  /** Most moments to play; each is a round of `decide`. */
  readonly mostRounds?: number;
}

export interface Played {
  readonly starts: readonly PlayedStart[];
  /** Jobs that had not started when nothing more could happen, or when the rounds were used up. */
  readonly waiting: readonly number[];
}

/**
 * Plays what a queue would do: the same decisions as in earnest, again at each end and each arrival. Changes nothing.
 * Devices that are busy at the beginning stay so unless `ends` says when each is free.
 */
export function simulate(snapshot: Snapshot, options: SimulateOptions, ends: ReadonlyMap<string, number> = new Map()): Played {
  const { duration, mostRounds = Infinity } = options;
  const arrivals = (options.arrivals ?? []).toSorted((a, b) => a.submitted - b.submitted);
  const devices = new Map(snapshot.devices.map((d) => [d.hostname, d]));
  const submitters = new Map(snapshot.submitters);
  const running = new Map<string, { ends: number; submitter?: number; charge: number }>([...ends].map(([device, at]) => [device, { ends: at, charge: 0 }]));
  const use = (id: number | undefined, held: number, used: number) => {
    const who: Submitter | undefined = id === undefined ? undefined : submitters.get(id);
    if (who) submitters.set(id!, { ...who, held: who.held + held, used: who.used + used });
  };
  const starts: PlayedStart[] = [];
  let queue = [...snapshot.jobs];
  let { now } = options;
  for (let next = 0, round = 0; round < mostRounds; round++) {
    while (arrivals[next] && arrivals[next]!.submitted <= now) queue.push(arrivals[next++]!);
    const jobs = new Map(queue.map((j) => [j.id, j]));
    const { placements, timedOut, hopeless } = decide({ ...snapshot, jobs: queue, devices: [...devices.values()], submitters }, now);
    const gone = new Set([...timedOut, ...hopeless.map((h) => h.job)]);
    for (const { jobs: seats, guests } of placements) {
      for (const { job: id, device } of seats) {
        const job = jobs.get(id)!;
        const seconds = duration(job);
        devices.set(device, { ...devices.get(device)!, state: 'Running', job: id, busySince: now });
        running.set(device, { ends: now + seconds * 1000, submitter: job.submitter, charge: seconds });
        use(job.submitter, 1, seconds);
        starts.push({ job: id, device, at: now, ends: now + seconds * 1000 });
        gone.add(id);
      }
      for (const { job } of guests) gone.add(job);
    }
    if (gone.size > 0) queue = queue.filter((j) => !gone.has(j.id));
    const moments = [...running.values()].map((r) => r.ends);
    if (arrivals[next]) moments.push(arrivals[next]!.submitted);
    if (moments.length === 0 || (queue.length === 0 && !arrivals[next])) break;
    now = Math.min(...moments);
    for (const [device, r] of running) {
      if (r.ends > now) continue;
      running.delete(device);
      devices.set(device, { ...devices.get(device)!, state: 'Idle', job: null, busySince: null });
      use(r.submitter, -1, 0);
    }
  }
  return { starts, waiting: queue.map((j) => j.id) };
}
