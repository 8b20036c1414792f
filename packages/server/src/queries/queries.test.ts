import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../api/testing.ts';
import { comparisonText } from '../notify/comparison.ts';
import { readJobFacts } from '../notify/job-facts.ts';
import { jobState } from '../store/numbers.ts';
import { withinTime } from './within-time.ts';

let server: TestServer;
/** Jobs of alice: one that everybody sees, one that only she sees, one that failed. */
let open: number;
let personal: number;
let failed: number;
let cases: number[];

beforeAll(async () => {
  server = await startTestServer();
  open = await server.addJob({ description: 'nightly', definition: 'job_name: a\n' });
  personal = await server.addJob({ description: 'nightly', isPublic: false });
  failed = await server.addJob({ description: 'nightly', health: 'Incomplete' });
  cases = await server.addCases(open, '0_smoke', [{ name: 'bw', measurement: '12.5', units: 'MB/s' }, { name: 'dns', result: 'fail' }]);
  await server.addCases(failed, '0_smoke', [{ name: 'bw', measurement: '7.5' }, { name: 'temp', metadata: 'case: temp\nresult: pass\ncelsius: 41.5\n' }]);
  const { db } = server.services;
  const { id } = await db.insertInto('groups').values({ name: 'lab' }).returning('id').executeTakeFirstOrThrow();
  const alice = await db.selectFrom('users').select('id').where('username', '=', 'alice').executeTakeFirstOrThrow();
  await db.insertInto('user_groups').values({ user_id: alice.id, group_id: id }).execute();
  await db.updateTable('jobs').set({ metadata: JSON.stringify({ branch: 'main', watts: '3.5' }) }).where('id', '=', open).execute();
});
afterAll(() => server.stop());

const nightly = [{ table: 'testjob', field: 'description', operator: 'exact', value: 'nightly' }];
const call = async (as: 'alice' | 'bob' | 'root', name: string, ...params: (string | number)[]) => {
  const values = params.map((p) => `<param><value>${typeof p === 'number' ? `<int>${p}</int>` : `<string>${p}</string>`}</value></param>`).join('');
  const credentials = Buffer.from(`${as}:${server.tokens[as]}`).toString('base64');
  const { text } = await server.ask('/RPC2', { body: `<methodCall><methodName>${name}</methodName><params>${values}</params></methodCall>`, headers: { authorization: `Basic ${credentials}`, 'content-type': 'text/xml' } });
  const fault = /faultCode<\/name>\s*<value><int>(-?\d+)<[^]*faultString<\/name>\s*<value><string>([^<]*)/.exec(text);
  return fault ? `${fault[1]} ${fault[2]}` : [...text.matchAll(/<name>id<\/name>\s*<value><int>(\d+)/g)].map((m) => Number(m[1]));
};
const found = async (as: 'alice' | 'bob' | 'anonymous', path: string) => {
  const answer = await server.ask(`/api/v1/queries/${path}`, { as });
  return answer.status === 200 ? (answer.json.rows as { id: number }[]).map((row) => row.id) : answer.status;
};

