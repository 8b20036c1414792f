import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { explain } from './explain.ts';
import type { DeviceSeat, QueuedJob, Snapshot } from './snapshot.ts';
import { device, job, snapshot, submitter, worker } from './testing.ts';

const pairs = (s: Snapshot, now = 1000) => decide(s, now).placements.flatMap((p) => [...p.jobs, ...p.guests]).map((a) => `${a.job}:${a.device}`);

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
    expect(pairs(snapshot([job(1), job(2)], devices, { workers: [worker('w1'), worker('w2')] }))).toEqual(['1:a', '2:c']);
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
    const s = snapshot([j], [d], { workers: [w] });
    expect(decide(s, 1000)).toEqual({ checks: [], placements: [], timedOut: [], hopeless: [], nextRetry: null });
    expect(explain(s, 1, 1000, new Map())!.reason).not.toBe('It is about to start.');
  });

  test('a worker gets no more than its limit, what it runs already counted', () => {
    const devices = [device('a', { state: 'Running' }), device('b'), device('c')];
    expect(pairs(snapshot([job(1), job(2)], devices, { workers: [worker('w1', { jobLimit: 2 })] }))).toEqual(['1:b']);
  });

  test('jobs of a hidden type wait', () => {
    expect(pairs(snapshot([job(1)], [device('a')], { hidden: ['qemu'] }))).toEqual([]);
  });
});

describe('ends of waiting', () => {
  test('queue timeout', () => {
    const s = snapshot([job(1, { deadline: 999 }), job(2, { deadline: 1001 })], []);
    expect(decide(s, 1000).timedOut).toEqual([1]);
  });

  test('a job that only a disabled worker could run fails; with another worker it waits', () => {
    const disabled = worker('w1', { display: false });
    expect(decide(snapshot([job(1)], [device('a')], { workers: [disabled] }), 0).hopeless)
      .toEqual([{ job: 1, reason: 'No device that could run this job has an enabled worker: worker w1 of a is disabled' }]);
    const both = snapshot([job(1)], [device('a'), device('b', { worker: 'w2', state: 'Running' })], { workers: [disabled, worker('w2')] });
    expect(decide(both, 0).hopeless).toEqual([]);
  });

  test('a job whose devices have no worker fails', () => {
    expect(decide(snapshot([job(1)], [device('a', { worker: null })]), 0).hopeless[0]!.reason).toContain('a has no worker');
  });
});


describe('health checks come first', () => {
  const checked = { hasHealthCheck: true, lastCheck: 0 };
  const hour = 3_600_000;
  test.each<[string, Partial<DeviceSeat>, number, boolean]>([
    ['never checked', { lastCheck: null }, 1, true],
    ['checked a day ago', {}, 24 * hour + 1, true],
    ['checked less than a day ago', {}, 23 * hour, false],
    ['health Unknown', { health: 'Unknown' }, 1, true],
    ['Looping', { health: 'Looping' }, 1, true],
    ['Bad', { health: 'Bad', lastCheck: null }, 1, false],
    ['busy', { state: 'Running', lastCheck: null }, 1, false],
    ['without a definition', { hasHealthCheck: false, lastCheck: null }, 1, false],
  ])('%s', (_, more, now, due) => {
    const s = snapshot([job(1)], [device('a', { ...checked, ...more })]);
    expect(decide(s, now).checks).toEqual(due ? [{ device: 'a', worker: 'w1' }] : []);
    if (due) expect(pairs(s, now)).toEqual([]);
  });

  test('counted by jobs, or not at all', () => {
    const at = (jobsSinceCheck: number, rule: object) => decide(snapshot([], [device('a', { ...checked, jobsSinceCheck })], { rule }), 1).checks.length;
    expect([at(4, { checkEvery: 5, checkUnit: 'jobs' }), at(5, { checkEvery: 5, checkUnit: 'jobs' }), at(5, { checkEvery: 5, checkUnit: 'jobs', checksDisabled: true })]).toEqual([0, 1, 0]);
  });

  test('on a full worker the device waits for its check and runs no job before', () => {
    const s = snapshot([job(1)], [device('a', { hasHealthCheck: true }), device('b', { state: 'Running' })], { workers: [worker('w1', { jobLimit: 1 })] });
    expect([decide(s, 1).checks, pairs(s)]).toEqual([[], []]);
  });
});

