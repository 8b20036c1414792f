import { ConfigurationError } from '@lava/base';
import { sql } from 'kysely';
import { visibleJobs } from '../../auth/visibility.ts';
import { refreshQuery } from '../../queries/change-query.ts';
import { isQueryEntity, readConditions, UnknownField, UnsupportedLookup, type QueryEntity } from '../../queries/conditions.ts';
import type { RowSource } from '../../queries/rows.ts';
import { withinTime } from '../../queries/within-time.ts';
import { cachedQueries, findQuery, mayChangeQuery, maySeeQuery, savedRows, type SavedQuery } from '../../queries/saved-query.ts';
import type { User } from '../../auth/users.ts';
import { login } from './access.ts';
import { Double, Fault, type XmlRpcValue } from './codec/values.ts';
import { internalError } from './codec/write.ts';
import { jobDetails } from './job-details.ts';
import { method, type Context, type Method } from './method.ts';
import { integer, text } from './param.ts';

const ofQuery = { query_name: text('name of the query'), username: text('its owner; without it, who asks', null) };
/** Rows of one answer at most. */
const mostRows = 10_000;

/** Queries over jobs and results: those of a call, and saved ones. */
export const queries: readonly Method[] = [
  method('results.make_custom_query', {
    access: login,
    params: { entity: text('testjob, testsuite or testcase'), conditions: text('conditions with commas between them: testjob__health__exact__Complete,testjob__priority__gt__50'), limit: integer('rows at most', 200) },
    about: 'Finds jobs, test suites or test cases, newest first.', returns: 'array of structs',
    async run(context, { entity, conditions, limit }) {
      if (!isQueryEntity(entity)) throw new Fault(400, 'Wrong table name in entity parameter. Please refer to query docs.');
      try {
        return await read(context, { entity, where: readConditions(entity, conditions) }, limit);
      } catch (error) {
        if (error instanceof UnsupportedLookup) throw new Fault(-32603, internalError(error.message));
        throw error instanceof UnknownField ? new Fault(400, 'Conditions URL incorrect: Field does not exist. Please refer to query docs.') : error;
      }
    },
  }),
  method('results.run_query', {
    access: login, params: { query_name: ofQuery.query_name, limit: integer('rows at most', 200), username: ofQuery.username },
    about: 'The rows of a saved query, newest first: of a live one those of now, of another those of its last refresh.', returns: 'array of structs',
    async run(context, { query_name, limit, username }) {
      const query = await saved(context, query_name, username, 404);
      if (!maySeeQuery(context.user, query)) throw new Fault(403, `Permission denied for user to query ${query_name}`);
      try {
        return await read(context, savedRows(query), limit);
      } catch (error) {
        throw error instanceof ConfigurationError && error.code === 'query-not-run' ? new Fault(400, `Query with name ${query_name} owned by user ${query.owner} was not run yet: refresh it.`) : error;
      }
    },
  }),
  method('results.refresh_query', {
    access: login, params: ofQuery, about: 'Runs a saved query again, which is not live.', returns: 'nil',
    async run(context, { query_name, username }) {
      const query = await saved(context, query_name, username, 400);
      if (!mayChangeQuery(context.user, query)) throw new Fault(401, `Permission denied for user to query ${query_name}`);
      await refresh(context, query);
    },
  }),
  method('results.refresh_all_queries', {
    access: login, about: 'Runs all saved queries again that are not live.', returns: 'nil',
    async run(context) {
      const { user, services } = context;
      if (!user.isSuperuser) throw new Fault(401, `Permission denied for user ${user.username}. Must be a superuser to refresh all queries.`);
      for (const query of await cachedQueries(services.db)) await refresh(context, query);
    },
  }),
];

async function saved({ services, user }: Context<User>, name: string, owner: string | null, code: number): Promise<SavedQuery> {
  const username = owner ?? user.username;
  const query = await findQuery(services.db, username, name);
  if (!query || query.isArchived) throw new Fault(code, `Query with name ${name} owned by user ${username} does not exist.`);
  return query;
}

async function refresh({ services }: Context, query: SavedQuery): Promise<void> {
  const refused = await refreshQuery(services.db, query);
  const which = `Query with name ${query.name} owned by user ${query.owner}`;
  if (refused !== undefined) throw new Fault(400, refused === 'live' ? `${which} cannot be refreshed since it's a live query.` : `${which} was recently refreshed.`);
}

/** The rows that who asks may see. */
function read(context: Context, { entity, where }: RowSource, limit: number): Promise<XmlRpcValue> {
  return withinTime(context.services.db, (db) => rows[entity]({ ...context, services: { ...context.services, db } }, sql<boolean>`${where} and ${visibleJobs(context.user)}`, sql`limit ${Math.max(0, Math.min(limit, mostRows))}`));
}

type Rows = (context: Context, where: ReturnType<typeof sql<boolean>>, limit: ReturnType<typeof sql>) => Promise<XmlRpcValue>;

const rows: Readonly<Record<QueryEntity, Rows>> = {
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
