import { describe, expect, test } from 'vitest';
import { formatRecord } from '@lava/job';
import { checkHistory } from './check-history.ts';
import type { BoardRecord, History, JobRecord } from './history.ts';
import { numberedLine } from './numbered-board.ts';

// The checker is of use only if it finds what is broken: each test breaks a whole history in one place.

function passedJob(id: number, board: string, lines: number, group?: string): JobRecord {
  const boot = `${board}/1/${id}-1`;
  const log = [
    formatRecord('info', 'start'), ...Array.from({ length: lines }, (_, n) => formatRecord('target', numberedLine(boot, n + 1))),
    formatRecord('results', { definition: '0_numbered', case: 'hello', result: 'pass' }), formatRecord('results', { definition: 'lava', case: 'job', result: 'pass' }),
  ].map((record) => record.trimEnd());
  return {
    id, number: String(id), name: `job ${id}`, ...(group !== undefined && { group }), state: 'Finished', health: 'Complete', error: '', canceled: false, finishes: 1,
    attempts: [{ fence: 1, device: board, worker: 'w1', ended: true }], secret: 'hidden', lines, log, linesAtEnd: log.length, journal: [...log],
    results: [{ suite: '0_numbered', name: 'hello', line: lines + 1 }, { suite: 'lava', name: 'job', line: lines + 2 }],
  };
}

const usedBoard = (name: string, job: number, lines: number): BoardRecord => ({
  name, health: 'Good', state: 'Idle', powered: false, boots: [{ name: `${name}/1/${job}-1`, attempt: `${job}-1`, lines }],
  powers: [{ command: 'cycle', attempt: `${job}-1` }, { command: 'off', attempt: `${job}-1` }],
});

/** Three jobs that passed, two of them in a group. */
const whole = (): History => ({
  seed: 1, accepted: ['1', '2', '3'], unrest: [], leaks: [],
  jobs: [passedJob(1, 'a', 5), passedJob(2, 'b', 7, 'g'), passedJob(3, 'c', 7, 'g')],
  boards: [usedBoard('a', 1, 5), usedBoard('b', 2, 7), usedBoard('c', 3, 7)],
  snapshots: [
    { at: 0, held: [], groups: { g: ['Submitted', 'Submitted'] } },
    { at: 1, held: [{ device: 'a', attempt: '1-1', worker: 'w1' }, { device: 'b', attempt: '2-1', worker: 'w1' }], groups: { g: ['Running', 'Scheduled'] } },
  ],
});

const withJob = (change: (job: JobRecord) => Partial<JobRecord>): History => {
  const history = whole();
  return { ...history, jobs: history.jobs.map((job) => (job.id === 1 ? { ...job, ...change(job) } : job)) };
};
const withBoard = (change: (board: BoardRecord) => Partial<BoardRecord>): History => {
  const history = whole();
  return { ...history, boards: history.boards.map((board) => (board.name === 'a' ? { ...board, ...change(board) } : board)) };
};
const brokenRules = (history: History) => [...new Set(checkHistory(history).map(({ rule }) => rule))].sort();

test('a history in which all went well breaks no rule', () => {
  expect(checkHistory(whole())).toEqual([]);
});

