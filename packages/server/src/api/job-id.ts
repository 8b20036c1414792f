import { sql } from 'kysely';
import { visibleJobs } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Services } from '../services.ts';
import { notFound } from './errors.ts';

/**
 * The number of a job that `user` may see, from the number or the multinode id (`12.0`) of an address.
 * Throws `not-found` also for a hidden job.
 */
export async function visibleJobId(services: Services, user: User | null, text: string): Promise<number> {
  const missing = notFound(`Job ${text.slice(0, 40)}`);
  if (!/^\d{1,10}(\.\d{1,5})?$/.test(text)) throw missing;
  const is = text.includes('.') ? sql<boolean>`jobs.sub_id = ${text}` : sql<boolean>`jobs.id = ${text}::bigint`;
  const { rows } = await sql<{ id: number }>`select jobs.id from jobs where ${is} and ${visibleJobs(user)}`.execute(services.db);
  if (!rows[0]) throw missing;
  return rows[0].id;
}
