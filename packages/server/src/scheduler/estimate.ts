import type { Estimate } from '../services.ts';
import { Lab } from './lab.ts';
import type { DeviceSeat, QueuedJob, Snapshot } from './snapshot.ts';
import type { Unit } from './units.ts';

/** Seconds that the last jobs of a device type took, by type, in any order. */
export type PastRuns = ReadonlyMap<string, readonly number[]>;

const mostSteps = 3_000_000;
const mostRuns = 100;

/**
 * Plays the queue ahead of a unit again and again, each job taking as long as one of the last of its type, drawn by lot.
 * Of what is submitted later, jobs that overtake by priority or share are not foreseen.
 * @param ahead the units that are served before, in their order
 * @param now milliseconds since 1970
 */
export function estimateStart(snapshot: Snapshot, ahead: readonly Unit[], unit: Unit, now: number, past: PastRuns): Estimate | null {
  const lab = new Lab(snapshot);
  const usable = new Map<string, DeviceSeat[]>();
  const devicesFor = (job: QueuedJob) => {
    const demand = lab.demand(job);
    let devices = usable.get(demand);
    if (!devices) usable.set(demand, devices = lab.usableFor(job));
    return devices;
  };
  if (unit.jobs.some((j) => devicesFor(j).length === 0)) return null;
  const before = ahead.filter((u) => u.jobs.every((j) => devicesFor(j).length > 0));
  const units = [...onSameDevices(before, unit, devicesFor), unit];
  const samples = (type: string | null) => past.get(type ?? '') ?? [];
  const devices = new Set(units.flatMap((u) => u.jobs.flatMap(devicesFor)));
  if ([...devices].some((d) => samples(d.type).length === 0)) return null;

  const steps = units.reduce((sum, u) => sum + u.jobs.reduce((n, j) => n + devicesFor(j).length, 0), 0);
  const random = randomFrom(unit.id);
  const starts: number[] = [];
  for (let run = Math.max(10, Math.min(mostRuns, Math.floor(mostSteps / steps))); run > 0; run--) {
    const free = new Map([...devices].map((d) => [d, remaining(d, samples(d.type), now, random)]));
    let start = 0;
    for (const { jobs } of units) {
      const seats: DeviceSeat[] = [];
      for (const job of jobs) {
        let first: DeviceSeat | undefined;
        for (const d of devicesFor(job)) if (!seats.includes(d) && (!first || free.get(d)! < free.get(first)!)) first = d;
        if (first) seats.push(first);
      }
      start = Math.max(...seats.map((d) => free.get(d)!));
      for (const d of seats) free.set(d, start + draw(samples(d.type), random));
    }
    starts.push(start);
  }
  starts.sort((a, b) => a - b);
  const at = (part: number) => Math.round(starts[Math.floor(part * (starts.length - 1))]!);
  return { soonest: at(0.1), likely: at(0.5), latest: at(0.9) };
}

/** Only units that could take a device of the unit, or of one that could, matter. */
function onSameDevices(ahead: readonly Unit[], unit: Unit, devicesFor: (job: QueuedJob) => DeviceSeat[]): Unit[] {
  const types = new Set(unit.jobs.flatMap(devicesFor).map((d) => d.type));
  for (let before = -1; before < types.size;) {
    before = types.size;
    for (const { jobs } of ahead) if (jobs.some((j) => types.has(j.type ?? ''))) for (const j of jobs) types.add(j.type ?? '');
  }
  return ahead.filter((u) => u.jobs.some((j) => types.has(j.type ?? '')));
}

/** Seconds until a device is free: a job that has run for a while ends like one of those that took longer. */
function remaining(device: DeviceSeat, samples: readonly number[], now: number, random: () => number): number {
  if (device.state === 'Idle') return 0;
  const elapsed = device.busySince === null ? 0 : (now - device.busySince) / 1000;
  const longer = samples.filter((s) => s > elapsed);
  return longer.length > 0 ? draw(longer, random) - elapsed : elapsed / 4;
}

const draw = (samples: readonly number[], random: () => number) => samples[Math.floor(random() * samples.length)]!;

/** Numbers from 0 to 1 that are the same at each run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
