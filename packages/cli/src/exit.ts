import { LavaError, messageOf } from '@lava/base';

/** Exit statuses of `lava`, for scripts. */
export const exitStatus = {
  ok: 0,
  /** The job ended Incomplete or Canceled, or the definition is not valid. */
  failed: 1,
  /** The command line or a file was wrong. */
  usage: 2,
  /** The server cannot be reached, or refused who we are. */
  server: 3,
} as const;

/** An error with the status to exit with. */
export class CliError extends LavaError {
  override readonly name = 'CliError';
  readonly status: number;
  constructor(message: string, status: number, hint?: string) {
    super(message, { code: 'cli', hint });
    this.status = status;
  }
}

/** Prints an error for a person and returns the status to exit with. */
export function report(error: unknown): number {
  process.stderr.write(`lava: ${messageOf(error)}\n`);
  if (error instanceof LavaError && error.hint) process.stderr.write(`      ${error.hint}\n`);
  return error instanceof CliError ? error.status : exitStatus.failed;
}
