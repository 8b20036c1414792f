import type { LogValue } from '@lava/job';
import type { ActionClock } from './action-clock.ts';
import type { Action } from './action.ts';
import type { JobRuntime } from './runtime.ts';

/** An action as the pipeline handles it: what its hooks see, and what is needed to run it. */
export interface PipelineAction extends Action {
  readonly runtime: JobRuntime;
  readonly clock: ActionClock;
  readonly parent: PipelineAction | undefined;
  readonly children: readonly PipelineAction[];
  /** The job gives it more time than itself. What a device type allows does not count: nobody asked for it in this job. */
  readonly exceedsJob: boolean;
  /** Finalizing is protected from every cancel, cleaning up from the first. */
  readonly protection: 'always' | 'once' | undefined;
  /** Its cleanup is running. */
  cleaning: boolean;
  errors: string[];
  /** Reason codes of `errors`. */
  readonly errorCodes: Set<string>;
  results: Record<string, LogValue>;
  abort(error: Error): void;
}
