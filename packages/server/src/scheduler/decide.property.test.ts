import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceHealths, deviceStates } from '@lava/job';
import { may } from '../auth/permissions.ts';
import { decide, isDelayed } from './decide.ts';
import { checkIsDue } from './health-checks.ts';
import { match } from '../matching/match.ts';
import { policyOf, type DeviceSeat, type QueuedJob, type Snapshot, type TypeRule, type WorkerSeat } from './snapshot.ts';
import { device, job, submitter } from './testing.ts';
import { byAge, unitsOf } from './units.ts';

const now = 15;
const guard = { kind: 'device', grants: [{ group: 7, permission: 'submit_to_device' }] } as const;

const anyJobs: fc.Arbitrary<QueuedJob[]> = fc.uniqueArray(fc.record({
  id: fc.integer({ min: 1, max: 99 }), type: fc.constantFrom('x', 'y'), device: fc.option(fc.constantFrom('d0', 'd1', 'd2'), { freq: 5 }),
  worker: fc.option(fc.constantFrom('w0', 'w1'), { freq: 5 }), tags: fc.uniqueArray(fc.constantFrom(1, 2), { maxLength: 2 }), priority: fc.constantFrom(0, 50, 100),
  submitted: fc.integer({ min: 0, max: 14 }), deadline: fc.option(fc.constantFrom(10, 20), { freq: 5 }), submitter: fc.constantFrom(1, 2, 3), group: fc.option(fc.constantFrom('g', 'h', 'i'), { freq: 2 }),
  notBefore: fc.option(fc.constantFrom(10, 20), { freq: 1 }), avoid: fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, fc.subarray(['d0', 'd1', 'd2', 'd3'])),
}), { selector: (j) => j.id, maxLength: 14 }).map((jobs) => jobs.map((j) => job(j.id, j)));

const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  jobs: anyJobs,
  devices: fc.uniqueArray(fc.record({
    hostname: fc.constantFrom('d0', 'd1', 'd2', 'd3', 'd4', 'd5'), type: fc.constantFrom('x', 'y'), worker: fc.option(fc.constantFrom('w0', 'w1', 'w2'), { freq: 9 }),
    state: fc.constantFrom('Idle' as const, ...deviceStates), health: fc.constantFrom('Good' as const, 'Good' as const, ...deviceHealths), tags: fc.uniqueArray(fc.constantFrom(1, 2)).map((t) => new Set(t)),
    guard: fc.constantFrom(null, null, guard), hasHealthCheck: fc.boolean(), lastCheck: fc.option(fc.constant(14), { freq: 9 }),
  }), { selector: (d) => d.hostname }).map((devices) => devices.map((d) => device(d.hostname, d))),
  workers: fc.tuple(...['w0', 'w1', 'w2'].map((hostname) => fc.record<WorkerSeat>({
    hostname: fc.constant(hostname), online: fc.constantFrom(true, true, false), active: fc.constantFrom(true, true, false), display: fc.constantFrom(true, true, false), jobLimit: fc.constantFrom(0, 1, 2, 3),
  }))),
  types: fc.boolean().map((display): Map<string, TypeRule> => new Map(['x', 'y'].map((name) => [name, { display: display || name === 'x', checkEvery: 24, checkUnit: 'hours', checksDisabled: name === 'y' }]))),
  submitters: fc.constant(new Map([submitter(1), submitter(2, { groups: [7] }), submitter(3, { isSuperuser: true })].map((s) => [s.user.id, s]))),
  shares: fc.constantFrom(new Map(), new Map([[7, { weight: 2, quota: 2 }]])),
  policy: fc.record({ order: fc.constantFrom('fair' as const, 'fifo' as const), groupPatience: fc.constantFrom(0, 1000) }).map(policyOf),
});

/** Whether the device could run the job if it were free. */
function suits(s: Snapshot, j: QueuedJob, d: DeviceSeat): boolean {
  const w = s.workers.find((x) => x.hostname === d.worker);
  return j.type === d.type && s.types.get(d.type)!.display && (j.device ?? d.hostname) === d.hostname && (j.worker ?? d.worker) === d.worker
    && j.tags.every((t) => d.tags.has(t)) && (d.health === 'Good' || d.health === 'Unknown') && (d.guard === null || may(s.submitters.get(j.submitter)!.user, 'submit', d.guard))
    && w !== undefined && w.online && w.active && w.display;
}

/** Whether the device may run the job, written down anew and as plainly as possible; `busy` counts the devices of workers. */
function mayRun(s: Snapshot, j: QueuedJob, d: DeviceSeat, busy: ReadonlyMap<string, number>): boolean {
  const limit = s.workers.find((x) => x.hostname === d.worker)?.jobLimit;
  const waitsForAnother = j.group === null && j.avoid.includes(d.hostname) && s.devices.some((x) => suits(s, j, x) && !j.avoid.includes(x.hostname));
  return suits(s, j, d) && !waitsForAnother && d.state === 'Idle' && (limit === 0 || (busy.get(d.worker!) ?? 0) < limit!)
    && !(d.hasHealthCheck && checkIsDue(d, s.types.get(d.type), now));
}

/** Tries everything: can all these jobs have a device at once? */
function canAllRun(s: Snapshot, jobs: readonly QueuedJob[], free: readonly DeviceSeat[], busy: ReadonlyMap<string, number>): boolean {
  const [first, ...rest] = jobs;
  if (!first) return true;
  return free.some((d) => mayRun(s, first, d, busy) && canAllRun(s, rest, free.filter((x) => x !== d), plus(busy, d.worker!)));
}

/** Devices that are busy now, by worker. */
const busyNow = (s: Snapshot) => s.devices.reduce<ReadonlyMap<string, number>>((busy, d) => (d.state !== 'Idle' && d.worker !== null ? plus(busy, d.worker) : busy), new Map());

