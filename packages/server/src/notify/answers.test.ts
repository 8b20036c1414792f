import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, testDefinition, type TestServer } from '../api/testing.ts';
import { jobState } from '../store/numbers.ts';

let server: TestServer;
let job: number;
beforeAll(async () => {
  server = await startTestServer();
  const callbacks = '[{url: "https://example.org/a"}, {url: "https://me:hidden@example.org/b?key=hidden", method: POST, dataset: logs, content-type: json}]';
  job = await server.addJob({ submitter: 'alice', state: 'Finished', health: 'Complete', definition: `${testDefinition}notify: {criteria: {status: finished}, callbacks: ${callbacks}}\n` });
  await server.appendLog(job, [['target', 'grüße']]);
  const common = { job, state: jobState.Finished, method: 'callback' as const };
  await server.services.db.insertInto('deliveries').values([
    { ...common, key: '0:5', recipient: 'https://example.org/a', status: 'sent', attempts: 1 },
    { ...common, key: '1:5', recipient: 'https://me:hidden@example.org/b?key=hidden', attempts: 3, error: 'example.org answered 500' },
  ]).execute();
});
afterAll(() => server.stop());

test('the submitter sees who is told and what became of it, without secrets; others do not', async () => {
  const path = `/api/v1/jobs/${job}/notifications`;
  for (const as of ['alice', 'root'] as const) {
    const { status, json, text } = await server.ask(path, { as });
    expect(status).toBe(200);
    expect(json.notifications).toMatchObject([
      { method: 'callback', recipient: 'https://example.org/a', status: 'sent', next_at: null },
      { method: 'callback', recipient: 'https://example.org/b?…', status: 'waiting', tries: 3, error: 'example.org answered 500', next_at: expect.stringContaining('T') },
    ]);
    expect(text).not.toContain('hidden');
  }
  for (const as of ['bob', 'anonymous'] as const) expect((await server.ask(path, { as })).json).toEqual({ notifications: [] });
});

test('the data of the first POST are for the submitter and staff', async () => {
  const path = `/scheduler/job/${job}/job_data`;
  const get = (as: 'alice' | 'bob' | 'root') => fetch(server.url + path, { headers: { authorization: `Token ${server.tokens[as]}` } });
  for (const as of ['alice', 'root'] as const) {
    const answer = await get(as);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/gzip']);
    const data = JSON.parse(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()) as Record<string, unknown>;
    expect(data).toMatchObject({ id: job, status: 2, log: expect.stringContaining('grüße') });
    expect(data).not.toHaveProperty('results');
  }
  expect((await get('bob')).status).toBe(403);
  expect((await server.ask(path)).status).toBe(401);
  const other = await server.addJob({ submitter: 'alice', state: 'Finished', device: null });
  expect((await server.ask(`/scheduler/job/${other}/job_data`, { as: 'alice' })).status).toBe(404);
  expect((await server.ask('/scheduler/job/999999/job_data', { as: 'alice' })).status).toBe(404);
});
