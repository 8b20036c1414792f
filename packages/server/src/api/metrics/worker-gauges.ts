import { sql, type Kysely } from 'kysely';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { User } from '../../auth/users.ts';
import { visibleWorkers } from '../../auth/visibility.ts';
import { freshFor } from '../../read/worker-status.ts';
import type { Database, StoredWorkerStatus } from '../../store/database.ts';

/** How the workers are that told it lately, of those that the user may see. For one reading: the table is read once. */
export function workerGauges(registry: Registry, db: Kysely<Database>, user: User | null): void {
  const read = async () => (await sql<{ worker: string; status: StoredWorkerStatus }>`
    select hostname as worker, status from workers where status_at > now() - ${freshFor}::interval and ${visibleWorkers(user)}`.execute(db)).rows;
  let reading: ReturnType<typeof read> | undefined;
  const each = async (set: (labels: { worker: string }, value: number) => void, valueOf: (status: StoredWorkerStatus) => number | null) => {
    for (const { worker, status } of await (reading ??= read())) {
      const value = valueOf(status);
      if (value !== null) set({ worker }, value);
    }
  };
  const common = { labelNames: ['worker'] as const, registers: [registry] };
  const gauge = (name: string, help: string, valueOf: (status: StoredWorkerStatus) => number | null) =>
    new Gauge({ ...common, name, help, async collect() { this.reset(); await each((labels, value) => this.set(labels, value), valueOf); } });
  const counter = (name: string, help: string, valueOf: (status: StoredWorkerStatus) => number) =>
    new Counter({ ...common, name, help, async collect() { this.reset(); await each((labels, value) => this.inc(labels, value), valueOf); } });

  gauge('lava_worker_disk_free_bytes', 'Free on the disk of the jobs of a worker.', ({ disk }) => disk.free);
  gauge('lava_worker_disk_size_bytes', 'Size of the disk of the jobs of a worker.', ({ disk }) => disk.total);
  gauge('lava_worker_cache_free_bytes', 'Free on the disk of the downloads that a worker keeps.', ({ cache }) => cache.free);
  gauge('lava_worker_cache_size_bytes', 'Size of the disk of the downloads that a worker keeps.', ({ cache }) => cache.total);
  gauge('lava_worker_load', 'Average number of processes that wanted to run on a worker in the last minute.', ({ load }) => load);
  gauge('lava_worker_runs', 'Attempts that run on a worker.', ({ running }) => running);
  gauge('lava_worker_clock_ahead_seconds', "Time by which a worker's clock is ahead of the server's.", ({ clock_ahead: ahead }) => ahead && ahead / 1000);
  counter('lava_worker_cache_hits_total', 'Downloads that a worker had already, since it started.', ({ cache }) => cache.hits);
  counter('lava_worker_cache_misses_total', 'Downloads that a worker had to fetch, since it started.', ({ cache }) => cache.misses);
}
