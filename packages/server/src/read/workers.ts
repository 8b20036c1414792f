import { workerHealths, workerStates } from '@lava/job';
import { sql, type Kysely } from 'kysely';
import type { Guarded } from '../auth/permissions.ts';
import type { User } from '../auth/users.ts';
import { grantsColumn, theServer, visibleDevices, visibleWorkers } from '../auth/visibility.ts';
import type { Database } from '../store/database.ts';

/** A worker in lists (docs/api.md). */
export interface WorkerRow {
  hostname: string; state: string; health: string; display: boolean; description: string; version: string | null; last_ping: string | null;
  job_limit: number; devices: number; busy: number; capabilities: string[];
}

/** Workers that `user` may see, by name, or those of them with the given names. */
export async function workerRows(db: Kysely<Database>, user: User | null, hostnames?: readonly string[]): Promise<WorkerRow[]> {
  return (await read(db, user, hostnames)).map(({ guard: _guard, ...row }) => row);
}

/** The workers with these names and who may see them, for the caller to look at. */
export async function guardedWorkerRows(db: Kysely<Database>, hostnames: readonly string[]): Promise<{ row: WorkerRow; guard: Guarded }[]> {
  return (await read(db, theServer, hostnames)).map(({ guard, ...row }) => ({ row, guard }));
}

async function read(db: Kysely<Database>, user: User | null, hostnames?: readonly string[]): Promise<(WorkerRow & { guard: Guarded })[]> {
  const wanted = hostnames === undefined ? sql`true` : sql`w.hostname = any(${[...hostnames]}::text[])`;
  const { rows } = await sql<Omit<WorkerRow, 'state' | 'health' | 'last_ping'> & { state: number; health: number; last_ping: Date | null; guard: Guarded }>`
    select w.hostname, w.state, w.health, w.display, w.description, w.version, w.last_ping, w.job_limit, w.capabilities,
      count(d.hostname)::int as devices, count(*) filter (where d.state <> 0)::int as busy,
      json_build_object('kind', 'worker', 'grants', ${grantsColumn('worker', 'w.hostname')}) as guard
    from workers w left join devices d on d.worker = w.hostname and d.health <> 5 and ${visibleDevices(user, 'd.hostname')}
    where ${wanted} and ${visibleWorkers(user, 'w.hostname')} group by w.hostname order by w.hostname`.execute(db);
  return rows.map((r) => ({ ...r, state: workerStates[r.state]!, health: workerHealths[r.health]!, last_ping: r.last_ping?.toISOString() ?? null }));
}
