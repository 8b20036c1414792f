import { createHmac } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { AttemptRef } from '@lava/link';
import { hashSecret } from '../../auth/secrets.ts';
import type { Database } from '../../store/database.ts';

/*
 * Each attempt has a token of its own, with which `lava-run` sends its log and the worker its report. It is made from the
 * worker's token, which comes with each PING, so that it can be told again and again while only hashes are kept.
 */

/** 32 characters, as LAVA's job tokens. */
export function jobToken(workerToken: string, { job, fence }: AttemptRef): string {
  return createHmac('sha256', workerToken).update(`lava job token ${job} ${fence}`).digest('hex').slice(0, 32);
}

/** The attempts' tokens are good from now on. */
export async function admitTokens(db: Kysely<Database>, tokens: readonly (AttemptRef & { token: string })[]): Promise<void> {
  if (tokens.length === 0) return;
  await db.insertInto('attempt_tokens').values(tokens.map(({ job, fence, token }) => ({ hash: hashSecret(token), job, fence })))
    .onConflict((c) => c.column('hash').doNothing()).execute();
}

export interface AttemptOfToken extends AttemptRef {
  readonly worker: string;
  /** The attempt has not ended. */
  readonly live: boolean;
  readonly started: boolean;
}

/** The attempt of a job for which a token was made. */
export async function attemptOfToken(db: Kysely<Database>, job: number, token: string): Promise<AttemptOfToken | undefined> {
  const { rows } = await sql<AttemptOfToken>`
    select a.job, a.fence, a.worker, a.ended_at is null as live, a.started_at is not null as started
    from attempt_tokens t join attempts a on a.job = t.job and a.fence = t.fence
    where t.hash = ${hashSecret(token)} and t.job = ${job}`.execute(db);
  return rows[0];
}
