import { sql } from 'kysely';
import { quarantineDevice, releaseDevice, type HeldBy } from '../devices/device-changes.ts';
import type { Change } from '../store/change.ts';
import type { Attempt } from './attempt.ts';
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
  const { job, device, submitter, healthCheck, quarantine } = ended;
  const { rows: [attempt] } = await sql<{ seconds: number }>`update attempts set ended_at = now(), end_reason = ${withQuarantine(reason, quarantine)}, error_type = ${errorType}, error_code = ${errorCode}
    where job = ${job} and ended_at is null returning extract(epoch from now() - created_at)::float8 as seconds`.execute(c.trx);
  if (device === null) return;
  await releaseDevice(c, device, ended);
  if (attempt && !healthCheck) await chargeUse(c.trx, submitter, attempt.seconds);
}

/**
 * A worker says of an attempt that is over, its lease say, that its device was left on. The report may come again, and long
 * after an admin has looked at the device: it counts once, as the attempt's reason says whether it is known.
 * @returns false when it is known already
 */
export async function quarantineLate(c: Change, { job, fence }: Attempt, worker: string, quarantine: string): Promise<boolean> {
  const { rows: [attempt] } = await sql<{ device: string | null }>`update attempts set end_reason = concat_ws('; ', end_reason, ${quarantine}::text)
    where job = ${job} and fence = ${fence} and worker = ${worker} and ended_at is not null and strpos(coalesce(end_reason, ''), ${quarantine}) = 0
    returning device`.execute(c.trx);
  if (!attempt) return false;
  if (attempt.device !== null) await quarantineDevice(c, attempt.device, quarantine);
  return true;
}

const withQuarantine = (reason: string, quarantine: string | undefined) => (quarantine === undefined ? reason : `${reason}; ${quarantine}`);
