import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deviceHealths, deviceStates } from '@lava/job';
import { decide, explain } from './decide.ts';
import type { DeviceSeat, QueuedJob, Snapshot, WorkerSeat } from './snapshot.ts';

const job = (id: number, more: Partial<QueuedJob> = {}): QueuedJob => ({
  id, type: 'qemu', device: null, worker: null, tags: [], priority: 50, submitted: id, deadline: null, ...more,
});
const device = (hostname: string, more: Partial<DeviceSeat> = {}): DeviceSeat => ({
  hostname, type: 'qemu', worker: 'w1', state: 'Idle', health: 'Good', tags: new Set(), ...more,
});
const worker = (hostname: string, more: Partial<WorkerSeat> = {}): WorkerSeat => ({
  hostname, online: true, active: true, display: true, jobLimit: 0, ...more,
});
const snapshot = (jobs: QueuedJob[], devices: DeviceSeat[], workers = [worker('w1')], hidden: string[] = []): Snapshot => ({
  jobs, devices, workers, hiddenTypes: new Set(hidden),
});
const pairs = (s: Snapshot, now = 1000) => decide(s, now).assign.map((a) => `${a.job}:${a.device}`);

describe('order', () => {
  test('priority first, then time of submission, then number', () => {
    const jobs = [job(1), job(2, { priority: 100 }), job(3, { submitted: 0 }), job(4, { submitted: 0 })];
    expect(pairs(snapshot(jobs, [device('a'), device('b'), device('c')]))).toEqual(['2:a', '3:b', '4:c']);
  });

  test('a plain job leaves the device with tags to the job that needs it', () => {
    const jobs = [job(1), job(2, { tags: [7] })];
    expect(pairs(snapshot(jobs, [device('a', { tags: new Set([7]) }), device('b')]))).toEqual(['1:b', '2:a']);
  });

  test('work is spread over workers', () => {
    const devices = [device('a'), device('b'), device('c', { worker: 'w2' })];
    expect(pairs(snapshot([job(1), job(2)], devices, [worker('w1'), worker('w2')]))).toEqual(['1:a', '2:c']);
  });
});

describe('what fits', () => {
  test.each([
    ['pinned to another device', job(1, { device: 'b' }), device('a'), worker('w1')],
    ['pinned to another worker', job(1, { worker: 'w2' }), device('a'), worker('w1')],
    ['a tag is missing', job(1, { tags: [1, 2] }), device('a', { tags: new Set([1]) }), worker('w1')],
    ['another type', job(1, { type: 'x' }), device('a'), worker('w1')],
    ['busy', job(1), device('a', { state: 'Reserved' }), worker('w1')],
    ['bad', job(1), device('a', { health: 'Bad' }), worker('w1')],
    ['looping', job(1), device('a', { health: 'Looping' }), worker('w1')],
    ['worker offline', job(1), device('a'), worker('w1', { online: false })],
    ['worker in maintenance', job(1), device('a'), worker('w1', { active: false })],
  ])('not: %s', (_, j, d, w) => {
    const s = snapshot([j], [d], [w]);
    expect(decide(s, 1000)).toEqual({ assign: [], timedOut: [], hopeless: [] });
    expect(explain(s, 1)!.reason).not.toBe('It is about to start.');
  });

  test('a worker gets no more than its limit, what it runs already counted', () => {
    const devices = [device('a', { state: 'Running' }), device('b'), device('c')];
    expect(pairs(snapshot([job(1), job(2)], devices, [worker('w1', { jobLimit: 2 })]))).toEqual(['1:b']);
  });

  test('jobs of a hidden type wait', () => {
    expect(pairs(snapshot([job(1)], [device('a')], [worker('w1')], ['qemu']))).toEqual([]);
  });
});

describe('ends of waiting', () => {
  test('queue timeout', () => {
    const s = snapshot([job(1, { deadline: 999 }), job(2, { deadline: 1001 })], []);
    expect(decide(s, 1000).timedOut).toEqual([1]);
  });

  test('a job that only a disabled worker could run fails; with another worker it waits', () => {
    const disabled = worker('w1', { display: false });
    expect(decide(snapshot([job(1)], [device('a')], [disabled]), 0).hopeless)
      .toEqual([{ job: 1, reason: 'No device that could run this job has an enabled worker: worker w1 of a is disabled' }]);
    const both = snapshot([job(1)], [device('a'), device('b', { worker: 'w2', state: 'Running' })], [disabled, worker('w2')]);
    expect(decide(both, 0).hopeless).toEqual([]);
  });

  test('a job whose devices have no worker fails', () => {
    expect(decide(snapshot([job(1)], [device('a', { worker: null })]), 0).hopeless[0]!.reason).toContain('a has no worker');
  });
});

