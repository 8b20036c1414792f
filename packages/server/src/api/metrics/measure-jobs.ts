import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../../store/database.ts';
import { actionBlocks } from '../../jobs/action-blocks.ts';
import { observeJob, observeRetried, type EndedAttempt, type FinishedJob } from './observe-job.ts';
import type { Observation } from './stored-metrics.ts';

/** Most jobs, and most attempts, that one question for metrics counts; what is left is counted with the next. */
const mostAtOnce = 500;

/** Counts the jobs that ended or were tried again since somebody asked last. Each is counted once, whoever asks and however often. */
export async function measureJobs(db: Kysely<Database>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // One at a time: whoever comes meanwhile shows what was counted before.
    const { rows: [lock] } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(hashtext('lava.measure-jobs')) as mine`.execute(trx);
    if (!lock?.mine) return;
    await addCounts(trx, sumUp([...(await takeAttempts(trx)).flatMap(observeRetried), ...(await takeJobs(trx)).flatMap(observeJob)]));
  });
}

async function takeAttempts(trx: Transaction<Database>): Promise<readonly EndedAttempt[]> {
  const { rows } = await sql<EndedAttempt>`
    with taken as (delete from attempts_to_measure where (job, fence) in (select job, fence from attempts_to_measure order by job, fence limit ${mostAtOnce}) returning *)
    select j.requested_device_type as "deviceType", taken.device, taken.error_type as "errorType", j.definition, taken.blocks from taken join jobs j on j.id = taken.job`.execute(trx);
  return rows;
}

async function takeJobs(trx: Transaction<Database>): Promise<readonly FinishedJob[]> {
  const { rows } = await sql<FinishedJob>`
    with taken as (delete from jobs_to_measure where job in (select job from jobs_to_measure order by job limit ${mostAtOnce}) returning job)
    select j.requested_device_type as "deviceType", j.actual_device as device, j.health, j.error_type as "errorType", j.definition,
      extract(epoch from (select min(a.created_at) from attempts a where a.job = j.id) - j.submit_time)::float8 as waited,
      (select extract(epoch from a.started_at - a.created_at)::float8 from attempts a where a.job = j.id order by a.fence desc limit 1) as latency,
      extract(epoch from j.end_time - j.start_time)::float8 as ran,
      ${actionBlocks(sql`j.id`)} as blocks
    from taken join jobs j on j.id = taken.job`.execute(trx);
  return rows;
}

interface Sum {
  readonly metric: string;
  readonly device_type: string;
  readonly device: string;
  readonly outcome: string;
  readonly counts: number[];
  sum: number;
}

function sumUp(observed: readonly Observation[]): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const { metric, labels, value = 0 } of observed) {
    const { device_type = '', device = '', outcome = '' } = labels;
    const key = JSON.stringify([metric.name, device_type, device, outcome]);
    const buckets = metric.buckets ?? [];
    const sum = sums.get(key) ?? { metric: metric.name, device_type, device, outcome, counts: Array<number>(buckets.length + 1).fill(0), sum: 0 };
    const bucket = buckets.findIndex((most) => value <= most);
    sum.counts[bucket < 0 ? buckets.length : bucket]! += 1;
    sum.sum += value;
    sums.set(key, sum);
  }
  return [...sums.values()];
}

async function addCounts(trx: Transaction<Database>, sums: readonly Sum[]): Promise<void> {
  for (const { metric, device_type, device, outcome, counts, sum } of sums) {
    await sql`insert into measured as m (metric, device_type, device, outcome, counts, sum) values (${metric}, ${device_type}, ${device}, ${outcome}, ${counts}::bigint[], ${sum})
      on conflict (metric, device_type, device, outcome) do update set sum = m.sum + excluded.sum,
        counts = array(select coalesce(o, 0) + coalesce(n, 0) from unnest(m.counts, excluded.counts) as both_counts (o, n))`.execute(trx);
  }
}
