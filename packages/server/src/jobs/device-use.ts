import { sql, type Transaction } from 'kysely';
import type { Database } from '../store/database.ts';

/** Seconds in which what somebody used of the lab comes to count half. */
export const halfLife = 12 * 3600;

/** Adds device-seconds to what a submitter has used of the lab; what is older counts less and less. */
export async function chargeUse(trx: Transaction<Database>, submitter: number, seconds: number): Promise<void> {
  await sql`insert into device_use (submitter, seconds) values (${submitter}, ${seconds})
    on conflict (submitter) do update set as_of = now(), seconds = excluded.seconds
      + device_use.seconds * power(0.5, greatest(0, extract(epoch from now() - device_use.as_of)) / ${halfLife})`.execute(trx);
}
