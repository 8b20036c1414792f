import { expect, test } from 'vitest';
import { randomFrom } from './estimate.ts';
import { simulate, type PlayedStart } from './simulate.ts';
import type { QueuedJob } from './snapshot.ts';
import { device, job, snapshot, submitter, worker } from './testing.ts';

const types = ['a', 'b', 'c', 'd'];

/** Random groups of two to sixteen jobs over all types, coming about as fast as the lab serves them. */
function randomGroups(count: number, seed: number, gapMs: number): QueuedJob[] {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  let id = 1;
  let at = 0;
  return Array.from({ length: count }, (_, group) => {
    at += Math.floor(random() * 2 * gapMs);
    return Array.from({ length: random() < 0.1 ? 8 + below(9) : 2 + below(3) }, () => job(id++, { type: types[below(4)]!, group: `g${group}`, submitter: 1 + below(20), submitted: at }));
  }).flat();
}

test('10,000 random multinode groups over 200 devices: none half started, no deadlock, bounded waits', () => {
  const devices = Array.from({ length: 200 }, (_, n) => device(`d${n}`, { type: types[n % 4]!, worker: `w${n % 10}` }));
  const workers = Array.from({ length: 10 }, (_, n) => worker(`w${n}`));
  const arrivals = randomGroups(10_000, 1, 11_500);
  const random = randomFrom(2);
  const patience = 600;
  const everybody = Array.from({ length: 20 }, (_, n) => submitter(n + 1));
  const { starts, waiting } = simulate(snapshot([], devices, { workers, submitters: everybody, policy: { groupPatience: patience } }), { now: 0, arrivals, duration: () => 60 + random() * 840 });
  expect(waiting).toEqual([]);
  const startOf = new Map(starts.map((s) => [s.job, s]));
  const groups = groupsOf(arrivals);
  let longest = 0;
  for (const members of groups.values()) {
    const at = new Set(members.map((m) => startOf.get(m.id)!.at));
    expect(at.size).toBe(1);
    longest = Math.max(longest, [...at][0]! - members[0]!.submitted);
  }
  neverTwice(starts);
  // Four fifths of the lab are busy. Were no devices kept, the largest groups would wait for hours.
  expect(longest / 1000).toBeLessThan(patience + 2 * 900);
}, 120_000);

test('twenty equal submitters get equal shares (Jain index), however many jobs each has queued', () => {
  const devices = Array.from({ length: 30 }, (_, n) => device(`d${n}`));
  const jobs = Array.from({ length: 20 }, (_, by) => Array.from({ length: 40 + by * 5 }, (_x, n) => job(by * 1000 + n + 1, { submitter: by + 1, submitted: by }))).flat();
  const random = randomFrom(3);
  const { starts } = simulate(snapshot(jobs, devices), { now: 100, duration: () => 60 + random() * 600, mostRounds: 600 });
  const shares = Array.from({ length: 20 }, () => 0);
  for (const s of starts) shares[Math.floor((s.job - 1) / 1000)]! += s.ends - s.at;
  const sum = shares.reduce((a, b) => a + b, 0);
  const jain = sum ** 2 / (20 * shares.reduce((a, b) => a + b * b, 0));
  expect(starts.length).toBeGreaterThan(500);
  expect(jain).toBeGreaterThanOrEqual(0.95);
});

test('one job behind 500 of another user runs on the next device that comes free', () => {
  const jobs = [...Array.from({ length: 500 }, (_, n) => job(n + 1, { submitter: 1 })), job(501, { submitter: 2 })];
  const late = snapshot(jobs.slice(0, 500), [device('a'), device('b')], { submitters: [submitter(1), submitter(2)] });
  const { starts } = simulate(late, { now: 1000, arrivals: [{ ...jobs[500]!, submitted: 30_000 }], duration: (j) => 50 + (j.id % 7), mostRounds: 20 });
  const mine = starts.findIndex((s) => s.job === 501);
  expect(starts.slice(0, mine).filter((s) => s.at > 30_000)).toEqual([]);
});

/** No device has two jobs at a time. */
function neverTwice(starts: readonly PlayedStart[]): void {
  const free = new Map<string, number>();
  for (const { device: hostname, at, ends } of starts) {
    expect(free.get(hostname) ?? 0).toBeLessThanOrEqual(at);
    free.set(hostname, ends);
  }
}

function groupsOf(jobs: readonly QueuedJob[]): Map<string, QueuedJob[]> {
  const groups = new Map<string, QueuedJob[]>();
  for (const j of jobs) groups.set(j.group!, [...groups.get(j.group!) ?? [], j]);
  return groups;
}
