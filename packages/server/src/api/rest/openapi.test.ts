import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

interface Operation { operationId: string; parameters?: { name: string; in: string; schema: { enum?: string[]; type?: string } }[]; requestBody?: { content: Record<string, { schema: { properties: Record<string, unknown>; required?: string[] } }> } }
type Paths = Record<string, Record<string, Operation> & { parameters?: { name: string }[] }>;

test('/api/ describes the REST API', async () => {
  const { status, json, headers } = await server.ask('/api/');
  expect([status, headers.get('content-type'), json.openapi]).toEqual([200, 'application/json; charset=utf-8', '3.1.0']);
  expect((await server.ask('/api')).status).toBe(301);
  const paths = json.paths as Paths;
  const operations = Object.values(paths).flatMap(({ parameters: _ofPath, ...methods }) => Object.values(methods));
  expect(new Set(operations.map((o) => o.operationId)).size).toBe(operations.length);
  for (const [url, item] of Object.entries(paths)) expect([...url.matchAll(/\{(\w+)\}/g)].map((m) => m[1])).toEqual((item.parameters ?? []).map((p) => p.name));
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/api/v0.2/jobs/', '/api/v0.2/jobs/{job}/tap13/', '/api/v0.2/devices/{hostname}/dictionary/', '/api/v0.2/permissions/devices/{key}/', '/api/v0.2/token/']));
  // A schema of filters is true: each that is named is understood, and with a wrong word refused.
  const states = paths['/api/v0.2/jobs/']!['get']!.parameters!.find((p) => p.name === 'state')!;
  for (const state of states.schema.enum!) expect((await server.ask(`/api/v0.2/jobs/?state=${state}`)).status).toBe(200);
  expect((await server.ask('/api/v0.2/jobs/?state=Nonsense')).status).toBe(400);
});

test('what it says of bodies is what the API wants', async () => {
  const paths = (await server.ask('/api/')).json.paths as Paths;
  for (const url of ['/api/v0.2/groups/', '/api/v0.2/users/', '/api/v0.2/tags/', '/api/v0.2/aliases/', '/api/v0.2/permissions/devices/', '/api/v0.2/devices/', '/api/v0.2/devicetypes/', '/api/v0.2/workers/']) {
    const { required } = paths[url]!['post']!.requestBody!.content['application/json']!.schema;
    const answer = await server.ask(url, { as: 'root', json: {} });
    expect([url, answer.status, Object.keys(answer.json as object).sort()]).toEqual([url, 400, [...required!].sort()]);
  }
});

test('every resource of the root is listed and described', async () => {
  const paths = (await server.ask('/api/')).json.paths as Paths;
  const root = (await server.ask('/api/v0.2/')).json as Record<string, string>;
  expect(Object.keys(root)).toHaveLength(12);
  for (const url of Object.values(root)) {
    expect(paths).toHaveProperty([new URL(url).pathname]);
    expect((await server.ask(new URL(url).pathname, { as: 'root' })).status).toBe(200);
  }
});