test('a query is refreshed, published, changed and put into the archive', async () => {
  const path = 'alice/failures';
  expect((await server.ask('/api/v1/queries', { json: {} })).status).toBe(401);
  expect((await server.ask('/api/v1/queries', { as: 'alice', json: { name: 'failures', conditions: nightly, label: 'Triage' } })).json).toMatchObject({ owner: 'alice', limit: 200, is_live: false, can_change: true });
  expect((await server.ask('/api/v1/queries', { as: 'alice', json: { name: 'failures' } })).json.error).toMatchObject({ code: 'query-refused', message: 'You have a query failures already' });

  // It has found nothing before it was run; and until it is published nobody else knows of it.
  expect((await server.ask(`/api/v1/queries/${path}/results`, { as: 'alice' })).json.error).toMatchObject({ code: 'query-not-run' });
  expect(await call('alice', 'results.run_query', 'failures')).toBe('400 Query with name failures owned by user alice was not run yet: refresh it.');
  expect([await found('bob', `${path}/results`), await call('bob', 'results.run_query', 'failures', 200, 'alice')]).toEqual([404, '403 Permission denied for user to query failures']);
  expect((await server.ask('/api/v1/queries', { as: 'bob' })).json).toEqual({ queries: [] });

  expect((await server.ask(`/api/v1/queries/${path}/refresh`, { as: 'bob', json: {} })).status).toBe(404);
  expect((await server.ask(`/api/v1/queries/${path}/refresh`, { as: 'alice', json: {} })).json).toMatchObject({ is_changed: false, refreshed_at: expect.stringMatching(/^\d{4}-/) });
  expect(await found('alice', `${path}/results`)).toEqual([failed, personal, open]);
  const more = (await server.ask(`/api/v1/queries/${path}/results?limit=1&before=${failed}`, { as: 'alice' })).json;
  expect([more.entity, more.more, more.rows[0]]).toMatchObject(['testjob', true, { id: personal, description: 'nightly', submitter: 'alice' }]);

  await server.ask(`/api/v1/queries/${path}`, { as: 'alice', json: { is_published: true } });
  expect([await found('bob', `${path}/results`), await found('anonymous', `${path}/results`), await call('bob', 'results.run_query', 'failures', 1, 'alice')]).toEqual([[failed, open], [failed, open], [failed]]);
  expect((await server.ask(`/api/v1/queries/${path}`, { as: 'bob', json: { description: 'mine' } })).status).toBe(403);
  expect(await call('bob', 'results.refresh_query', 'failures', 'alice')).toBe('401 Permission denied for user to query failures');

  // What was left out is so for everybody; what changed counts from the next refresh.
  await server.ask(`/api/v1/queries/${path}/omit`, { as: 'alice', json: { id: failed } });
  expect(await found('bob', `${path}/results`)).toEqual([open]);
  await server.ask(`/api/v1/queries/${path}/omit`, { as: 'alice', json: { id: failed, omit: false } });
  const changed = await server.ask(`/api/v1/queries/${path}`, { as: 'alice', json: { conditions: [...nightly, { table: 'testjob', field: 'health', operator: 'exact', value: 'Incomplete' }] } });
  expect(changed.json).toMatchObject({ is_changed: true, conditions_text: 'testjob__description__exact__nightly,testjob__health__exact__Incomplete' });
  expect(await found('alice', `${path}/results`)).toEqual([failed, personal, open]);
  expect(await call('alice', 'results.refresh_query', 'failures')).toEqual([]);
  expect(await found('alice', `${path}/results`)).toEqual([failed]);

  await server.ask(`/api/v1/queries/${path}`, { as: 'alice', json: { is_archived: true } });
  expect(await call('alice', 'results.run_query', 'failures')).toBe('404 Query with name failures owned by user alice does not exist.');
  expect(await call('alice', 'results.refresh_query', 'failures')).toBe('400 Query with name failures owned by user alice does not exist.');
  expect((await server.ask('/api/v1/queries', { as: 'alice', json: { name: 'failures' } })).json.error.hint).toMatch(/archive/);
});

test('a live query is evaluated when somebody looks; two conditions on one field both count', async () => {
  const conditions = [{ table: 'testcase', field: 'name', operator: 'icontains', value: 'b' }, { table: 'testcase', field: 'name', operator: 'icontains', value: 'w' }];
  await server.ask('/api/v1/queries', { as: 'alice', json: { name: 'live', entity: 'testcase', is_live: true, is_published: true, conditions } });
  expect((await server.ask('/api/v1/queries/alice/live/results', { as: 'bob' })).json.rows).toMatchObject([{ name: 'bw', suite: '0_smoke', job: failed, measurement: '7.5', result: 'pass' }, { id: cases[0], measurement: '12.5', units: 'MB/s' }]);
  expect(await call('bob', 'results.run_query', 'live', 200, 'alice')).toHaveLength(2);
  expect(await call('alice', 'results.refresh_query', 'live')).toBe("400 Query with name live owned by user alice cannot be refreshed since it's a live query.");
  expect((await server.ask('/api/v1/queries/alice/live/refresh', { as: 'alice', json: {} })).status).toBe(400);
  expect([await call('alice', 'results.refresh_all_queries'), await call('root', 'results.refresh_all_queries')]).toEqual(['401 Permission denied for user alice. Must be a superuser to refresh all queries.', []]);
});

