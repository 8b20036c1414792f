import { JobError, LavaError } from '@lava/base';
import type { Action } from '../pipeline/action.ts';
import { characterDelay } from './character-delay.ts';
import type { Connection } from '../console/connection.ts';

/** Milliseconds that the status of a command may take, if nobody says otherwise. */
const statusTimeoutMs = 15_000;

/** Types a command and waits for its exit status. @throws JobError when it fails, or nothing answers in time */
export async function sendChecked(a: Action, connection: Connection, line: string, timeoutMs = statusTimeoutMs): Promise<void> {
  await connection.sendLine(`${line} ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"`, { delayMs: characterDelay(a) });
  let status: string | undefined;
  try {
    const match = await connection.expect([/<LAVA_SIGNAL_RETRUNCODE (\d+)>/], { timeoutMs: Math.min(timeoutMs, a.remainingMs()), signal: a.signal });
    status = match.captures[0];
  } catch (error) {
    if (!(error instanceof LavaError && error.code === 'prompt-timeout')) throw error;
    throw new JobError(`Failed to check '${line}' return code!`, { code: 'command-status', cause: error });
  }
  if (status !== '0') throw new JobError(`'${line}' failed with return code ${status}!`, { code: 'command-failed' });
}
