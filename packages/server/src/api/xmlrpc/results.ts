import { csvHeader, csvRow, exportedCase, type StoredCase } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { sql } from 'kysely';
import type { User } from '../../auth/users.ts';
import { casesAsCsv, casesAsYaml, jobMetadata, storedCases } from '../../export/cases.ts';
import { login } from './access.ts';
import { Fault, type XmlRpcValue } from './codec/values.ts';
import { method, type Context, type Method } from './method.ts';
import { findJob } from './objects.ts';
import { anything, jobId, text } from './param.ts';
import { queries } from './queries.ts';

const ofSuite = { job_id: jobId(), suite_name: text('name of the test suite') };
const paged = { ...ofSuite, limit: anything('cases at most', null), offset: anything('cases to leave out; only together with limit', null) };
const ofCase = { ...ofSuite, case_name: text('name of the test case') };
const yamlList = 'string: a YAML list of test cases';
const csvTable = 'string: test cases as CSV with a header';

/** Results of jobs. */
export const results: readonly Method[] = [
  method('results.get_testjob_results_yaml', {
    access: login, params: { job_id: jobId() }, about: 'All test cases of a job, suite by suite.', returns: yamlList,
    run: async (context, { job_id }) => joined(casesAsYaml(storedCases(context.services, await jobOf(context, job_id), { bySuite: true }))),
  }),
  method('results.get_testjob_results_csv', {
    access: login, params: { job_id: jobId() }, about: 'All test cases of a job, suite by suite.', returns: csvTable,
    run: async (context, { job_id }) => joined(casesAsCsv(storedCases(context.services, await jobOf(context, job_id), { bySuite: true }), true)),
  }),
  method('results.get_testjob_suites_list_yaml', {
    access: login, params: { job_id: jobId() }, about: 'The test suites of a job.', returns: 'string: a YAML list of mappings with name, job, id',
    async run(context, { job_id }) {
      const suites = await suitesOf(context, job_id);
      return dumpYaml(suites.map((s) => new Map(Object.entries(s))), { literalBlocks: false });
    },
  }),
  method('results.get_testjob_suites_list_csv', {
    access: login, params: { job_id: jobId() }, about: 'The test suites of a job.', returns: 'string: CSV with the columns name, job, id',
    async run(context, { job_id }) {
      const suites = await suitesOf(context, job_id);
      return ['name,job,id'.split(','), ...suites.map((s) => [s.name, s.job, s.id])].map((row) => `${row.map((f) => `"${f.replaceAll('"', '""')}"`).join(',')}\r\n`).join('');
    },
  }),
  method('results.get_testsuite_results_yaml', {
    access: login, params: paged, about: 'Test cases of a suite, in the order of their arrival.', returns: yamlList,
    run: async (context, { job_id, suite_name, limit, offset }) => joined(casesAsYaml(page(context, await suiteOf(context, job_id, suite_name), limit, offset))),
  }),
  method('results.get_testsuite_results_csv', {
    access: login, params: paged, about: 'Test cases of a suite, in the order of their arrival.', returns: csvTable,
    run: async (context, { job_id, suite_name, limit, offset }) => joined(casesAsCsv(page(context, await suiteOf(context, job_id, suite_name), limit, offset), true)),
  }),
  method('results.get_testsuite_results_count', {
    access: login, params: ofSuite, about: 'How many test cases a suite has.', returns: 'integer',
    async run(context, { job_id, suite_name }) {
      const { suite } = await suiteOf(context, job_id, suite_name);
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from test_cases where suite_id = ${suite}`.execute(context.services.db);
      return rows[0]!.count;
    },
  }),
  method('results.get_testcase_results_yaml', {
    access: login, params: ofCase, about: 'The test cases of a name in a suite: a test may report one several times.', returns: yamlList,
    async run(context, args) {
      const cases = await casesNamed(context, args);
      return dumpYaml(cases.map(exportedCase), { literalBlocks: false });
    },
  }),
  method('results.get_testcase_results_csv', {
    access: login, params: ofCase, about: 'The test cases of a name in a suite.', returns: csvTable,
    async run(context, args) {
      const cases = await casesNamed(context, args);
      if (cases.length === 0) throw new Fault(404, 'Specified test case not found.');
      return csvHeader(true) + cases.map((c) => csvRow(c, true)).join('');
    },
  }),
  method('results.get_testjob_metadata', {
    access: login, params: { job_id: jobId() }, about: 'The metadata of a job.', returns: 'array of structs with one member each, values as text',
    async run(context, { job_id }) {
      const id = await jobOf(context, job_id);
      const { metadata } = await context.services.db.selectFrom('jobs').select('metadata').where('id', '=', id).executeTakeFirstOrThrow();
      return jobMetadata(metadata);
    },
  }),
  ...queries,
];

async function jobOf(context: Context<User>, name: string): Promise<number> {
  if (name === '') throw new Fault(400, 'Bad request: TestJob id was not specified.');
  const found = await findJob(context, name);
  if (!found) throw new Fault(404, 'Specified job not found.');
  if (!found.visible) throw new Fault(401, `Permission denied for user to job ${name}`);
  return found.id;
}

async function suitesOf(context: Context<User>, job: string): Promise<{ name: string; job: string; id: string }[]> {
  const id = await jobOf(context, job);
  const rows = await context.services.db.selectFrom('test_suites').select(['name', 'id']).where('job', '=', id).orderBy('id').execute();
  return rows.map((s) => ({ name: s.name, job: String(id), id: String(s.id) }));
}

interface Suite { readonly job: number; readonly suite: number }

async function suiteOf(context: Context<User>, job: string, name: string): Promise<Suite> {
  const id = await jobOf(context, job);
  const suite = await context.services.db.selectFrom('test_suites').select('id').where('job', '=', id).where('name', '=', name).executeTakeFirst();
  if (!suite) throw new Fault(404, 'Specified test suite not found.');
  return { job: id, suite: suite.id };
}

/** A page of a suite; LAVA looks at an offset only beside a limit, and what is no number asks for nothing. */
async function* page({ services }: Context, { job, suite }: Suite, limit: XmlRpcValue, offset: XmlRpcValue): AsyncGenerator<StoredCase> {
  if (limit === null) return yield* storedCases(services, job, { suite });
  const [most, from] = [Number(limit), Number(offset ?? 0)];
  if (Number.isInteger(most) && Number.isInteger(from) && most >= 0 && from >= 0) yield* storedCases(services, job, { suite, limit: most, offset: from });
}

async function casesNamed(context: Context<User>, { job_id, suite_name, case_name }: { job_id: string; suite_name: string; case_name: string }): Promise<StoredCase[]> {
  const { job, suite } = await suiteOf(context, job_id, suite_name);
  return collected(storedCases(context.services, job, { suite, name: case_name }));
}

async function joined(parts: AsyncIterable<string>): Promise<string> {
  return (await collected(parts)).join('');
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
