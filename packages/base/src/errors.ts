/**
 * Error types as LAVA's clients know them: the value of `error_type` in the result `lava/job`.
 * A failed test case is not an error; these say why a job could not go on.
 */
export type ErrorType =
  | 'Infrastructure' | 'Configuration' | 'Bug' | 'Canceled' | 'Job' | 'Test' | 'MultinodeTimeout' | 'FastbootDeviceNotFound';

/** A place in a text the user wrote; line and column count from 1. */
export interface Position {
  readonly file?: string;
  readonly line: number;
  readonly column: number;
}

interface LavaErrorOptions {
  /** Stable, machine-readable reason, lower case with dashes: `download-404`, `login-timeout`. */
  readonly code?: string;
  /** One sentence that tells the reader what to do. */
  readonly hint?: string;
  readonly at?: Position;
  readonly cause?: unknown;
}

/** An error the user is meant to read. Anything else that is thrown is a bug of ours. */
export class LavaError extends Error {
  /** LAVA's name of the class; starts the closing error line of a job log. */
  override readonly name: string = 'LavaError';
  readonly type: ErrorType = 'Bug';
  /** Closing error line of a job log that ended with this error. */
  readonly help: string = '';
  readonly code: string;
  readonly hint: string | undefined;
  readonly at: Position | undefined;

  constructor(message: string, options: LavaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? 'unspecified';
    this.hint = options.hint;
    this.at = options.at;
  }
}

export class InfrastructureError extends LavaError {
  override readonly name: string = 'InfrastructureError';
  override readonly type: ErrorType = 'Infrastructure';
  override readonly help: string = 'InfrastructureError: The Infrastructure is not working correctly. Please report this error to LAVA admins.';
}

export class ConnectionClosedError extends InfrastructureError {
  override readonly name = 'ConnectionClosedError';
  override readonly help = 'ConnectionClosedError: connection closed';
}

export class ConfigurationError extends LavaError {
  override readonly name = 'ConfigurationError';
  override readonly type: ErrorType = 'Configuration';
  override readonly help = 'ConfigurationError: The LAVA instance is not configured correctly. Please report this error to LAVA admins.';
}

export class JobError extends LavaError {
  override readonly name = 'JobError';
  override readonly type: ErrorType = 'Job';
  override readonly help = 'JobError: Your job cannot terminate cleanly.';
}

export class TestError extends LavaError {
  override readonly name = 'TestError';
  override readonly type: ErrorType = 'Test';
  override readonly help = 'TestError: A test failed to run, look at the error message.';
}

/** A call to the other members of a multinode group had no answer in time. */
export class MultinodeTimeoutError extends LavaError {
  override readonly name = 'MultinodeProtocolTimeoutError';
  override readonly type: ErrorType = 'MultinodeTimeout';
  override readonly help = 'MultinodeProtocolTimeoutError: Multinode wait/sync call has timed out.';
}

export class JobCanceled extends LavaError {
  override readonly name = 'JobCanceled';
  override readonly type: ErrorType = 'Canceled';
  override readonly help = 'JobCanceled: The job was canceled';
}

export class LavaBug extends LavaError {
  override readonly name = 'LAVABug';
  override readonly type: ErrorType = 'Bug';
  override readonly help = 'LAVABug: This is probably a bug in LAVA, please report it.';
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
