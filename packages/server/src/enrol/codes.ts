import { sql } from 'kysely';
import { enrolmentKey, newEnrolmentCode } from '@lava/link';
import type { Change } from '../store/change.ts';

/** Makes the code with which a worker can enrol once within `minutes`; an older one ends. It can be read only now. */
export async function issueCode(c: Change, worker: string, minutes: number): Promise<string> {
  const code = newEnrolmentCode();
  await sql`
    insert into enrolment_codes (worker, key, expires_at) values (${worker}, ${enrolmentKey(code, worker)}, now() + make_interval(mins => ${minutes}))
    on conflict (worker) do update set key = excluded.key, expires_at = excluded.expires_at, used_at = null`.execute(c.trx);
  c.note('worker', worker, `code to enrol with, for ${minutes} min`);
  return code;
}

/** Why a code that is the right one is no good. */
export type Spent = 'used' | 'expired';

/** Uses up the code with this key; of two that race, one gets it. */
export async function useCode(c: Change, worker: string, key: string): Promise<Spent | undefined> {
  const { numAffectedRows } = await sql`
    update enrolment_codes set used_at = now() where worker = ${worker} and key = ${key} and used_at is null and expires_at > now()`.execute(c.trx);
  if (numAffectedRows === 1n) return undefined;
  const { rows: [row] } = await sql<{ used: boolean }>`select used_at is not null as used from enrolment_codes where worker = ${worker} and key = ${key}`.execute(c.trx);
  return row && !row.used ? 'expired' : 'used';
}

/** Locks a worker out: no code, no token, and its jobs' tokens end. Its certificate is a file. */
export async function revokeSecrets(c: Change, worker: string): Promise<void> {
  await sql`delete from enrolment_codes where worker = ${worker}`.execute(c.trx);
  await sql`update workers set token_hash = null where hostname = ${worker}`.execute(c.trx);
  await sql`delete from attempt_tokens t using attempts a where a.job = t.job and a.fence = t.fence and a.worker = ${worker}`.execute(c.trx);
  c.note('worker', worker, 'certificate, token and code revoked');
  c.worker(worker);
}
