import { sql } from 'kysely';
import { visibleJobs } from '../../auth/visibility.ts';
import type { User } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';

/** Parameters of an address of one job. */
export interface OfJob { job: string }

/** The number of a job that the user may see, from the address. */
export async function restJobId(services: Services, user: User | null, text: string): Promise<number> {
  if (!/^\d{1,10}$/.test(text)) throw notFound('Job');
  const { rows } = await sql<{ id: number }>`select jobs.id from jobs where jobs.id = ${text}::bigint and ${visibleJobs(user)}`.execute(services.db);
  if (!rows[0]) throw notFound('Job');
  return rows[0].id;
}
