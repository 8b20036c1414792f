import { numberedLine } from './numbered-board.ts';
import type { BoardRecord, History, JobRecord } from './history.ts';

/** Something that must never happen (docs/architecture.md, "What always holds", gives the names' numbers). */
export interface Violation {
  readonly rule: 'device held twice' | 'one final state' | 'old fence' | 'log' | 'results' | 'power-off' | 'group' | 'waiting' | 'secret' | 'failed without reason';
  readonly text: string;
}

/** Everything in a history that breaks a rule. */
export function checkHistory(history: History): Violation[] {
  return [
    ...heldTwice(history), ...finalStates(history), ...groups(history),
    ...history.jobs.flatMap((job) => [...failures(job, history), ...fences(job), ...logLines(job, history), ...results(job)]),
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

/** Whoever was neither canceled nor hit by a fault that may end a job must have passed. */
function* failures(job: JobRecord, { jobs }: History): Generator<Violation> {
  if (job.state !== 'Finished' || job.health === 'Complete') return;
  const family = job.group === undefined ? [job] : jobs.filter((other) => other.group === job.group);
  if (family.some((member) => member.canceled || member.attempts.some((a) => a.excuse !== undefined))) return;
  yield { rule: 'failed without reason', text: `job ${job.id} is ${job.health}: ${job.error}` };
}

function* fences({ id, log, linesAtEnd }: JobRecord): Generator<Violation> {
  if (linesAtEnd !== undefined && log.length !== linesAtEnd) yield { rule: 'old fence', text: `the log of job ${id} had ${linesAtEnd} lines when it finished, and has ${log.length} now` };
}

function* logLines(job: JobRecord, { boards }: History): Generator<Violation> {
  const bad = (text: string): Violation => ({ rule: 'log', text: `job ${job.id}: ${text}` });
  const seen = job.log.flatMap((line) => {
    const match = /"lvl": "target", "msg": "(numbered line (\d+) of (\S+) sum=\w+)"/.exec(line);
    return match ? [{ text: match[1]!, n: Number(match[2]), boot: match[3]! }] : [];
  });
  for (const [i, { text, n, boot }] of seen.entries()) {
    if (n !== i + 1 || boot !== seen[0]!.boot) { yield bad(`line ${i + 1} of the board is '${text}'`); break; }
    if (text !== numberedLine(boot, n)) { yield bad(`'${text}' is not what the board printed`); break; }
  }
  if (job.health === 'Complete') {
    const boot = boards.flatMap((b) => b.boots).find(({ name }) => name === seen[0]?.boot);
    if (seen.length !== job.lines || boot?.lines !== job.lines) yield bad(`${seen.length} of ${job.lines} lines of the board are in its log`);
  }
  if (job.journal && job.attempts.length === 1 && job.attempts[0]!.excuse === undefined) {
    const differs = job.log.findIndex((line, n) => line !== job.journal![n]);
    if (differs >= 0) yield bad(`log line ${differs} is ${job.log[differs]}, but ${String(job.journal[differs])} on the worker`);
    else if (job.log.length !== job.journal.length) yield bad(`its log has ${job.log.length} lines, ${job.journal.length} were written on the worker`);
  }
}

function* results({ id, log, results: stored }: JobRecord): Generator<Violation> {
  const noted = new Map<number, string>();
  for (const [n, line] of log.entries()) if (line.includes('"lvl": "results"')) noted.set(n, /"case": "([^"]*)"/.exec(line)?.[1] ?? '');
  for (const [n, name] of noted) {
    const times = stored.filter(({ line, name: as }) => line === n && as === name).length;
    if (times !== 1) yield { rule: 'results', text: `the result '${name}' in line ${n} of job ${id} is stored ${times} times` };
  }
  for (const { line, name } of stored) {
    if (line !== null && !noted.has(line)) yield { rule: 'results', text: `the result '${name}' of job ${id} names line ${line}, which is none` };
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
