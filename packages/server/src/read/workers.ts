import { workerHealths, workerStates } from '@lava/job';
import { sql, type Kysely } from 'kysely';
import type { Guarded } from '../auth/permissions.ts';
import type { User } from '../auth/users.ts';
import { grantsColumn, theServer, visibleDevices, visibleWorkers } from '../auth/visibility.ts';
import type { Database, StoredWorkerStatus } from '../store/database.ts';
import { freshFor, statusRow, type WorkerStatusRow } from './worker-status.ts';

/** A worker in lists (docs/api.md). */
export interface WorkerRow {
  hostname: string; state: string; health: string; display: boolean; description: string; version: string | null; last_ping: string | null;
  job_limit: number; devices: number; busy: number; capabilities: string[];
  /** Null: it never told, as workers of the HTTP protocol and of older versions. */
  status: WorkerStatusRow | null;
}

/** Workers that `user` may see, by name, or those of them with the given names. */
export async function workerRows(db: Kysely<Database>, user: User | null, hostnames?: readonly string[]): Promise<WorkerRow[]> {
  return (await read(db, user, hostnames)).map(({ guard: _guard, ...row }) => row);
}

/** The workers with these names and who may see them, for the caller to look at. */
export async function guardedWorkerRows(db: Kysely<Database>, hostnames: readonly string[]): Promise<{ row: WorkerRow; guard: Guarded }[]> {
  return (await read(db, theServer, hostnames)).map(({ guard, ...row }) => ({ row, guard }));
}

interface Raw { state: number; health: number; last_ping: Date | null; status: StoredWorkerStatus | null; status_at: Date | null; fresh: boolean | null; guard: Guarded }

async function read(db: Kysely<Database>, user: User | null, hostnames?: readonly string[]): Promise<(WorkerRow & { guard: Guarded })[]> {
  const wanted = hostnames === undefined ? sql`true` : sql`w.hostname = any(${[...hostnames]}::text[])`;
  const { rows } = await sql<Omit<WorkerRow, 'state' | 'health' | 'last_ping' | 'status'> & Raw>`
    select w.hostname, w.state, w.health, w.display, w.description, w.version, w.last_ping, w.job_limit, w.capabilities, w.status, w.status_at,
      w.status_at > now() - ${freshFor}::interval as fresh,
      count(d.hostname)::int as devices, count(*) filter (where d.state <> 0)::int as busy,
      json_build_object('kind', 'worker', 'grants', ${grantsColumn('worker', 'w.hostname')}) as guard
    from workers w left join devices d on d.worker = w.hostname and d.health <> 5 and ${visibleDevices(user, 'd.hostname')}
    where ${wanted} and ${visibleWorkers(user, 'w.hostname')} group by w.hostname order by w.hostname`.execute(db);
  return rows.map(({ status, status_at, fresh, ...r }) => ({
    ...r, state: workerStates[r.state]!, health: workerHealths[r.health]!, last_ping: r.last_ping?.toISOString() ?? null, status: statusRow(status, status_at, fresh),
  }));
}