test.each([
  [{ name: 'a/b' }, '"a/b" cannot be a name'], [{ name: 'few', limit: 3 }, 'A query keeps from 20 to 10000 rows, not 3'], [{ name: 'g', group: 'others' }, 'You are in no group others'],
  [{ name: 'f', conditions: [{ table: 'testjob', field: 'password', operator: 'exact', value: '1' }] }, 'There is no field password of testjob.'],
  [{ name: 'f', conditions: [{ table: 'testjob', field: 'health', operator: 'exact', value: 'Fine' }] }, 'health is compared with "Fine", but must be one of: Unknown, Complete, Incomplete, Canceled.'],
  [{ name: 'f', conditions: [{ table: 'testjob', field: 'end_time', operator: 'gt', value: 'yesterday' }] }, 'end_time is compared with "yesterday", but must be a time, as in 2026-01-02 03:04:05.'],
  [{ name: 'f', conditions: [{ table: 'testsuite', field: 'name', operator: 'gt', value: 'a' }] }, 'name cannot be compared with gt: use exact, iexact, ne, icontains.'],
])('%j is refused', async (json, message) => {
  const answer = await server.ask('/api/v1/queries', { as: 'alice', json });
  expect([answer.status, answer.json.error.message]).toEqual([400, message]);
});

test('the group of a query changes it too', async () => {
  await server.ask('/api/v1/queries', { as: 'root', json: { name: 'shared', is_live: true, group: 'lab', conditions: nightly } });
  expect((await server.ask('/api/v1/queries/root/shared', { as: 'alice', json: { description: 'of the lab' } })).json).toMatchObject({ group: 'lab', description: 'of the lab', can_change: true });
  expect((await server.ask('/api/v1/queries/root/shared', { as: 'bob' })).status).toBe(404);
});

test('queries of an address, and CSV without bytes of Python', async () => {
  expect(await found('bob', '+custom?entity=testjob&conditions=testjob__health__exact__Incomplete')).toEqual([failed]);
  expect(await found('bob', '+custom?entity=testjob&conditions=namedtestattribute__branch__exact__main')).toEqual([open]);
  expect([await found('anonymous', '+custom'), await found('bob', '+custom?entity=nothing'), await found('bob', '+custom?conditions=a__b'), await found('bob', '+custom?conditions=id__like__1')]).toEqual([401, 400, 400, 400]);
  const csv = await server.ask('/results/query/+export-custom?entity=testcase&conditions=testcase__name__exact__bw,testcase__measurement__gt__10', { as: 'bob' });
  expect(csv.headers.get('content-type')).toMatch('text/csv');
  const [header, row, ...rest] = csv.text.split('\r\n');
  expect(header).toBe('"end_log_line","id","job","logged","measurement","metadata","name","result","start_log_line","suite","test_set","units"');
  expect(row).toMatch(new RegExp(`^"","${cases[0]}","${open}","`));
  expect([row!.endsWith('"bw","pass","","0_smoke","","MB/s"'), rest]).toEqual([true, ['']]);
  const jobs = await server.ask('/results/query/~root/shared/+export', { as: 'alice' });
  expect(jobs.text.split('\r\n').filter(Boolean)).toHaveLength(4);
  expect(jobs.text).toContain('"Incomplete"');
  expect((await server.ask('/results/query/~root/shared/+export', { as: 'bob' })).status).toBe(404);
  expect((await server.ask('/results/query/+get-query-names?term=LIV')).json).toMatchObject([{ value: '~alice/live', content_type: 'TestCase' }]);
});

