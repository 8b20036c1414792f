import type { AttemptRecord, BoardRecord, JobRecord } from './history.ts';
import { numberedLine } from './numbered-board.ts';

/** What one attempt wrote in the log of its job. */
export interface Section {
  readonly attempt: AttemptRecord;
  /** Number of its first line in the log. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** The attempts that wrote something, each with what it wrote. A line of the server's own stands before each but the first. */
export function sectionsOf({ attempts, log }: JobRecord): Section[] {
  const begun = attempts.flatMap((attempt, n) => {
    const first = attempt.firstLine ?? (n === 0 ? 0 : undefined);
    return first === undefined ? [] : [{ attempt, first }];
  });
  return begun.map(({ attempt, first }, n) => ({ attempt, first, lines: log.slice(first, n + 1 < begun.length ? begun[n + 1]!.first - 1 : undefined) }));
}

/** What is wrong with the log of a job, attempt by attempt. */
export function* faultsOfLog(job: JobRecord, boards: readonly BoardRecord[]): Generator<string> {
  if (job.log.length < (job.linesTaken ?? 0)) yield `the servers had taken ${job.linesTaken} lines, ${job.log.length} are left`;
  const sections = sectionsOf(job);
  for (const section of job.logTaken ? sections.slice(-1) : sections) {
    yield* separator(job, section);
    yield* numbers(job, section);
    yield* journal(section);
  }
  if (job.health !== 'Complete') return;
  const last = sections.find(({ attempt }) => attempt === job.attempts.at(-1));
  const seen = last ? printed(last.lines) : [];
  const boot = boards.flatMap((b) => b.boots).find(({ name }) => name === seen[0]?.boot);
  if (seen.length !== job.lines || boot?.lines !== job.lines) yield `${seen.length} of ${job.lines} lines of the board are in its log`;
}

const printed = (lines: readonly string[]) => lines.flatMap((line) => {
  const match = /"lvl": "target", "msg": "(numbered line (\d+) of (\S+) sum=\w+)"/.exec(line);
  return match ? [{ text: match[1]!, n: Number(match[2]), boot: match[3]! }] : [];
});

function* separator({ attempts, log }: JobRecord, { attempt, first }: Section): Generator<string> {
  if (attempt === attempts[0]) return;
  const line = log[first - 1];
  const runsOn = /"msg": "Attempt \d+ on \S+ ended .*Attempt \d+ runs on (\S+) of worker (\S+)\."/.exec(line ?? '');
  if (runsOn?.[1] !== attempt.device || runsOn[2] !== attempt.worker) yield `before attempt ${attempt.fence} on ${attempt.device} of ${attempt.worker} stands ${String(line)}`;
}

/** The lines of the board: of one boot, that of this attempt, all numbers in order, each as the board printed it. */
function* numbers({ id }: JobRecord, { attempt, lines }: Section): Generator<string> {
  const seen = printed(lines);
  for (const [i, { text, n, boot }] of seen.entries()) {
    if (n !== i + 1 || boot !== seen[0]!.boot || !boot.endsWith(`/${id}-${attempt.fence}`)) { yield `line ${i + 1} of the board in attempt ${attempt.fence} is '${text}'`; return; }
    if (text !== numberedLine(boot, n)) { yield `'${text}' is not what the board printed`; return; }
  }
}

/** What the worker wrote, byte for byte; as far as it got to the server, if the server gave the attempt up. */
function* journal({ attempt: { fence, journal: written, excuse }, lines }: Section): Generator<string> {
  const whole = excuse === undefined || excuse === 'run killed';
  if (!written || !(whole || excuse === 'worker silent for a lease')) return;
  const differs = lines.findIndex((line, n) => line !== written[n]);
  if (differs >= 0) yield `line ${differs} of attempt ${fence} is ${lines[differs]}, but ${String(written[differs])} on the worker`;
  else if (whole && lines.length !== written.length) yield `attempt ${fence} has ${lines.length} lines in its log, ${written.length} were written on the worker`;
}
