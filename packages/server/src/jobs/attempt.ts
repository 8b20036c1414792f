/** One try to run a job; what an older fence says changes nothing. */
export interface Attempt {
  readonly job: number;
  readonly fence: number;
}

/** How a job ends. */
export interface Ending {
  readonly result: 'pass' | 'fail';
  readonly errorType?: string;
  readonly errorMessage?: string;
  /** Stable word for the reason, as errors of the dispatcher and the server carry it. */
  readonly errorCode?: string;
  /** Added to the failure comment. */
  readonly comment?: string;
  /** Why the device must not be used before somebody has looked at it. */
  readonly quarantine?: string;
}
