import { sql } from 'kysely';
import { releaseDevice, type HeldBy } from '../devices/device-changes.ts';
import type { Change } from '../store/change.ts';
import { chargeUse } from './device-use.ts';

/** The job of an attempt, and what becomes of the device that it holds. */
interface EndedAttempt extends HeldBy {
  readonly device: string | null;
  readonly submitter: number;
}

/** Why the attempt ended. Type and code are those of a failure of its own that did not end the job. */
interface AttemptEnd {
  readonly reason: string;
  readonly errorType?: string | null;
  readonly errorCode?: string | null;
}

/** The live attempt of a job, whose row is locked, is over: its device is free, and its time is charged. */
export async function endAttempt(c: Change, ended: EndedAttempt, { reason, errorType = null, errorCode = null }: AttemptEnd): Promise<void> {
  const { job, device, submitter, healthCheck } = ended;
  const { rows: [attempt] } = await sql<{ seconds: number }>`update attempts set ended_at = now(), end_reason = ${reason}, error_type = ${errorType}, error_code = ${errorCode}
    where job = ${job} and ended_at is null returning extract(epoch from now() - created_at)::float8 as seconds`.execute(c.trx);
  if (device === null) return;
  await releaseDevice(c, device, ended);
  if (attempt && !healthCheck) await chargeUse(c.trx, submitter, attempt.seconds);
}
