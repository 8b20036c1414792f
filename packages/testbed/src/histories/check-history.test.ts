import { describe, expect, test } from 'vitest';
import { formatRecord } from '@lava/job';
import { checkHistory } from './check-history.ts';
import type { AttemptRecord, BoardRecord, History, JobRecord } from './history.ts';
import { numberedLine } from './numbered-board.ts';

// The checker is of use only if it finds what is broken: each test breaks a whole history in one place.

function written(attempt: string, board: string, lines: number, verdict: 'pass' | 'fail'): string[] {
  return [
    formatRecord('info', 'start'), ...Array.from({ length: lines }, (_, n) => formatRecord('target', numberedLine(`${board}/1/${attempt}`, n + 1))),
    ...(verdict === 'pass' ? [formatRecord('results', { definition: '0_numbered', case: 'hello', result: 'pass' })] : []),
    formatRecord('results', { definition: 'lava', case: 'job', result: verdict }),
  ].map((record) => record.trimEnd());
}

function passedJob(id: number, board: string, lines: number, group?: string): JobRecord {
  const log = written(`${id}-1`, board, lines, 'pass');
  return {
    id, number: String(id), name: `job ${id}`, ...(group !== undefined && { group }), state: 'Finished', health: 'Complete', error: '', errorType: '', canceled: false, finishes: 1, retries: 0,
    attempts: [{ fence: 1, device: board, worker: 'w1', ended: true, journal: [...log] }], secret: 'hidden', lines, log, linesAtEnd: log.length, logTaken: false,
    results: [{ suite: '0_numbered', name: 'hello', line: lines + 1 }, { suite: 'lava', name: 'job', line: lines + 2 }],
  };
}

const usedBoard = (name: string, attempt: string, lines: number, at = 0): BoardRecord => ({
  name, health: 'Good', state: 'Idle', powered: false, boots: [{ name: `${name}/1/${attempt}`, attempt, lines }],
  powers: [{ command: 'cycle', attempt, at }, { command: 'off', attempt, at: at + 1 }],
});

/** Three jobs that passed, two of them in a group. */
const whole = (): History => ({
  seed: 1, accepted: ['1', '2', '3'], unrest: [], leaks: [], terms: [4, 5],
  jobs: [passedJob(1, 'a', 5), passedJob(2, 'b', 7, 'g'), passedJob(3, 'c', 7, 'g')],
  boards: [usedBoard('a', '1-1', 5), usedBoard('b', '2-1', 7), usedBoard('c', '3-1', 7)],
  snapshots: [
    { at: 0, held: [], groups: { g: ['Submitted', 'Submitted'] } },
    { at: 1, held: [{ device: 'a', attempt: '1-1', worker: 'w1' }, { device: 'b', attempt: '2-1', worker: 'w1' }], groups: { g: ['Running', 'Scheduled'] } },
  ],
});

const withoutJournal: readonly AttemptRecord[] = [{ fence: 1, device: 'a', worker: 'w1', ended: true }];
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
  ['a board is switched on by a second attempt', ['device held twice'], withBoard(({ powers }) => ({ powers: [{ command: 'cycle', attempt: '9-1', at: 0 }, ...powers] }))],
  ['a board is switched off by an attempt that does not have it', ['device held twice'], withBoard(({ powers }) => ({ powers: [powers[0]!, { command: 'off', attempt: '9-1', at: 0 }, powers[1]!] }))],
  ['an accepted job is gone', ['one final state'], { ...whole(), accepted: ['1', '2', '3', '4'] }],
  ['a job still runs', ['one final state'], withJob(() => ({ state: 'Running' }))],
  ['a job finished without health', ['failed without reason', 'one final state'], withJob(() => ({ health: 'Unknown' }))],
  ['a job finished twice', ['one final state'], withJob(() => ({ finishes: 2 }))],
  ['an attempt did not end', ['one final state'], withJob(({ attempts }) => ({ attempts: [{ ...attempts[0]!, ended: false }] }))],
  ['a log grew after the end', ['old fence'], withJob(({ linesAtEnd }) => ({ linesAtEnd: linesAtEnd! - 1 }))],
  ['a line is missing', ['log', 'old fence', 'results'], withJob(({ log }) => ({ log: log.toSpliced(2, 1) }))],
  ['a line is there twice', ['log', 'results'], withJob(({ log }) => ({ log: log.toSpliced(2, 0, log[2]!), linesAtEnd: log.length + 1 }))],
  ['two lines are in the wrong order', ['log'], withJob(({ log }) => ({ log: log.toSpliced(1, 2, log[2]!, log[1]!), attempts: withoutJournal }))],
  ['a line is not what the board printed', ['log'], withJob(({ log }) => ({ log: log.with(2, log[2]!.replace(/sum=./, 'sum=x')), attempts: withoutJournal }))],
  ['a byte differs from what the worker wrote', ['log'], withJob(({ log }) => ({ log: log.with(0, log[0]!.replace('start', 'stars')) }))],
  ['the worker wrote more', ['log'], withJob(({ attempts: [one] }) => ({ attempts: [{ ...one!, journal: [...one!.journal!, one!.journal![0]!] }] }))],
  ['lines are of another boot', ['log'], withJob(({ log }) => ({ log: log.map((line) => line.replace('a/1/1-1', 'a/2/1-1')), attempts: withoutJournal }))],
  ['a result is not stored', ['results'], withJob(({ results }) => ({ results: results.slice(1) }))],
  ['a result is stored twice', ['results'], withJob(({ results }) => ({ results: [...results, results[0]!] }))],
  ['a result comes from nowhere', ['results'], withJob(({ results }) => ({ results: [...results, { suite: 'x', name: 'y', line: 0 }] }))],
  ['a board stays on', ['power-off'], withBoard(() => ({ powered: true }))],
  ['a board stays in use', ['waiting'], withBoard(() => ({ state: 'Reserved' }))],
  ['half a group runs', ['group'], { ...whole(), snapshots: [{ at: 3, held: [], groups: { g: ['Running', 'Submitted'] } }] }],
  ['something does not come to rest', ['waiting'], { ...whole(), unrest: ['job 1 is still Submitted'] }],
  ['a secret is seen', ['secret'], { ...whole(), leaks: ['log of job 1'] }],
  ['a job failed', ['failed without reason'], withJob(() => ({ health: 'Incomplete', error: 'Bug' }))],
  ['a server lost lines that another had taken', ['log'], withJob(({ log }) => ({ linesTaken: log.length + 1 }))],
  ['a server changed something after the next one had', ['two leaders'], { ...whole(), terms: [4, 5, 4] }],
])('%s', (_, rules, history) => {
  expect(brokenRules(history)).toEqual(rules);
});

