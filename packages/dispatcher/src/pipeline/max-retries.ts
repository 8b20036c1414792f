import { JobError } from '@lava/base';
import type { Action } from './action.ts';

/**
 * How often a retry wrapper runs its children at most: the block's `failure_retry` or `repeat`, else the constant
 * `failure_retry` (at least 1), which a constant `boot_retry` that is not empty replaces in boot blocks.
 */
export function maxRetries(a: Pick<Action, 'parameters' | 'section'> & Partial<Pick<Action, 'constant'>>): number {
  const { failure_retry: failureRetry, repeat } = a.parameters;
  if (failureRetry !== undefined && repeat !== undefined) throw new JobError('Unable to use repeat and failure_retry, use a repeat block', { code: 'retry-and-repeat' });
  const asked = failureRetry ?? repeat;
  if (asked !== undefined) return count(asked);
  const general = Math.max(1, count(a.constant?.('failure_retry')));
  const boot = a.section === 'boot' ? a.constant?.('boot_retry') : undefined;
  return boot === undefined || boot === null || boot === '' ? general : count(boot);
}

function count(value: unknown): number {
  const number = Math.floor(typeof value === 'number' || typeof value === 'string' ? Number(value) : 1);
  return Number.isFinite(number) && number >= 1 ? number : 1;
}