test('a waiting job says what it waits for and its place', () => {
  const s = snapshot([job(1), job(2)], [device('a', { state: 'Running' }), device('b', { health: 'Bad' })]);
  expect(explain(s, 2)).toEqual({ reason: 'Of 2 devices that could run it: 1 busy with another job; 1 in health Bad.', position: 2 });
  expect(explain(s, 9)).toBeNull();
});

const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  jobs: fc.uniqueArray(fc.record<QueuedJob>({
    id: fc.integer({ min: 1, max: 99 }), type: fc.constantFrom('x', 'y', null), device: fc.option(fc.constantFrom('d0', 'd1', 'd2'), { freq: 3 }),
    worker: fc.option(fc.constantFrom('w0', 'w1'), { freq: 3 }), tags: fc.uniqueArray(fc.constantFrom(1, 2), { maxLength: 2 }),
    priority: fc.constantFrom(0, 50, 100), submitted: fc.integer({ min: 0, max: 5 }), deadline: fc.option(fc.constantFrom(10, 20), { freq: 3 }),
  }), { selector: (j) => j.id, maxLength: 12 }),
  devices: fc.uniqueArray(fc.record<DeviceSeat>({
    hostname: fc.constantFrom('d0', 'd1', 'd2', 'd3', 'd4', 'd5'), type: fc.constantFrom('x', 'y'), worker: fc.option(fc.constantFrom('w0', 'w1', 'w2')),
    state: fc.constantFrom(...deviceStates), health: fc.constantFrom(...deviceHealths),
    tags: fc.uniqueArray(fc.constantFrom(1, 2)).map((t) => new Set(t)),
  }), { selector: (d) => d.hostname }),
  workers: fc.tuple(fc.constant('w0'), fc.constant('w1'), fc.constant('w2')).chain((names) => fc.tuple(...names.map((hostname) => fc.record<WorkerSeat>({
    hostname: fc.constant(hostname), online: fc.boolean(), active: fc.boolean(), display: fc.boolean(), jobLimit: fc.constantFrom(0, 1, 2),
  })))),
  hiddenTypes: fc.constantFrom(new Set<string>(), new Set(['y'])),
});

/** Whether the device may run the job, written down anew and as plainly as possible. */
function mayRun(s: Snapshot, j: QueuedJob, d: DeviceSeat, taken: ReadonlyMap<string, number>): boolean {
  const w = s.workers.find((x) => x.hostname === d.worker);
  const busy = s.devices.filter((x) => x.worker === d.worker && x.state !== 'Idle').length + (taken.get(d.worker ?? '') ?? 0);
  return j.type === d.type && !s.hiddenTypes.has(d.type) && (j.device ?? d.hostname) === d.hostname && (j.worker ?? d.worker) === d.worker
    && j.tags.every((t) => d.tags.has(t)) && d.state === 'Idle' && (d.health === 'Good' || d.health === 'Unknown')
    && w !== undefined && w.online && w.active && w.display && (w.jobLimit === 0 || busy < w.jobLimit);
}

test('any lab: nothing is given twice, limits hold, and no job waits while a device that may run it idles', () => {
  fc.assert(fc.property(anySnapshot, (s) => {
    const d = decide(s, 15);
    const devices = d.assign.map((a) => a.device);
    const jobs = [...d.assign.map((a) => a.job), ...d.timedOut, ...d.hopeless.map((h) => h.job)];
    expect(new Set(devices).size).toBe(devices.length);
    expect(new Set(jobs).size).toBe(jobs.length);
    const taken = new Map<string, number>();
    for (const a of d.assign) {
      const j = s.jobs.find((x) => x.id === a.job)!;
      const seat = s.devices.find((x) => x.hostname === a.device)!;
      expect(mayRun(s, j, seat, taken)).toBe(true);
      expect(seat.worker).toBe(a.worker);
      taken.set(a.worker, (taken.get(a.worker) ?? 0) + 1);
    }
    for (const j of s.jobs.filter((x) => !jobs.includes(x.id))) {
      expect(s.devices.filter((seat) => !devices.includes(seat.hostname) && mayRun(s, j, seat, taken))).toEqual([]);
    }
  }), { numRuns: 2000 });
});