describe('a job that was tried again', () => {
  const [failed, passed] = [written('1-1', 'd', 3, 'fail'), written('1-2', 'a', 5, 'pass')];
  const between = formatRecord('warning', 'Attempt 1 on d ended (dispatcher-died: gone). Attempt 2 runs on a of worker w1.').trimEnd();
  const attempts: AttemptRecord[] = [
    { fence: 1, device: 'd', worker: 'w1', ended: true, journal: failed, excuse: 'run killed' },
    { fence: 2, device: 'a', worker: 'w1', ended: true, journal: passed, firstLine: failed.length + 1 },
  ];
  const log = [...failed, between, ...passed];
  const retried = (change: Partial<JobRecord> = {}, board: Partial<BoardRecord> = {}): History => {
    const history = withJob(() => ({
      retries: 1, attempts, log, linesAtEnd: log.length, results: [{ suite: '0_numbered', name: 'hello', line: log.length - 2 }, { suite: 'lava', name: 'job', line: log.length - 1 }], ...change,
    }));
    return { ...history, boards: [usedBoard('a', '1-2', 5, 10), ...history.boards.slice(1), { ...usedBoard('d', '1-1', 3), ...board }] };
  };
  const [first, second] = [attempts[0]!, attempts[1]!];

  test('breaks no rule', () => {
    expect(checkHistory(retried())).toEqual([]);
  });

  test.each<[string, string[], History]>([
    ['more often than it may', ['retry'], retried({ retries: 0 })],
    ['with a number that is not the next', ['log', 'retry'], retried({ attempts: [first, { ...second, fence: 3 }], log: log.map((line) => line.replaceAll('/1-2', '/1-3')) })],
    ['for no reason', ['retry'], retried({ attempts: [{ ...first, excuse: undefined }, second] })],
    ['while the attempt before ran', ['retry'], { ...retried(), snapshots: [{ at: 0, groups: {}, held: [{ device: 'd', attempt: '1-1', worker: 'w1' }, { device: 'a', attempt: '1-2', worker: 'w1' }] }] }],
    ['before its device was switched off', ['retry'], retried({}, { powers: [{ command: 'cycle', attempt: '1-1', at: 0 }, { command: 'off', attempt: '', at: 11 }] })],
    ['and failed then', ['failed without reason'], retried({ health: 'Incomplete' })],
    ['and lost lines of its first attempt', ['log', 'results'], retried({ log: log.toSpliced(2, 1), linesAtEnd: log.length - 1 })],
    ['and its first attempt lost lines at its end', ['log', 'results'], retried({ attempts: [first, { ...second, firstLine: failed.length }], log: log.toSpliced(failed.length - 1, 1), linesAtEnd: log.length - 1 })],
    ['and a line tells of another device', ['log'], retried({ log: log.with(failed.length, between.replace('runs on a', 'runs on b')) })],
    ['and its second attempt has lines of the first', ['log'], retried({ log: log.map((line, n) => (n > failed.length ? line.replaceAll('/1-2', '/1-1') : line)), attempts: [first, { ...second, journal: undefined }] })],
    ['and a result of its first attempt stayed', ['results'], retried({ results: [...retried().jobs[0]!.results, { suite: 'lava', name: 'job', line: failed.length - 1 }] })],
    ['less often than it asks for', ['retry'], retried({ retries: 2, health: 'Incomplete', errorType: 'Infrastructure', attempts: [first, { ...second, excuse: 'run killed' }] })],
  ])('%s', (_, rules, history) => {
    expect(brokenRules(history)).toEqual(rules);
  });
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

  test('a group comes back to the queue one by one', () => {
    expect(checkHistory({ ...whole(), snapshots: [{ at: 3, held: [], groups: { g: ['Returning', 'Submitted'] } }] })).toEqual([]);
  });

  test('a board may stay on if nobody gets it', () => {
    expect(checkHistory(withBoard(() => ({ powered: true, health: 'Bad' })))).toEqual([]);
  });
});