describe('multinode groups', () => {
  const group = (first: number, types: string[], more: Partial<QueuedJob> = {}) => types.map((type, n) => job(first + n, { type, group: `g${first}`, submitted: first, ...more }));

  test('all or none, guests with their host', () => {
    const guest = job(3, { type: null, group: 'g1', hostRole: 'server', role: 'guest' });
    const jobs = [job(1, { group: 'g1', role: 'server' }), job(2, { type: 'x', group: 'g1', role: 'client' }), guest];
    expect(pairs(snapshot(jobs, [device('a')]))).toEqual([]);
    const whole = snapshot(jobs, [device('a'), device('b', { type: 'x', worker: 'w2' })], { workers: [worker('w1'), worker('w2')] });
    expect(decide(whole, 1).placements).toEqual([{ jobs: [{ job: 1, device: 'a', worker: 'w1' }, { job: 2, device: 'b', worker: 'w2' }], guests: [{ job: 3, device: 'a', worker: 'w1' }] }]);
  });

  test('finds the one way that serves all', () => {
    const tagged = device('a', { tags: new Set([1]) });
    expect(pairs(snapshot([job(1, { group: 'g' }), job(2, { group: 'g', tags: [1] })], [tagged, device('b')])).sort()).toEqual(['1:b', '2:a']);
  });

  test('while a group waits, smaller jobs run; after the patience of the policy devices are kept for the one that waits longest', () => {
    const jobs = [...group(1, ['qemu', 'qemu']), ...group(3, ['qemu', 'qemu']), job(5, { submitted: 5 })];
    const s = snapshot(jobs, [device('a'), device('b', { state: 'Running' })], { policy: { groupPatience: 10 } });
    expect(pairs(s, 10_001)).toEqual(['5:a']);
    expect(pairs(s, 10_002)).toEqual([]);
    expect(explain(s, 5, 10_002, new Map())!.reason).toContain('1 kept for the multinode group of job 1');
    expect(explain(s, 1, 10_002, new Map())!.reason).toContain('All 2 jobs of its multinode group start together.');
    const freed = snapshot(jobs, [device('a'), device('b')], { policy: { groupPatience: 10 } });
    expect(decide(freed, 10_002).placements).toMatchObject([{ jobs: [{ job: 1 }, { job: 2 }] }]);
  });

  test('nothing is kept for a group that could not run even if all jobs ended', () => {
    const jobs = [...group(1, ['qemu', 'qemu']), job(3)];
    expect(pairs(snapshot(jobs, [device('a'), device('b', { health: 'Maintenance' })]), 1e9)).toEqual(['3:a']);
  });

  test('a queue timeout of one ends all', () => {
    const jobs = [job(1, { group: 'g', deadline: 5 }), job(2, { group: 'g' })];
    expect(decide(snapshot(jobs, []), 10).timedOut).toEqual([1, 2]);
  });
});

describe('fair shares', () => {
  const many = (count: number, first: number, by: number) => Array.from({ length: count }, (_, n) => job(first + n, { submitter: by }));

  test('one job behind 500 of somebody else gets the next free device', () => {
    const jobs = [...many(500, 1, 1), job(501, { submitter: 2 })];
    const submitters = [submitter(1, { used: 700, held: 1 }), submitter(2)];
    expect(pairs(snapshot(jobs, [device('a')], { submitters }))).toEqual(['501:a']);
    expect(pairs(snapshot(jobs, [device('a')], { submitters, policy: { order: 'fifo' } }))).toEqual(['1:a']);
  });

  test('devices go to submitters by turns; a group with three times the weight gets three times as many', () => {
    const devices = Array.from({ length: 8 }, (_, n) => device(`d${n}`));
    const jobs = [...many(20, 1, 1), ...many(20, 21, 2)];
    const counts = (s: Snapshot) => [1, 2].map((by) => decide(s, 1).placements.filter((p) => s.jobs.find((j) => j.id === p.jobs[0]!.job)!.submitter === by).length);
    expect(counts(snapshot(jobs, devices))).toEqual([4, 4]);
    const submitters = [submitter(1), submitter(2, { groups: [7] })];
    expect(counts(snapshot(jobs, devices, { submitters, shares: new Map([[7, { weight: 3, quota: null }]]) }))).toEqual([2, 6]);
    const quota = snapshot(jobs, devices, { submitters: [submitter(1), submitter(2, { groups: [7], held: 1 })], shares: new Map([[7, { weight: 3, quota: 3 }]]) });
    expect(counts(quota)).toEqual([6, 2]);
    expect(explain(quota, 40, 1, new Map())!.reason).toContain('may hold 3 devices at once');
  });

  test('a high priority stands above shares', () => {
    const jobs = [job(1, { submitter: 1, priority: 100 }), job(2, { submitter: 2 })];
    expect(pairs(snapshot(jobs, [device('a')], { submitters: [submitter(1, { used: 1e6 }), submitter(2)] }))).toEqual(['1:a']);
  });
});

