import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { startTestServer, type TestServer } from './testing.ts';

let databases: TestDatabases;
let server: TestServer;
beforeAll(async () => {
  databases = await startTestDatabases();
  server = await startTestServer({ databases });
});
afterAll(async () => {
  await server.stop();
  await databases.stop();
});

test('without its database the server says so and lives', async () => {
  const live = await server.socket('/ws/live', 'alice');
  await databases.server.stop();
  for (const path of ['/api/v1/jobs', '/api/v1/me', '/api/v0.2/jobs/', '/scheduler/job/1/definition/plain']) {
    const answer = await server.ask(path, { as: 'alice' });
    expect(answer.status, path).toBe(503);
    expect(answer.text).toContain('The database does not answer');
    expect(answer.headers.get('retry-after')).toBe('5');
  }
  const health = await server.ask('/healthz');
  expect([health.status, health.json]).toEqual([500, { health: 'bad', error: 'database connection lost' }]);
  live.socket.send(JSON.stringify({ watch: 'job', job: 1 }));
  await live.until((m) => m.some((x) => x.type === 'error' && x.message.includes('database')));
});