const plus = (busy: ReadonlyMap<string, number>, worker: string) => new Map(busy).set(worker, (busy.get(worker) ?? 0) + 1);

test('any lab: nothing twice, limits hold, groups whole, and whoever waits could not have run', () => {
  fc.assert(fc.property(anySnapshot, (s) => {
    const d = decide(s, now);
    const seats = d.placements.flatMap((p) => p.jobs);
    const devices = [...seats, ...d.checks].map((a) => a.device);
    const jobs = [...seats.map((a) => a.job), ...d.timedOut, ...d.hopeless.map((h) => h.job)];
    expect(new Set(devices).size).toBe(devices.length);
    expect(new Set(jobs).size).toBe(jobs.length);

    let busy = busyNow(s);
    const seatOf = (hostname: string) => s.devices.find((x) => x.hostname === hostname)!;
    for (const { worker } of d.checks) {
      const w = s.workers.find((x) => x.hostname === worker)!;
      expect(w.jobLimit === 0 || (busy.get(worker) ?? 0) < w.jobLimit).toBe(true);
      busy = plus(busy, worker);
    }
    const busyBefore = busy;
    for (const { device: hostname, worker, job: id } of seats) {
      expect(mayRun(s, s.jobs.find((x) => x.id === id)!, seatOf(hostname), busy)).toBe(true);
      expect(seatOf(hostname).worker).toBe(worker);
      busy = plus(busy, worker);
    }
    for (const { job: id } of seats) expect(s.jobs.find((x) => x.id === id)!.notBefore ?? 0).toBeLessThanOrEqual(now);
    for (const name of ['g', 'h', 'i']) {
      const ends = s.jobs.filter((j) => j.group === name).map((j) => (seats.some((a) => a.job === j.id) ? 'placed' : d.timedOut.includes(j.id) ? 'timed out' : d.hopeless.some((h) => h.job === j.id) ? 'hopeless' : 'waits'));
      expect(new Set(ends).size).toBeLessThanOrEqual(1);
    }
    // Devices may be kept for a quota or for a group; without either nobody waits who could run beside those that start.
    if (s.shares.size > 0 || s.policy.groupPatience === 0) return;
    const free = s.devices.filter((x) => !d.checks.some((check) => check.device === x.hostname));
    const starting = seats.map((a) => s.jobs.find((x) => x.id === a.job)!);
    for (const unit of unitsOf(s.jobs.filter((j) => !jobs.includes(j.id)))) {
      if (!isDelayed(unit, now)) expect(canAllRun(s, [...starting, ...unit.jobs], free, busyBefore)).toBe(false);
    }
  }), { numRuns: 3000 });
});

test('plainly the oldest first: exactly those start whom one that tries everything would serve', () => {
  fc.assert(fc.property(anySnapshot, (any) => {
    const s: Snapshot = { ...any, shares: new Map(), policy: policyOf({ order: 'fifo', groupPatience: 1000 }) };
    const d = decide(s, now);
    const free = s.devices.filter((x) => !d.checks.some((check) => check.device === x.hostname));
    const busy = d.checks.reduce((all, { worker }) => plus(all, worker), busyNow(s));
    const served: QueuedJob[] = [];
    for (const unit of unitsOf(s.jobs).sort((a, b) => b.priority - a.priority || byAge(a, b))) {
      const waits = (unit.deadline ?? Infinity) > now && !isDelayed(unit, now);
      if (waits && canAllRun(s, served.concat(unit.jobs), free, busy)) served.push(...unit.jobs);
    }
    const numbers = (ids: number[]) => ids.sort((a, b) => a - b);
    expect(numbers(d.placements.flatMap((p) => p.jobs.map((j) => j.job)))).toEqual(numbers(served.map((j) => j.id)));
  }), { numRuns: 2000 });
});

test('the same snapshot gives the same decision, in whatever order its rows come', () => {
  fc.assert(fc.property(anySnapshot, (s) => {
    const turned = { ...s, jobs: s.jobs.toReversed(), devices: s.devices.toReversed(), workers: s.workers.toReversed() };
    const seats = (x: Snapshot) => decide(x, now).placements.flatMap((p) => p.jobs).map((a) => `${a.job}:${a.device}`).sort();
    expect(seats(turned)).toEqual(seats(s));
  }), { numRuns: 300 });
});

test('matching: as many as trying everything finds, within the room of the workers', () => {
  const places = ['a', 'b', 'c', 'd', 'e'].map((hostname, n) => ({ hostname, worker: n < 3 ? 'w0' : 'w1' }));
  fc.assert(fc.property(fc.array(fc.subarray(places), { maxLength: 5 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), (wishes, w0, w1) => {
    const room = new Map([['w0', w0], ['w1', w1]]);
    const seats = match(wishes, (w) => room.get(w)!);
    const taken = seats.filter((x) => x !== undefined);
    expect(new Set(taken).size).toBe(taken.length);
    for (const [n, seat] of seats.entries()) if (seat) expect(wishes[n]).toContain(seat);
    for (const [w, most] of room) expect(taken.filter((x) => x.worker === w).length).toBeLessThanOrEqual(most);
    const most = (n: number, used: readonly string[]): number => {
      if (n === wishes.length) return used.length;
      const load = (w: string) => places.filter((p) => p.worker === w && used.includes(p.hostname)).length;
      return Math.max(most(n + 1, used), ...wishes[n]!.filter((p) => !used.includes(p.hostname) && load(p.worker) < room.get(p.worker)!).map((p) => most(n + 1, [...used, p.hostname])));
    };
    expect(taken.length).toBe(most(0, []));
  }), { numRuns: 1500 });
});
