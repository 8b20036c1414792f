import type { LogValue } from '@lava/job';
import type { ActionClock } from './action-clock.ts';
import type { Action } from './action.ts';
import type { JobRuntime, RunningAction } from './runtime.ts';

/** An action as the pipeline handles it: what its hooks see, and what is needed to run it. */
export interface PipelineAction extends Action, RunningAction {
  readonly runtime: JobRuntime;
  readonly clock: ActionClock;
  readonly parent: PipelineAction | undefined;
  readonly children: readonly PipelineAction[];
  /** The job gives it more time than itself. What a device type allows does not count: nobody asked for it in this job. */
  readonly exceedsJob: boolean;
  /** Its cleanup is running. */
  cleaning: boolean;
  errors: string[];
  /** Reason codes of `errors`. */
  readonly errorCodes: Set<string>;
  results: Record<string, LogValue>;
}
