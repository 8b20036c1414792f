import { familyOf, faultsOfAttempts } from './check-attempts.ts';
import { faultsOfLog, sectionsOf } from './check-log.ts';
import type { BoardRecord, History, JobRecord } from './history.ts';

/** Something that must never happen (docs/architecture.md, "What always holds", gives the names' numbers). */
export interface Violation {
  readonly rule: 'device held twice' | 'one final state' | 'old fence' | 'log' | 'results' | 'power-off' | 'group' | 'waiting' | 'secret' | 'retry' | 'two leaders' | 'failed without reason';
  readonly text: string;
}

/** Everything in a history that breaks a rule. */
export function checkHistory(history: History): Violation[] {
  return [
    ...heldTwice(history), ...finalStates(history), ...groups(history), ...leaders(history),
    ...history.jobs.flatMap((job) => [
      ...failures(job, history), ...fences(job), ...results(job),
      ...[...faultsOfLog(job, history.boards)].map((text): Violation => ({ rule: 'log', text: `job ${job.id}: ${text}` })),
      ...[...faultsOfAttempts(job, history)].map((text): Violation => ({ rule: 'retry', text })),
    ]),
    ...history.boards.flatMap((board) => [...powerOff(board)]),
    ...history.unrest.map((text): Violation => ({ rule: 'waiting', text })),
    ...history.leaks.map((text): Violation => ({ rule: 'secret', text })),
  ];
}

function* heldTwice({ snapshots, boards }: History): Generator<Violation> {
  const told = new Set<string>();
  for (const { held } of snapshots) {
    for (const { device, attempt } of held) {
      const other = held.find((h) => h.device === device && h.attempt !== attempt);
      if (other && !told.has(device)) {
        told.add(device);
        yield { rule: 'device held twice', text: `${device} is held by the attempts ${attempt} and ${other.attempt}` };
      }
    }
  }
  // The board itself: whoever switches it on is alone until it is switched off.
  for (const { name, powers } of boards) {
    let user: string | undefined;
    for (const { command, attempt } of powers) {
      if (command === 'cycle' && user !== undefined && user !== attempt) {
        yield { rule: 'device held twice', text: `${name} was switched on by ${attempt} and had not been switched off after ${user}` };
      }
      if (command === 'off' && user !== undefined && attempt !== '' && attempt !== user) {
        yield { rule: 'device held twice', text: `${name} was switched off by ${attempt} while ${user} used it` };
      }
      user = command === 'cycle' ? attempt : undefined;
    }
  }
}

function* finalStates({ jobs, accepted }: History): Generator<Violation> {
  for (const number of accepted) if (!jobs.some((job) => job.number === number)) yield { rule: 'one final state', text: `job ${number} was accepted and is gone` };
  for (const { id, state, health, finishes, attempts } of jobs) {
    if (state !== 'Finished' || health === 'Unknown') yield { rule: 'one final state', text: `job ${id} is ${state}, ${health}` };
    else if (finishes !== 1) yield { rule: 'one final state', text: `job ${id} finished ${finishes} times` };
    for (const { fence, ended } of attempts) if (!ended) yield { rule: 'one final state', text: `attempt ${id}-${fence} has not ended` };
  }
}

/** Whoever was neither canceled nor, in the last attempt, hit by a fault that may end a job must have passed. */
function* failures(job: JobRecord, history: History): Generator<Violation> {
  if (job.state !== 'Finished' || job.health === 'Complete') return;
  if (familyOf(job, history).some((member) => member.canceled || member.attempts.at(-1)?.excuse !== undefined)) return;
  yield { rule: 'failed without reason', text: `job ${job.id} is ${job.health}: ${job.error}` };
}

function* fences({ id, log, linesAtEnd }: JobRecord): Generator<Violation> {
  if (linesAtEnd !== undefined && log.length !== linesAtEnd) yield { rule: 'old fence', text: `the log of job ${id} had ${linesAtEnd} lines when it finished, and has ${log.length} now` };
}

/** Every result in the lines of the last attempt, once; those of the ones before are taken back. */
function* results(job: JobRecord): Generator<Violation> {
  const { id, attempts, results: stored } = job;
  const last = sectionsOf(job).find(({ attempt }) => attempt === attempts.at(-1));
  const noted = new Map<number, string>();
  for (const [n, line] of last?.lines.entries() ?? []) if (line.includes('"lvl": "results"')) noted.set(last!.first + n, /"case": "([^"]*)"/.exec(line)?.[1] ?? '');
  for (const [n, name] of noted) {
    const times = stored.filter(({ line, name: as }) => line === n && as === name).length;
    if (times !== 1) yield { rule: 'results', text: `the result '${name}' in line ${n} of job ${id} is stored ${times} times` };
  }
  for (const { line, name } of stored) {
    if (line !== null && !noted.has(line)) yield { rule: 'results', text: `the result '${name}' of job ${id} names line ${line}, which is none of its last attempt` };
  }
}

function* powerOff({ name, powered, health, state, powers }: BoardRecord): Generator<Violation> {
  if (state !== 'Idle') yield { rule: 'waiting', text: `${name} is ${state}, and no job runs` };
  const quarantined = health === 'Bad' || health === 'Maintenance';
  if (powered && !quarantined) yield { rule: 'power-off', text: `${name} is on, last by ${powers.at(-1)?.attempt ?? 'nobody'}, and its health is ${health}` };
}

/** In one look at the database a group waits as a whole, or none of it does. */
function* groups({ snapshots }: History): Generator<Violation> {
  const told = new Set<string>();
  for (const snapshot of snapshots) {
    for (const [group, states] of Object.entries(snapshot.groups)) {
      const waiting = states.filter((state) => state === 'Submitted').length;
      const running = states.filter((state) => ['Scheduled', 'Running', 'Canceling'].includes(state)).length;
      if (waiting === 0 || running === 0 || told.has(group)) continue;
      told.add(group);
      yield { rule: 'group', text: `of the group ${group} ${running} jobs have a device, ${waiting} wait` };
    }
  }
}

/** What a server changed is stored before the term of the next one begins. */
function* leaders({ terms }: History): Generator<Violation> {
  const late = terms.findIndex((term, n) => n > 0 && term < terms[n - 1]!);
  if (late > 0) yield { rule: 'two leaders', text: `term ${terms[late]} changed something after a change of term ${terms[late - 1]}` };
}
