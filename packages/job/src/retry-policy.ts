import { isMapping, type Mapping } from './mapping.ts';
import { timeoutSeconds } from './timeouts.ts';

/** When and how often a job that failed is tried again. */
export interface RetryPolicy {
  /** Most attempts after the first one. */
  readonly count: number;
  /** Classes of errors and reason codes; a code that ends with `*` stands for all that begin so. */
  readonly reasons: readonly string[];
  /** Seconds from the end of an attempt to the earliest beginning of the next. */
  readonly delay: number;
}

/** Why an attempt failed, as its job keeps it. */
export interface Failure {
  readonly errorType: string | null;
  readonly errorCode: string | null;
}

/** What is retried when nothing is said: troubles of the lab. */
const usualReasons = ['Infrastructure'];

/** Longest delay, a week: a job that waits longer is forgotten. */
export const longestRetryDelay = 7 * 86_400;

/** Reads `retry` of a definition that passed `checkJob`, or of the server's settings. Undefined: nothing is said. */
export function readRetryPolicy(value: unknown): RetryPolicy | undefined {
  if (!isMapping(value)) return undefined;
  const { count = 1, reasons, delay } = value as Mapping;
  return {
    count: typeof count === 'number' && count > 0 ? Math.floor(count) : 0,
    reasons: Array.isArray(reasons) ? reasons.map(String) : usualReasons,
    delay: Math.min(longestRetryDelay, timeoutSeconds(delay, 0)),
  };
}

/** The policy asks for another attempt after this failure; what somebody canceled is never tried again. */
export function asksForRetry({ count, reasons }: RetryPolicy, retried: number, { errorType, errorCode }: Failure): boolean {
  if (retried >= count || errorType === 'Canceled') return false;
  return reasons.some((reason) => reason === errorType || (errorCode !== null && stands(reason, errorCode)));
}

const stands = (reason: string, code: string) => (reason.endsWith('*') ? code.startsWith(reason.slice(0, -1)) : reason === code);
