import { sql } from 'kysely';
import { visibleJobs } from '../../auth/visibility.ts';
import { readConditions, UnknownField, UnsupportedLookup } from '../read/query-conditions.ts';
import { login } from './access.ts';
import { Double, Fault, type XmlRpcValue } from './codec/values.ts';
import { internalError } from './codec/write.ts';
import { jobDetails } from './job-details.ts';
import { method, type Method } from './method.ts';
import { integer, text } from './param.ts';

const noQuery = (code: number, name: string, owner: string) => new Fault(code, `Query with name ${name} owned by user ${owner} does not exist.`);
const ofQuery = { query_name: text('name of the query'), username: text('its owner; without it, who asks', null) };
/** Rows of one answer at most. */
const mostRows = 10_000;

/** Queries over jobs and results. There are no saved ones yet, so that none of a name is ever found. */
export const queries: readonly Method[] = [
  method('results.make_custom_query', {
    access: login,
    params: { entity: text('testjob, testsuite or testcase'), conditions: text('conditions with commas between them: testjob__health__exact__Complete,testjob__priority__gt__50'), limit: integer('rows at most', 200) },
    about: 'Finds jobs, test suites or test cases, newest first.', returns: 'array of structs',
    async run(context, { entity, conditions, limit }) {
      if (!isEntity(entity)) throw new Fault(400, 'Wrong table name in entity parameter. Please refer to query docs.');
      try {
        const where = sql<boolean>`${readConditions(entity, conditions)} and ${visibleJobs(context.user)}`;
        return await rows[entity](context, where, sql`limit ${Math.max(0, Math.min(limit, mostRows))}`);
      } catch (error) {
        if (error instanceof UnsupportedLookup) throw new Fault(-32603, internalError(error.message));
        throw error instanceof UnknownField ? new Fault(400, 'Conditions URL incorrect: Field does not exist. Please refer to query docs.') : error;
      }
    },
  }),
  method('results.run_query', {
    access: login, params: { query_name: ofQuery.query_name, limit: integer('rows at most', 200), username: ofQuery.username }, about: 'The rows of a saved query. This server keeps no queries yet.', returns: 'array of structs',
    run: async ({ user }, { query_name, username }) => { throw noQuery(404, query_name, username ?? user.username); },
  }),
  method('results.refresh_query', {
    access: login, params: ofQuery, about: 'Runs a saved query again. This server keeps no queries yet.', returns: 'nil',
    run: async ({ user }, { query_name, username }) => { throw noQuery(400, query_name, username ?? user.username); },
  }),
  method('results.refresh_all_queries', {
    access: login, about: 'Runs all saved queries again. This server keeps no queries yet, so that there is nothing to do.', returns: 'nil',
    async run({ user }) {
      if (!user.isSuperuser) throw new Fault(401, `Permission denied for user ${user.username}. Must be a superuser to refresh all queries.`);
    },
  }),
];

type Entity = 'testjob' | 'testsuite' | 'testcase';
type Rows = (context: Parameters<typeof jobDetails>[0], where: ReturnType<typeof sql<boolean>>, limit: ReturnType<typeof sql>) => Promise<XmlRpcValue>;

const isEntity = (name: string): name is Entity => Object.hasOwn(rows, name);

const rows: Readonly<Record<Entity, Rows>> = {
  testjob: jobDetails,
  async testsuite({ services }, where, limit) {
    const found = await sql<{ id: number; name: string; job_id: number }>`
      select test_suites.id, test_suites.name, test_suites.job as job_id from test_suites join jobs on jobs.id = test_suites.job where ${where} order by test_suites.id desc ${limit}`.execute(services.db);
    return found.rows.map((s) => ({ ...s }));
  },
  async testcase({ services }, where, limit) {
    const found = await sql<{
      id: number; name: string; result: number; measurement: string | null; units: string; metadata: string | null; suite_id: number;
      start_log_line: number | null; end_log_line: number | null; test_set_id: number | null; logged: Date;
    }>`
      select test_cases.id, test_cases.name, test_cases.result, test_cases.measurement, test_cases.units, test_cases.metadata, test_cases.suite_id,
        test_cases.start_log_line, test_cases.end_log_line, test_cases.set_id as test_set_id, test_cases.logged
      from test_cases join test_suites on test_suites.id = test_cases.suite_id join jobs on jobs.id = test_cases.job
      where ${where} order by test_cases.id desc ${limit}`.execute(services.db);
    return found.rows.map((c) => ({ ...c, measurement: c.measurement === null ? null : new Double(Number(c.measurement)) }));
  },
};
