import { sql } from 'kysely';
import type { WorkerStatus } from '@lava/link';
import { storedStatus, workerWarnings } from '../read/worker-status.ts';
import { change, serverActor, type Stored } from '../store/change.ts';
import type { StoredWorkerStatus } from '../store/database.ts';

/** Stores how a worker is. Whoever looks at it is told when there is a warning more or less; all else they see when they look again. */
export async function storeStatus(stored: Stored, hostname: string, told: WorkerStatus): Promise<void> {
  const status = storedStatus(told);
  const { rows: [row] } = await sql<{ before: StoredWorkerStatus | null }>`
    update workers set status = ${JSON.stringify(status)}::jsonb, status_at = now() from (select hostname, status from workers where hostname = ${hostname}) as old
    where workers.hostname = old.hostname returning old.status as before`.execute(stored.db);
  if (!row) return;
  const codes = (one: StoredWorkerStatus | null) => (one ? workerWarnings(one).map(({ code }) => code).join() : '');
  if (codes(row.before) !== codes(status)) await change(stored, serverActor, async (c) => c.worker(hostname));
}
