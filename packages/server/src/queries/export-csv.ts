import { jobHealths, jobStates, testResults } from '@lava/job';
import { isoMicroseconds } from '@lava/base';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { visibleJobs } from '../auth/visibility.ts';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';
import type { QueryEntity } from './conditions.ts';
import { withinTime } from './within-time.ts';
import { entityTables, type RowSource } from './rows.ts';

/** Rows that are read at once. */
const page = 1000;

type Row = Readonly<Record<string, unknown>> & { readonly id: number };

/** The columns of an entity, by the names that LAVA gives them and in their order. */
const columns: Readonly<Record<QueryEntity, Readonly<Record<string, RawBuilder<unknown>>>>> = {
  testjob: {
    ...own('jobs', ['actual_device', 'description', 'end_time', 'failure_comment', 'health', 'health_check', 'id', 'is_public', 'priority', 'queue_timeout', 'requested_device', 'requested_device_type', 'requested_worker',
      'start_time', 'state', 'sub_id', 'submit_time']),
    submitter: sql`(select username from users where users.id = jobs.submitter)`, ...own('jobs', ['target_group']),
  },
  testsuite: own('test_suites', ['id', 'job', 'name']),
  testcase: {
    ...own('test_cases', ['end_log_line', 'id', 'job', 'logged', 'measurement', 'metadata', 'name', 'result', 'start_log_line']),
    suite: sql`test_suites.name`, test_set: sql`(select name from test_sets where test_sets.id = test_cases.set_id)`, ...own('test_cases', ['units']),
  },
};

function own(table: string, names: readonly string[]): Record<string, RawBuilder<unknown>> {
  return Object.fromEntries(names.map((name) => [name, sql.ref(`${table}.${name}`)]));
}

const words: Readonly<Record<string, readonly string[]>> = { state: jobStates, health: jobHealths, result: testResults };

/** All rows that the user may see as CSV with a header, newest first; every field is quoted. */
export async function* rowsAsCsv(db: Kysely<Database>, user: User | null, { entity, where }: RowSource): AsyncGenerator<string> {
  const { from, id } = entityTables[entity];
  const names = Object.keys(columns[entity]);
  const selected = sql.join(names.map((name) => sql`${columns[entity][name]!} as ${sql.ref(name)}`));
  yield line(names);
  let before: number | undefined;
  do {
    const after = before === undefined ? sql<boolean>`true` : sql<boolean>`${id} < ${before}`;
    const { rows } = await withinTime(db, (trx) => sql<Row>`select ${selected} from ${from} where ${where} and ${visibleJobs(user)} and ${after} order by ${id} desc limit ${page}`.execute(trx));
    for (const row of rows) yield line(names.map((name) => field(name, row[name])));
    before = rows.length < page ? undefined : rows.at(-1)!.id;
  } while (before !== undefined);
}

function field(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return isoMicroseconds(value).replace('T', ' ');
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return words[name]?.[Number(value)] ?? String(value);
}

const line = (fields: readonly string[]) => `${fields.map((f) => `"${f.replaceAll('"', '""')}"`).join(',')}\r\n`;
