import { monotonicMs } from '@lava/base';
import { PyError } from './python/errors.ts';

/** What one render may use; going beyond is an error, never a hang. */
export interface Limits {
  /** Statements, loop rounds, calls and elements handled by filters. */
  readonly steps: number;
  /** Characters of the result, and of any text made on the way. */
  readonly outputLength: number;
  /** Elements of any one list, and of a `range()`. */
  readonly rangeLength: number;
  /** Macro calls, includes and extended templates inside one another. */
  readonly depth: number;
  /** Wall time in milliseconds. */
  readonly milliseconds: number;
}

/** Far above what device types need (a few thousand steps), far below a second. */
export const defaultLimits: Limits = { steps: 500_000, outputLength: 4_000_000, rangeLength: 100_000, depth: 100, milliseconds: 600 };

const clockEvery = 1000;

class Budget {
  readonly limits: Limits;
  private left: number;
  private nextClock: number;
  private readonly deadline: number;

  constructor(limits: Limits) {
    this.limits = limits;
    this.left = limits.steps;
    this.nextClock = this.left - clockEvery;
    this.deadline = monotonicMs() + limits.milliseconds;
  }

  charge(n: number): void {
    if ((this.left -= n) >= this.nextClock) return;
    this.nextClock = this.left - clockEvery;
    if (this.left < 0) throw exceeded('steps', `the template takes more than ${this.limits.steps} steps`);
    if (monotonicMs() > this.deadline) throw exceeded('time', `the template takes longer than ${this.limits.milliseconds} ms`);
  }
}

/** The budget of the render that is running. Renders are synchronous, so there is never more than one at a time. */
let current = new Budget({ ...defaultLimits, steps: Infinity, milliseconds: Infinity });

/** Runs `work` under its own budget. */
export function withBudget<T>(limits: Limits, work: () => T): T {
  const outer = current;
  current = new Budget(limits);
  try {
    return work();
  } finally {
    current = outer;
  }
}

/** Takes `n` steps from the running render's budget. */
export function charge(n = 1): void {
  current.charge(n);
}

/** Refuses a text of `length` characters before it is made, and charges the work on it. */
export function checkText(length: number): void {
  limitText(length);
  current.charge(length >> 6);
}

/** As checkText, for texts that grow by small parts: these are charged where the parts are made. */
export function limitText(length: number): void {
  if (length > current.limits.outputLength) throw exceeded('output', `the template makes a text of more than ${current.limits.outputLength} characters`);
}

/** Refuses a list of `length` elements before it is made, and charges it. */
export function checkList(length: number): void {
  if (length > current.limits.rangeLength) throw exceeded('range', `the template makes a list of more than ${current.limits.rangeLength} elements`);
  current.charge(length >> 3);
}

/** Refuses a call at this depth. */
export function checkDepth(depth: number): void {
  if (depth > current.limits.depth) throw exceeded('depth', `macros, includes or parents are nested deeper than ${current.limits.depth}`);
}

function exceeded(what: string, message: string): PyError {
  return new PyError('LimitError', message, { code: `template-limit-${what}`, hint: 'look for a loop or recursion without end' });
}
