import { InfrastructureError, JobError, LavaBug, LavaError, TestError, messageOf } from '@lava/base';
import type { JobLog } from '../log/job-log.ts';
import type { ActionSpec } from './action.ts';

/** A test block with `timeout: {skip: true}` ran out of time: the job goes on with its next block. */
export class SkippedTimeout extends TestError {}

/** The error of an action whose time is over. */
export function timeoutError(spec: ActionSpec, elapsedSeconds: number, skip: boolean): LavaError {
  const text = `${spec.name} timed out after ${Math.round(elapsedSeconds)} seconds`;
  const options = { code: 'action-timeout' };
  switch (spec.timeoutError) {
    case 'Infrastructure': return new InfrastructureError(text, options);
    case 'Test': return new TestError(text, options);
    case 'test-shell': return skip ? new SkippedTimeout(text, options) : new TestError(text, options);
    default: return new JobError(text, options);
  }
}

/** Errors that another attempt may cure; a bug, a wrong configuration or a cancel it cannot. */
export function isRetryable(error: unknown): error is LavaError {
  return error instanceof LavaError && !(error instanceof SkippedTimeout) && ['Infrastructure', 'Job', 'Test'].includes(error.type);
}

/** An error of the same class with another text. */
export function sameClass(error: LavaError, text: string): LavaError {
  const options = { code: error.code, cause: error };
  if (error instanceof InfrastructureError) return new InfrastructureError(text, options);
  return error instanceof TestError ? new TestError(text, options) : new JobError(text, options);
}

/** Whatever was thrown, as an error of LAVA's: all that is not one is a bug. */
export function asLavaError(error: unknown): LavaError {
  return error instanceof LavaError ? error : new LavaBug(messageOf(error), { code: 'bug', cause: error });
}

const explained = new WeakSet<LavaError>();

/** Logs what the reader can do about an error, once. */
export function explain(log: JobLog, error: LavaError): void {
  if (error.hint === undefined || explained.has(error)) return;
  explained.add(error);
  log.error(error.hint);
}