test.each<[string, string[], History]>([
  ['two attempts hold a device', ['device held twice'], { ...whole(), snapshots: [{ at: 5, groups: {}, held: [{ device: 'a', attempt: '1-1', worker: 'w1' }, { device: 'a', attempt: '9-1', worker: 'w2' }] }] }],
  ['a board is switched on by a second attempt', ['device held twice'], withBoard(({ powers }) => ({ powers: [{ command: 'cycle', attempt: '9-1' }, ...powers] }))],
  ['a board is switched off by an attempt that does not have it', ['device held twice'], withBoard(({ powers }) => ({ powers: [powers[0]!, { command: 'off', attempt: '9-1' }, powers[1]!] }))],
  ['an accepted job is gone', ['one final state'], { ...whole(), accepted: ['1', '2', '3', '4'] }],
  ['a job still runs', ['one final state'], withJob(() => ({ state: 'Running' }))],
  ['a job finished without health', ['failed without reason', 'one final state'], withJob(() => ({ health: 'Unknown' }))],
  ['a job finished twice', ['one final state'], withJob(() => ({ finishes: 2 }))],
  ['an attempt did not end', ['one final state'], withJob(({ attempts }) => ({ attempts: [{ ...attempts[0]!, ended: false }] }))],
  ['a log grew after the end', ['old fence'], withJob(({ linesAtEnd }) => ({ linesAtEnd: linesAtEnd! - 1 }))],
  ['a line is missing', ['log', 'old fence', 'results'], withJob(({ log }) => ({ log: log.toSpliced(2, 1) }))],
  ['a line is there twice', ['log', 'results'], withJob(({ log }) => ({ log: log.toSpliced(2, 0, log[2]!), linesAtEnd: log.length + 1 }))],
  ['two lines are in the wrong order', ['log'], withJob(({ log }) => ({ log: log.toSpliced(1, 2, log[2]!, log[1]!), journal: undefined }))],
  ['a line is not what the board printed', ['log'], withJob(({ log }) => ({ log: log.with(2, log[2]!.replace(/sum=./, 'sum=x')), journal: undefined }))],
  ['a byte differs from what the worker wrote', ['log'], withJob(({ log }) => ({ log: log.with(0, log[0]!.replace('start', 'stars')) }))],
  ['the worker wrote more', ['log'], withJob(({ journal }) => ({ journal: [...journal!, journal![0]!] }))],
  ['lines are of another boot', ['log'], withJob(({ log }) => ({ log: log.map((line) => line.replace('a/1/1-1', 'a/2/1-1')), journal: undefined }))],
  ['a result is not stored', ['results'], withJob(({ results }) => ({ results: results.slice(1) }))],
  ['a result is stored twice', ['results'], withJob(({ results }) => ({ results: [...results, results[0]!] }))],
  ['a result comes from nowhere', ['results'], withJob(({ results }) => ({ results: [...results, { suite: 'x', name: 'y', line: 0 }] }))],
  ['a board stays on', ['power-off'], withBoard(() => ({ powered: true }))],
  ['a board stays in use', ['waiting'], withBoard(() => ({ state: 'Reserved' }))],
  ['half a group runs', ['group'], { ...whole(), snapshots: [{ at: 3, held: [], groups: { g: ['Running', 'Submitted'] } }] }],
  ['something does not come to rest', ['waiting'], { ...whole(), unrest: ['job 1 is still Submitted'] }],
  ['a secret is seen', ['secret'], { ...whole(), leaks: ['log of job 1'] }],
  ['a job failed', ['failed without reason'], withJob(() => ({ health: 'Incomplete', error: 'Bug' }))],
])('%s', (_, rules, history) => {
  expect(brokenRules(history)).toEqual(rules);
});

describe('what may be', () => {
  test('a job that somebody canceled need not pass', () => {
    expect(checkHistory(withJob(() => ({ health: 'Canceled', canceled: true })))).toEqual([]);
  });

  test('one that a fault hit need not pass, nor those of its group', () => {
    const history = whole();
    const jobs = history.jobs.map((job) => ({ ...job, health: job.group === undefined ? job.health : 'Incomplete', attempts: job.attempts.map((a) => (job.id === 2 ? { ...a, excuse: 'run killed' } : a)) }));
    expect(checkHistory({ ...history, jobs })).toEqual([]);
    expect(brokenRules({ ...history, jobs: jobs.map((job) => ({ ...job, group: undefined })) })).toEqual(['failed without reason']);
  });

  test('a board may stay on if nobody gets it', () => {
    expect(checkHistory(withBoard(() => ({ powered: true, health: 'Bad' })))).toEqual([]);
  });
});
