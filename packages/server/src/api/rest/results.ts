import { testResults } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Services } from '../../services.ts';
import { forbidden, notFound } from '../errors.ts';
import { casesAsCsv, casesAsYaml, storedCases } from '../../export/cases.ts';
import { attachment, stream } from '../send.ts';
import { suiteFields, testFields } from './fields.ts';
import { queryNumber } from './job-exports.ts';
import { restJobId } from './job-id.ts';
import { listing } from './page.ts';
import { base, restTime, route, type RestRequest } from './route.ts';

interface RawSuite { id: number; name: string; job: number }
interface RawCase {
  id: number; result: number; units: string; name: string; measurement: string | null; metadata: string | null; start_log_line: number | null;
  end_log_line: number | null; logged: Date; suite: number; test_set: number | null; job: number;
}

const caseColumns = sql`test_cases.id, test_cases.result, test_cases.units, test_cases.name, test_cases.measurement, test_cases.metadata, test_cases.start_log_line,
  test_cases.end_log_line, test_cases.logged, test_cases.suite_id as suite, test_cases.set_id as test_set, test_cases.job`;
const caseOrderings = Object.fromEntries(['id', 'name', 'units', 'result', 'measurement', 'start_log_line', 'end_log_line', 'logged'].map((n) => [n, `test_cases.${n}`]));
const mostCases = 10_000;

interface Of { job: string; suite: string; test: string }

const rowNumber = (text: string) => {
  if (!/^\d{1,9}$/.test(text)) throw notFound('This');
  return Number(text);
};

export function restResults(app: FastifyInstance, services: Services): void {
  const { db } = services;

  /** Results of a hidden job are forbidden, not missing. */
  const jobOf = async (request: RestRequest<Of>) => {
    try {
      return await restJobId(services, request.user, request.params.job);
    } catch (error) {
      const id = /^\d{1,9}$/.test(request.params.job) ? Number(request.params.job) : -1;
      if (await db.selectFrom('jobs').select('id').where('id', '=', id).executeTakeFirst()) throw forbidden();
      throw error;
    }
  };
  const suiteOf = async (request: RestRequest<Of>) => {
    const job = await jobOf(request);
    const suite = await db.selectFrom('test_suites').select(['id', 'name', 'job']).where('job', '=', job).where('id', '=', rowNumber(request.params.suite)).executeTakeFirst();
    if (!suite) throw notFound('Suite');
    return suite;
  };
  const showSuite = (request: RestRequest<Of>) => (s: RawSuite) => ({ id: s.id, resource_uri: `${base(request)}/jobs/${s.job}/suites/${s.id}/`, name: s.name, job: s.job });
  const showCase = (request: RestRequest<Of>) => (c: RawCase) => ({
    id: c.id, result: testResults[c.result], resource_uri: `${base(request)}/jobs/${c.job}/suites/${c.suite}/tests/${c.id}/`, unit: c.units, name: c.name, measurement: c.measurement,
    metadata: c.metadata, start_log_line: c.start_log_line, end_log_line: c.end_log_line, logged: restTime(c.logged), suite: c.suite, test_set: c.test_set,
  });

  route<Of>(app, '/jobs/:job/suites/', {
    GET: async (request) => {
      const job = await jobOf(request);
      return listing<RawSuite, unknown>({
        db, request, columns: sql`test_suites.id, test_suites.name, test_suites.job`, from: sql`test_suites`, fields: suiteFields, where: sql<boolean>`test_suites.job = ${job}`,
        orderings: { id: 'test_suites.id', name: 'test_suites.name' }, defaultOrder: sql`test_suites.id`, most: mostCases, show: showSuite(request),
      });
    },
  }, { filters: suiteFields, orderings: ['id', 'name'] });
  route<Of>(app, '/jobs/:job/suites/:suite/', { GET: async (request) => showSuite(request)(await suiteOf(request)) });

  const listed = { filters: testFields, orderings: Object.keys(caseOrderings) };
  const cases = async (request: RestRequest<Of>, where: ReturnType<typeof sql<boolean>>) => listing<RawCase, unknown>({
    db, request, columns: caseColumns, from: sql`test_cases`, fields: testFields, where, orderings: caseOrderings, defaultOrder: sql`test_cases.id`, most: mostCases, show: showCase(request),
  });
  const oneCase = async (request: RestRequest<Of>, where: ReturnType<typeof sql<boolean>>) => {
    const { rows } = await sql<RawCase>`select ${caseColumns} from test_cases where test_cases.id = ${rowNumber(request.params.test)} and ${where}`.execute(db);
    if (!rows[0]) throw notFound('Test case');
    return showCase(request)(rows[0]);
  };
  route<Of>(app, '/jobs/:job/tests/', { GET: async (request) => cases(request, sql<boolean>`test_cases.job = ${await jobOf(request)}`) }, listed);
  route<Of>(app, '/jobs/:job/tests/:test/', { GET: async (request) => oneCase(request, sql<boolean>`test_cases.job = ${await jobOf(request)}`) });
  route<Of>(app, '/jobs/:job/suites/:suite/tests/', { GET: async (request) => cases(request, sql<boolean>`test_cases.suite_id = ${(await suiteOf(request)).id}`) }, listed);
  route<Of>(app, '/jobs/:job/suites/:suite/tests/:test/', { GET: async (request) => oneCase(request, sql<boolean>`test_cases.suite_id = ${(await suiteOf(request)).id}`) });

  const exported = async (request: RestRequest<Of>) => {
    const suite = await suiteOf(request);
    return { suite, rows: storedCases(services, suite.job, { suite: suite.id, limit: queryNumber(request, 'limit'), offset: queryNumber(request, 'offset') }) };
  };
  route<Of>(app, '/jobs/:job/suites/:suite/csv/', {
    GET: async (request, reply) => {
      const { suite, rows } = await exported(request);
      return stream(attachment(reply, `suite_${suite.name}.csv`), 'application/csv', casesAsCsv(rows, true));
    },
  });
  route<Of>(app, '/jobs/:job/suites/:suite/yaml/', {
    GET: async (request, reply) => {
      const { suite, rows } = await exported(request);
      return stream(attachment(reply, `suite_${suite.name}.yaml`), 'application/yaml', casesAsYaml(rows));
    },
  });
}