test('devices of a group are for its members', () => {
  const guard = { kind: 'device', grants: [{ group: 7, permission: 'submit_to_device' }] } as const;
  const jobs = [job(1, { submitter: 1 }), job(2, { submitter: 2 })];
  const s = snapshot(jobs, [device('a', { guard })], { submitters: [submitter(1), submitter(2, { groups: [7] })] });
  expect(pairs(s)).toEqual(['2:a']);
  expect(explain(s, 1, 1, new Map())!.reason).toContain('There is no device of type qemu that its submitter may use');
});

test('a waiting job says what it waits for, its place, and when it may start', () => {
  const s = snapshot([job(1), job(2)], [device('a', { state: 'Running', job: 9, busySince: 0 }), device('b', { health: 'Bad' })]);
  const asked = explain(s, 2, 1000, new Map([['qemu', [101]]]));
  expect(asked).toEqual({
    reason: 'Of 2 devices that could run it: 1 busy with another job; 1 in health Bad.', position: 2,
    devices: [{ hostname: 'a', worker: 'w1', does: 'busy with another job', job: 9 }, { hostname: 'b', worker: 'w1', does: 'in health Bad', job: null }],
    // A hundred seconds of the running job and the whole of job 1.
    estimate: { soonest: 201, likely: 201, latest: 201 },
  });
  expect(explain(s, 2, 1000, new Map())!.estimate).toBeNull();
  const spread = explain(s, 2, 1000, new Map([['qemu', [10, 100, 1000]]]))!.estimate!;
  expect(spread.soonest).toBeLessThan(spread.latest);
  expect(explain(s, 9, 1000, new Map())).toBeNull();
});

describe('a job that is tried again', () => {
  const failedOn = (...avoid: string[]) => job(1, { avoid });
  const placed = (s: Parameters<typeof decide>[0], now = 1000) => decide(s, now).placements.flatMap((p) => p.jobs.map((j) => j.device));

  test('gets another device, and waits for it as long as one is in service', () => {
    expect(placed(snapshot([failedOn('q1')], [device('q1'), device('q2')]))).toEqual(['q2']);
    expect(placed(snapshot([failedOn('q1')], [device('q1'), device('q2', { state: 'Running' })]))).toEqual([]);
    expect(explain(snapshot([failedOn('q1')], [device('q1'), device('q2', { state: 'Running' })]), 1, 1000, new Map())!.reason).toBe('It failed on q1 and waits for another device of type qemu: q2 is busy with another job.');
  });

  test.each([
    ['no other', [device('q1')]],
    ['a bad one', [device('q1'), device('q2', { health: 'Bad' })]],
    ['one of an offline worker', [device('q1'), device('q2', { worker: 'w2' })]],
    ['one on which it failed, too', [device('q1'), device('q3', { state: 'Running' })]],
  ])('gets the same device when there is %s', (_, devices) => {
    expect(placed(snapshot([failedOn('q1', 'q3')], devices, { workers: [worker('w1'), worker('w2', { online: false })] }))).toEqual(['q1']);
  });

  test('does not keep others from the device that it is not given', () => {
    expect(placed(snapshot([failedOn('q1'), job(2)], [device('q1'), device('q2', { state: 'Running' })]))).toEqual(['q1']);
  });

  test('waits until its delay is over', () => {
    const s = snapshot([job(1, { notBefore: 2000 })], [device('q1')]);
    expect(decide(s, 1999)).toMatchObject({ placements: [], nextRetry: 2000 });
    expect(placed(s, 2000)).toEqual(['q1']);
    expect(decide(s, 2000).nextRetry).toBeNull();
  });

  test('of a group gets another device if all can start, and the same one otherwise', () => {
    const members = [job(1, { group: 'g', role: 'a', avoid: ['q1'] }), job(2, { group: 'g', role: 'b' })];
    expect(decide(snapshot(members, [device('q1'), device('q2')]), 1000).placements[0]!.jobs).toMatchObject([{ job: 1, device: 'q2' }, { job: 2, device: 'q1' }]);
    const both = members.map((m) => ({ ...m, avoid: ['q1', 'q2'] }));
    expect(placed(snapshot(both, [device('q1'), device('q2')])).sort()).toEqual(['q1', 'q2']);
  });
});
