import { Random } from './random.ts';

/** One submission: a job, or a multinode group when it has several members. */
export interface JobPlan {
  /** Milliseconds from the begin of the history. */
  readonly at: number;
  readonly members: number;
  /** Lines of each of the counting commands. */
  readonly lines: readonly number[];
  /** Milliseconds between two lines. */
  readonly pause: number;
  readonly type: BoardType;
  readonly priority: number;
  /** Attempts after the first one that its definition asks for when the lab fails it. */
  readonly retries?: number;
}

interface CancelPlan {
  readonly at: number;
  /** Number of the submission. */
  readonly job: number;
}

export interface FaultPlan {
  readonly kind: string;
  readonly at: number;
  /** Milliseconds until it is healed. */
  readonly lasts: number;
  /** Number of the worker it is about, where it is about one. */
  readonly worker: number;
  /** From 0 to 1: chooses between what is there when it happens. */
  readonly choice: number;
}

/** All decisions of a history. When exactly processes get to run is not among them: no seed can settle that. */
export interface HistoryPlan {
  readonly seed: number;
  readonly jobs: readonly JobPlan[];
  readonly cancels: readonly CancelPlan[];
  readonly faults: readonly FaultPlan[];
}

export const boardTypes = ['numbered', 'numbered-big'] as const;
type BoardType = (typeof boardTypes)[number];
export const workerNames = ['w1', 'w2', 'w3'] as const;

/** How many servers a history is played on: two in every eighth history. */
export const serversOf = (seed: number): 1 | 2 => (seed % 8 === 0 ? 2 : 1);

/** How long submissions and faults begin, in milliseconds. */
const span = 2500;

export interface FaultKind {
  readonly name: string;
  /** How often it is chosen, relative to others. Default 1. */
  readonly weight?: number;
}

/** The plan that follows from a seed. The kinds of faults are those which this machine allows: they are part of what is decided from. */
export function planHistory(seed: number, kinds: readonly FaultKind[]): HistoryPlan {
  if (kinds.length === 0) throw new Error('no fault is possible here: choose others with --only, or another number of --servers');
  const random = new Random(seed);
  const jobs = Array.from({ length: random.int(3, 6) }, (_, n): JobPlan => ({
    at: n === 0 ? 0 : random.int(0, span),
    members: n === 0 && random.chance(0.5) ? random.int(2, 3) : 1,
    lines: Array.from({ length: random.int(1, 3) }, () => random.int(5, 60)),
    pause: random.int(2, 15),
    type: random.chance(0.7) ? 'numbered' : 'numbered-big',
    priority: random.pick([0, 50, 50, 100]),
    retries: random.chance(0.5) ? random.int(1, 3) : 0,
  })).sort((a, b) => a.at - b.at);
  const cancels = random.chance(0.4) ? [{ at: random.int(100, span + 500), job: random.int(0, jobs.length - 1) }] : [];
  const faults = Array.from({ length: random.int(1, 4) }, (): FaultPlan => ({
    kind: choose(kinds, random),
    at: random.int(0, span),
    lasts: random.int(20, 1500),
    worker: random.int(0, workerNames.length - 1),
    choice: random.next(),
  })).sort((a, b) => a.at - b.at);
  return { seed, jobs, cancels, faults };
}

function choose(kinds: readonly FaultKind[], random: Random): string {
  let at = random.next() * kinds.reduce((sum, kind) => sum + (kind.weight ?? 1), 0);
  return kinds.find((kind) => (at -= kind.weight ?? 1) < 0)?.name ?? kinds[0]!.name;
}
