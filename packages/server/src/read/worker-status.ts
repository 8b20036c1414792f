import type { WorkerStatus } from '@lava/link';
import type { StoredWorkerStatus } from '../store/database.ts';

/** Something that an admin should look at. */
export interface WorkerWarning {
  readonly code: 'worker-disk' | 'worker-clock';
  readonly message: string;
  readonly hint: string;
}

/** How a worker is (docs/api.md); it counts for `freshFor` after `at`, and there are no warnings later. */
export interface WorkerStatusRow extends StoredWorkerStatus {
  readonly at: string;
  readonly warnings: readonly WorkerWarning[];
}

/** What PostgreSQL adds to `status_at` to know whether a status still counts: a worker tells it each minute. */
export const freshFor = '5 minutes';

/** Free bytes below which there is a warning: so many, but on small disks a tenth of them. */
const leastFree = 5 * 2 ** 30;
/** Milliseconds by which a clock may be off. */
const mostClock = 5000;

export function storedStatus({ disk, cache, load, running, clockAhead }: WorkerStatus): StoredWorkerStatus {
  return {
    disk: { free: disk.free, total: disk.total }, cache: { free: cache.free, total: cache.total, hits: cache.hits, misses: cache.misses },
    load, running, clock_ahead: clockAhead ?? null,
  };
}

/** What is wrong with a worker that says so. */
export function workerWarnings({ disk, clock_ahead: ahead }: StoredWorkerStatus): readonly WorkerWarning[] {
  const warnings: WorkerWarning[] = [];
  if (disk.free < Math.min(leastFree, disk.total / 10)) {
    warnings.push({
      code: 'worker-disk', message: `Only ${gibibytes(disk.free)} of ${gibibytes(disk.total)} are free on the disk of its jobs`,
      hint: 'Jobs fail when it is full. On that machine make room below /var/lib/lava/dispatcher: "lava-worker cache --clear" removes downloads that no job uses, CACHE_SIZE limits them.',
    });
  }
  if (ahead !== null && Math.abs(ahead) > mostClock) {
    warnings.push({
      code: 'worker-clock', message: `Its clock is ${(Math.abs(ahead) / 1000).toFixed(0)} s ${ahead > 0 ? 'ahead of' : 'behind'} the server's`,
      hint: 'Log lines have the time of the worker. Let both machines follow a time server.',
    });
  }
  return warnings;
}

/** A row of the table as it is shown. @param fresh whether it still counts */
export function statusRow(status: StoredWorkerStatus | null, at: Date | null, fresh: boolean | null): WorkerStatusRow | null {
  return status && at && { ...status, at: at.toISOString(), warnings: fresh ? workerWarnings(status) : [] };
}

export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
