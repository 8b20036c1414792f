import { sql, type Kysely } from 'kysely';
import type { Metric, Registry } from 'prom-client';
import type { User } from '../../auth/users.ts';
import { visibleDevices, visibleDeviceTypes } from '../../auth/visibility.ts';
import type { Database } from '../../store/database.ts';
import { storedMetrics, type StoredMetric } from './stored-metrics.ts';

interface Row {
  readonly metric: string;
  readonly device_type: string;
  readonly device: string;
  readonly outcome: string;
  readonly counts: readonly number[];
  readonly sum: number;
}

interface Value {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

/** Adds the stored counts of what the user may see. Devices and types that are no more are left out, so that the number of series follows the lab. */
export function storedCounts(registry: Registry, db: Kysely<Database>, user: User | null): void {
  for (const metric of storedMetrics) {
    // The library's own histograms count in memory; this is the part of one that a registry asks.
    registry.registerMetric({
      name: metric.name, help: metric.help, type: metric.buckets ? 'histogram' : 'counter',
      get: async () => ({
        name: metric.name, help: metric.help, type: metric.buckets ? 'histogram' : 'counter', aggregator: 'sum',
        values: (await read(db, user, metric)).flatMap((row) => valuesOf(metric, row)),
      }),
    } as unknown as Metric);
  }
}

async function read(db: Kysely<Database>, user: User | null, metric: StoredMetric): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`select device_type, device, outcome, counts::float8[] as counts, sum from measured
    where metric = ${metric.name} and (device_type = '' or device_type in (select name from device_types where ${visibleDeviceTypes(user)}))
      and (device = '' or device in (select hostname from devices where ${visibleDevices(user)}))
    order by device_type, device, outcome`.execute(db);
  return rows;
}

function valuesOf({ name, labels: names, buckets }: StoredMetric, row: Row): Value[] {
  const labels = Object.fromEntries(names.map((label) => [label, row[label]]));
  const total = row.counts.reduce((all, n) => all + n, 0);
  if (!buckets) return [{ metricName: name, labels, value: total }];
  let below = 0;
  return [
    ...buckets.map((le, i) => ({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: (below += row.counts[i] ?? 0) })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: total },
    { metricName: `${name}_sum`, labels, value: row.sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
