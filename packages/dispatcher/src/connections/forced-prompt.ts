import { formatDuration, LavaError } from '@lava/base';
import { pythonRepr } from '@lava/job';
import type { Action } from '../pipeline/action.ts';
import type { Connection } from '../console/connection.ts';
import type { Match } from '../expect/expect-stream.ts';
import type { Pattern } from '../expect/pattern.ts';

/** How often a line end is typed to make the device repeat its prompt. */
const attempts = 6;

/**
 * Waits for patterns as long as the action may take. Messages of the kernel may tear a prompt apart, so after half of the
 * time a `#` (a comment to every shell) is typed to get another, and again after each tenth of what remains.
 */
export async function expectForced(a: Action, connection: Connection, patterns: readonly Pattern[]): Promise<Match> {
  a.log.debug(`${a.name}: Wait for prompt ${pythonRepr(patterns)} (timeout ${formatDuration(Math.round(a.remainingMs() / 1000))})`);
  let waitMs = a.remainingMs() / 2;
  const retryMs = a.remainingMs() / 10;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connection.expect(patterns, { timeoutMs: waitMs, signal: a.signal });
    } catch (error) {
      if (!(error instanceof LavaError && error.code === 'prompt-timeout')) throw error;
      if (attempt >= attempts) throw error;
      a.log.warning(`${error.message}: Sending # in case of corruption. Connection timeout ${formatDuration(a.connectionTimeout)}, retry in ${formatDuration(retryMs / 1000)}`);
      await connection.sendLine('#');
      waitMs = Math.min(retryMs, a.remainingMs());
    }
  }
}