test('a query that looks through too much ends, and says so', async () => {
  await expect(withinTime(server.services.db, (db) => sql`select pg_sleep(20)`.execute(db), 0.05)).rejects.toMatchObject({ code: 'query-too-slow', message: 'the query takes longer than 0.05 seconds' });
  // Only its own transaction was bounded.
  expect((await sql<{ statement_timeout: string }>`show statement_timeout`.execute(server.services.db)).rows).toEqual([{ statement_timeout: '0' }]);
});

test('charts draw what who looks may see', async () => {
  const parts = [{ query: '~root/shared', type: 'pass/fail' }, { query: '~root/shared', type: 'attributes', attributes: ['watts', 'branch'] }, { query: '~alice/live', type: 'measurement', x_attribute: 'branch', visibility: 'both' }];
  expect((await server.ask('/api/v1/charts', { as: 'alice', json: { name: 'trend', is_published: true, parts } })).status).toBe(201);
  const chart = (await server.ask('/api/v1/charts/trend', { as: 'bob' })).json;
  expect(chart.parts.map((p: { series: unknown }) => p.series)).toMatchObject([
    [{ name: '0_smoke', points: [{ job: open, pass: false, value: 1, counts: { passed: 1, failed: 1 } }, { job: failed, pass: true, value: 2 }] }],
    [{ name: 'watts', points: [{ job: open, value: 3.5, pass: true }] }],
    [{ name: 'bw', points: [{ job: open, x: 'main', value: 12.5 }] }],
  ]);
  expect((await server.ask('/api/v1/charts/trend')).status).toBe(401);
  expect((await server.ask('/api/v1/charts', { as: 'bob', json: { name: 'mine', parts: [parts[0]] } })).json.error.message).toBe('There is no query ~root/shared');
  expect((await server.ask('/api/v1/charts', { as: 'alice', json: { name: 'mine', parts: [{ query: '~alice/live', type: 'pass/fail' }] } })).json.error.message).toBe("Pass/fail is incorrect value for 'chart_type' with TestCase based queries.");
  expect((await server.ask('/api/v1/charts/+custom?entity=testsuite&type=measurement&conditions=testsuite__name__exact__0_smoke', { as: 'bob' })).json.series.map((s: { name: string }) => s.name)).toEqual(['bw', 'dns', 'temp']);
  expect((await server.ask('/api/v1/charts/+custom?entity=testcase&type=attributes&attributes=celsius', { as: 'bob' })).json.series).toMatchObject([{ name: 'celsius', points: [{ value: 41.5 }] }]);
  expect((await server.ask('/api/v1/charts/+custom?entity=testcase&type=pass/fail', { as: 'bob' })).status).toBe(400);
  expect((await server.ask('/api/v1/charts/trend', { as: 'bob', method: 'DELETE' })).status).toBe(403);
  expect((await server.ask('/api/v1/charts/trend', { as: 'alice', method: 'DELETE' })).status).toBe(204);
});

test('a notification compares with a saved query', async () => {
  const { services } = server;
  const facts = (await readJobFacts(services.db, failed, jobState.Finished))!;
  const compared = (saved: string) => comparisonText(services, facts, { conditions: undefined, saved, blacklist: ['dns'] });
  expect(await compared('~alice/nothing')).toContain('there is no query ~alice/nothing');
  expect(await compared('~alice/live')).toContain('does not find jobs');
  // The newest other Complete job is the personal one, which is the submitter's own and has no results.
  expect(await compared('~root/shared')).toMatch(new RegExp(`^Comparison with job ${personal}\n  suite 0_smoke: is new$`));
});
