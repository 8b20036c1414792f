import { Ajv } from 'ajv';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { startTestServer, testDefinition, type TestServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

test('editors get the JSON Schemas of jobs and test definitions', async () => {
  const { status, headers, json } = await server.ask('/schemas/job.json');
  expect([status, headers.get('content-type')]).toEqual([200, 'application/schema+json; charset=utf-8']);
  const fits = new Ajv({ strict: false }).compile(json as object);
  const job = loadYaml(testDefinition) as object;
  expect([fits(job), fits({ ...job, actions: [{ deploy: { to: 'moon' } }] })]).toEqual([true, false]);
  expect((await server.ask('/schemas/device.json')).json).toMatchObject({ title: 'LAVA device configuration' });
  expect((await server.ask('/schemas/lab.json')).json).toMatchObject({ title: 'LAVA lab' });
  expect((await server.ask('/schemas/test-definition.json')).json).toMatchObject({ title: 'LAVA test definition' });
  expect((await server.ask('/schemas/other.json')).headers.get('content-type')).not.toContain('schema+json');
});
