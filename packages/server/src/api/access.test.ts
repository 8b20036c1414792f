import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { startTestServer, type TestServer } from './testing.ts';

/* Who gets to see private jobs, for every address that tells anything about a job. */

let server: TestServer;
const jobs = { personal: 0, group: 0 };
let suite = 0;
let testCase = 0;
beforeAll(async () => {
  server = await startTestServer();
  // bob is in one of the two groups only, so he must not see the job.
  jobs.personal = await server.addJob({ submitter: 'alice', isPublic: false, description: 'secret-name' });
  jobs.group = await server.addJob({ submitter: 'alice', isPublic: true, groups: ['lab', 'board'], description: 'secret-name' });
  await sql`insert into user_groups (user_id, group_id) select u.id, g.id from users u, groups g where u.username = 'bob' and g.name = 'lab'`.execute(server.services.db);
  for (const id of Object.values(jobs)) {
    await server.appendLog(id, [['target', 'secret-log']]);
    [testCase] = await server.addCases(id, '0_smoke', [{ name: 'secret-case', result: 'fail', lines: [0, 1] }]) as [number];
  }
  suite = (await server.services.db.selectFrom('test_suites').select('id').where('job', '=', jobs.group).executeTakeFirstOrThrow()).id;
});
afterAll(() => server.stop());

const reads = [
  '/api/v1/jobs/N', '/api/v1/jobs/N/log', '/api/v1/jobs/N/log/search?q=secret', '/api/v1/jobs/N/actions', '/api/v1/jobs/N/results', '/api/v1/jobs/N/configuration',
  '/api/v0.2/jobs/N/', '/api/v0.2/jobs/N/logs/', '/api/v0.2/jobs/N/metadata/', '/api/v0.2/jobs/N/csv/', '/api/v0.2/jobs/N/yaml/', '/api/v0.2/jobs/N/junit/', '/api/v0.2/jobs/N/tap13/',
  '/api/v0.2/jobs/N/suites/', '/api/v0.2/jobs/N/tests/',
  '/scheduler/job/N/log_file/plain', '/scheduler/job/N/log_pipeline_incremental', '/scheduler/job/N/definition/plain', '/scheduler/job/N/multinode_definition/plain', '/scheduler/job/N/job_status',
  '/results/N/csv', '/results/N/yaml', '/results/N/yaml_summary', '/results/N/metadata', '/results/N/0_smoke/csv', '/results/N/0_smoke/yaml', '/results/N/0_smoke/+testcase-count',
];
const whoSees = { anonymous: false, bob: false, alice: true, root: true } as const;
type Who = keyof typeof whoSees;

describe.each(Object.keys(whoSees) as Who[])('%s', (as) => {
  test.each(reads)('%s', async (path) => {
    for (const [kind, id] of Object.entries(jobs)) {
      const { status, text } = await server.ask(path.replace('N', String(id)), { as });
      if (whoSees[as]) expect(status, kind).toBe(200);
      else {
        expect([403, 404], kind).toContain(status);
        expect(text, kind).not.toContain('secret');
      }
    }
  });

  test('single suites and cases', async () => {
    for (const path of [`/api/v0.2/jobs/${jobs.group}/suites/${suite}/`, `/api/v0.2/jobs/${jobs.group}/suites/${suite}/tests/`, `/api/v0.2/jobs/${jobs.group}/suites/${suite}/csv/`,
      `/api/v0.2/jobs/${jobs.group}/tests/${testCase}/`, `/results/testcase/${testCase}/yaml`]) {
      const { status, text } = await server.ask(path, { as });
      expect(status === 200, path).toBe(whoSees[as]);
      if (!whoSees[as]) expect(text).not.toContain('secret');
    }
  });

  test('lists, counts and searches', async () => {
    for (const path of ['/api/v1/jobs', '/api/v1/jobs?search=secret-name', '/api/v0.2/jobs/', '/api/v0.2/jobs/?description=secret-name', '/api/v1/devices', '/api/v1/devices/qemu01', '/api/v1/audit?kind=job']) {
      const { status, text } = await server.ask(path, { as });
      expect(status, path).toBe(200);
      if (!whoSees[as]) expect(text, path).not.toContain('secret');
    }
    expect((await server.ask('/api/v1/jobs?search=secret-name', { as })).json.counts.finished).toBe(whoSees[as] ? 2 : 0);
    expect((await server.ask('/api/v0.2/jobs/?description=secret-name', { as })).json.count).toBe(whoSees[as] ? 2 : 0);
    // A device does not give away the job that it ran.
    const expected = whoSees[as] ? jobs.group : null;
    expect((await server.ask('/api/v1/devices', { as })).json.devices[0].last_job).toBe(expected);
  });

  test('changes', async () => {
    for (const [path, method] of [['/api/v1/jobs/N/cancel', 'POST'], ['/api/v1/jobs/N/resubmit', 'POST'], ['/api/v0.2/jobs/N/cancel/', 'GET'], ['/api/v0.2/jobs/N/resubmit/', 'POST']] as const) {
      const { status } = await server.ask(path.replace('N', String(jobs.personal)), { as, method });
      expect(status < 300, path).toBe(whoSees[as]);
    }
    for (const path of ['/api/v1/devices/qemu01/health', '/api/v0.2/devices/qemu01/set_health/', '/api/v0.2/workers/worker01/set_health/']) {
      expect([200, 202].includes((await server.ask(path, { as, json: { health: path.includes('worker') ? 'Active' : 'Good' } })).status), path).toBe(as === 'root');
    }
  });
});

test('a member of all the groups sees the job', async () => {
  await sql`insert into user_groups (user_id, group_id) select u.id, g.id from users u, groups g where u.username = 'bob' and g.name = 'board'`.execute(server.services.db);
  expect((await server.ask(`/api/v1/jobs/${jobs.group}`, { as: 'bob' })).json).toMatchObject({ description: 'secret-name', can_cancel: false });
  expect((await server.ask(`/api/v1/jobs/${jobs.personal}`, { as: 'bob' })).status).toBe(404);
});
