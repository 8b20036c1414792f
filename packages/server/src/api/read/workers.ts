import { workerHealths, workerStates } from '@lava/job';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../../store/database.ts';

/** A worker in lists (docs/api.md). */
export interface WorkerRow {
  hostname: string; state: string; health: string; display: boolean; description: string; version: string | null; last_ping: string | null;
  job_limit: number; devices: number; busy: number; capabilities: string[];
}

/** Workers by name, or those with the given names. */
export async function workerRows(db: Kysely<Database>, hostnames?: readonly string[]): Promise<WorkerRow[]> {
  const wanted = hostnames === undefined ? sql`true` : sql`w.hostname = any(${[...hostnames]}::text[])`;
  const { rows } = await sql<Omit<WorkerRow, 'state' | 'health' | 'last_ping'> & { state: number; health: number; last_ping: Date | null }>`
    select w.hostname, w.state, w.health, w.display, w.description, w.version, w.last_ping, w.job_limit, w.capabilities,
      count(d.hostname)::int as devices, count(*) filter (where d.state <> 0)::int as busy
    from workers w left join devices d on d.worker = w.hostname and d.health <> 5
    where ${wanted} group by w.hostname order by w.hostname`.execute(db);
  return rows.map((r) => ({ ...r, state: workerStates[r.state]!, health: workerHealths[r.health]!, last_ping: r.last_ping?.toISOString() ?? null }));
}
