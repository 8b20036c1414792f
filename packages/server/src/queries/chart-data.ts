import { sql, type Kysely, type RawBuilder } from 'kysely';
import { ConfigurationError } from '@lava/base';
import { caseMetadata } from '../read/results.ts';
import { visibleJobs } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';
import { jobHealth } from '../store/numbers.ts';
import { entityTables, type RowSource } from './rows.ts';
import { withinTime } from './within-time.ts';

export const chartTypes = ['pass/fail', 'measurement', 'attributes'] as const;
export type ChartType = typeof chartTypes[number];
export const isChartType = (name: string): name is ChartType => (chartTypes as readonly string[]).includes(name);

/** What is drawn of the rows of a query. */
export interface Drawing {
  readonly type: ChartType;
  /** Key of the metadata of jobs that stands in the place of the time; rows without it are left out. */
  readonly xAttribute?: string | null;
  /** Keys of metadata whose numbers are drawn: of jobs, or of cases where the rows are suites or cases. */
  readonly attributes?: readonly string[];
}

interface ChartPoint {
  readonly job: number;
  /** When the job ended; of a case, when it was logged. */
  readonly date: string;
  /** What stands on the x axis: the value of the attribute, or the date. */
  readonly x: string;
  readonly pass: boolean;
  /** Number that is drawn: passed cases, or what was measured. */
  readonly value: number | null;
  readonly counts?: { readonly passed: number; readonly failed: number; readonly skipped: number; readonly unknown: number };
}

export interface ChartSeries { readonly name: string; readonly points: readonly ChartPoint[] }

/** The newest rows of a query that are drawn. */
const mostRows = 1000;

type Raw = Omit<ChartPoint, 'date' | 'x'> & { readonly name: string; readonly date: Date; readonly attribute: string | null };

/**
 * Series of points in the order of time, from the rows that the user may see.
 * @throws ConfigurationError `chart-refused` for passes and failures of test cases
 */
export async function chartData(db: Kysely<Database>, user: User | null, source: RowSource, drawing: Drawing): Promise<ChartSeries[]> {
  if (drawing.type === 'pass/fail' && source.entity === 'testcase') throw refuseType();
  const { from, id } = entityTables[source.entity];
  const found = sql`with q as (select ${id} as id from ${from} where ${source.where} and ${visibleJobs(user)} order by 1 desc limit ${mostRows})`;
  const attribute = drawing.xAttribute ? sql`jobs.metadata ->> ${drawing.xAttribute}` : sql`null::text`;
  const points = await withinTime(db, (trx) => (drawing.type === 'attributes' ? attributePoints(trx, found, source, drawing.attributes ?? []) : resultPoints(trx, found, source, drawing.type, attribute)));
  const series = new Map<string, ChartPoint[]>();
  for (const { name, date, attribute: at, ...point } of points) {
    if (name === '' || (drawing.type !== 'attributes' && drawing.xAttribute && at === null)) continue;
    const iso = date.toISOString();
    series.set(name, [...series.get(name) ?? [], { ...point, date: iso, x: at ?? iso }]);
  }
  return [...series].map(([name, of]) => ({ name, points: of }));
}

export const refuseType = () => new ConfigurationError("Pass/fail is incorrect value for 'chart_type' with TestCase based queries.", { code: 'chart-refused', hint: 'Use measurement or attributes.' });

/** Suites with what their cases ended as and measured; of suites and cases the measurements one by one. */
async function resultPoints(db: Kysely<Database>, found: RawBuilder<unknown>, { entity }: RowSource, type: ChartType, attribute: RawBuilder<unknown>): Promise<readonly Raw[]> {
  if (type === 'measurement' && entity !== 'testjob') {
    const on = entity === 'testsuite' ? sql`c.suite_id = q.id` : sql`c.id = q.id`;
    const date = entity === 'testsuite' ? sql`jobs.end_time` : sql`c.logged`;
    return (await sql<Raw>`${found} select c.name, c.job, ${date} as date, ${attribute} as attribute, c.result = 0 as pass, c.measurement::float8 as value
      from q join test_cases c on ${on} join jobs on jobs.id = c.job where ${date} is not null order by ${date}, c.id`.execute(db)).rows;
  }
  const on = entity === 'testjob' ? sql`s.job = q.id` : sql`s.id = q.id`;
  const value = type === 'measurement' ? sql`avg(c.measurement)::float8` : sql`(count(*) filter (where c.result = 0))::float8`;
  return (await sql<Raw>`${found} select s.name, jobs.id as job, jobs.end_time as date, ${attribute} as attribute, count(*) filter (where c.result = 1) = 0 as pass, ${value} as value,
      json_build_object('passed', count(*) filter (where c.result = 0), 'failed', count(*) filter (where c.result = 1),
        'skipped', count(*) filter (where c.result = 2), 'unknown', count(*) filter (where c.result = 3)) as counts
    from q join test_suites s on ${on} join jobs on jobs.id = s.job join test_cases c on c.suite_id = s.id
    where jobs.end_time is not null group by jobs.id, s.id order by jobs.end_time, s.id`.execute(db)).rows;
}

/** Numbers in the metadata of jobs, or of cases; what is no number is left out. */
async function attributePoints(db: Kysely<Database>, found: RawBuilder<unknown>, { entity }: RowSource, names: readonly string[]): Promise<readonly Raw[]> {
  if (entity === 'testjob') {
    const { rows } = await sql<Raw & { metadata: Record<string, unknown> }>`${found} select '' as name, jobs.id as job, jobs.end_time as date, null as attribute,
      jobs.health = ${jobHealth.Complete} as pass, jobs.metadata from q join jobs on jobs.id = q.id where jobs.end_time is not null order by jobs.end_time, jobs.id`.execute(db);
    return rows.flatMap(({ metadata, ...row }) => numbers(row, metadata, names));
  }
  const on = entity === 'testsuite' ? sql`c.suite_id = q.id` : sql`c.id = q.id`;
  const { rows } = await sql<Raw & { metadata: string | null }>`${found} select '' as name, c.job, c.logged as date, null as attribute, c.result = 0 as pass, c.metadata
    from q join test_cases c on ${on} order by c.logged, c.id`.execute(db);
  return rows.flatMap(({ metadata, ...row }) => numbers(row, caseMetadata(metadata), names));
}

function numbers(row: Omit<Raw, 'value'>, metadata: Readonly<Record<string, unknown>>, names: readonly string[]): Raw[] {
  return names.flatMap((name) => {
    const text = Object.hasOwn(metadata, name) ? String(metadata[name]).trim() : '';
    return text !== '' && Number.isFinite(Number(text)) ? [{ ...row, name, value: Number(text) }] : [];
  });
}
