import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { methods } from '../api/xmlrpc/methods.ts';
import { startTestServer, testDefinition, type TestServer } from '../api/testing.ts';
import type { TokenScope } from '../store/database.ts';
import { scopeOfMethod } from './token-scope.ts';
import { newToken } from './tokens.ts';

let server: TestServer;
const secrets: Record<TokenScope | 'qemu' | 'other', string> = { read: '', submit: '', all: '', qemu: '', other: '' };
beforeAll(async () => {
  server = await startTestServer();
  const { db } = server.services;
  const { id } = await db.selectFrom('users').select('id').where('username', '=', 'root').executeTakeFirstOrThrow();
  for (const scope of ['read', 'submit', 'all'] as const) secrets[scope] = await newToken(db, id, scope, { scope });
  await db.insertInto('device_types').values({ name: 'other' }).execute();
  secrets.qemu = await newToken(db, id, 'qemu only', { scope: 'submit', deviceTypes: ['qemu'] });
  secrets.other = await newToken(db, id, 'other only', { scope: 'submit', deviceTypes: ['other'] });
});
afterAll(() => server.stop());

const ask = (token: keyof typeof secrets, method: string, path: string, json?: unknown) => server.ask(path, { method, json, headers: { authorization: `Token ${secrets[token]}` } });
const call = async (token: keyof typeof secrets, method: string, params = '') => (await server.ask('/RPC2', {
  body: `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params}</params></methodCall>`,
  headers: { authorization: `Basic ${Buffer.from(`root:${secrets[token]}`).toString('base64')}`, 'content-type': 'text/xml' },
})).text;
const multicall = (name: string) => `<param><value><array><data><value><struct><member><name>methodName</name><value>${name}</value></member><member><name>params</name><value><array><data><value>t</value></data></array></value></member></struct></value></data></array></value></param>`;

describe.each([['read', false, false], ['submit', true, false], ['all', true, true]] as const)('a token for %s', (scope, submits, changes) => {
  test('over HTTP', async () => {
    expect((await ask(scope, 'GET', '/api/v0.2/system/whoami/')).json).toEqual({ user: 'root' });
    expect((await ask(scope, 'POST', '/api/v1/validate', { definition: testDefinition })).status).toBe(200);
    expect((await ask(scope, 'POST', '/api/v1/jobs', { definition: testDefinition })).status).toBe(submits ? 201 : 403);
    expect((await ask(scope, 'POST', '/api/v0.2/jobs/', { definition: testDefinition })).status).toBe(submits ? 201 : 403);
    const job = await server.addJob({ state: 'Submitted' });
    expect((await ask(scope, 'GET', `/api/v0.2/jobs/${job}/cancel/`)).status).toBe(submits ? 200 : 403);
    expect((await ask(scope, 'POST', '/api/v0.2/tags/', { name: `tag-${scope}` })).status).toBe(changes ? 201 : 403);
    const made = await ask(scope, 'POST', '/api/v1/tokens', { description: 'x' });
    expect(made.status).toBe(changes ? 201 : 403);
    if (!changes) expect(made.json.error).toMatchObject({ code: 'token-scope' });
  });

  test('over XML-RPC, alone and in a multicall', async () => {
    expect(await call(scope, 'system.whoami')).toContain('root');
    const refused = 'This token is for';
    expect((await call(scope, 'scheduler.submit_job', '<param><value>x</value></param>')).includes(refused)).toBe(!submits);
    expect((await call(scope, 'scheduler.tags.add', `<param><value>rpc-${scope}</value></param>`)).includes(refused)).toBe(!changes);
    expect((await call(scope, 'system.multicall', multicall('scheduler.tags.delete'))).includes(refused)).toBe(!changes);
  });
});

test('a token for some device types submits to no other, and a resubmission neither', async () => {
  expect((await ask('qemu', 'POST', '/api/v1/jobs', { definition: testDefinition })).status).toBe(201);
  const refused = await ask('other', 'POST', '/api/v1/jobs', { definition: testDefinition });
  expect(refused).toMatchObject({ status: 400, json: { error: { code: 'token-device-type' } } });
  const job = await server.addJob();
  expect((await ask('other', 'POST', `/api/v1/jobs/${job}/resubmit`)).status).toBe(400);
  expect((await ask('other', 'POST', `/api/v0.2/jobs/${job}/resubmit/`)).status).toBe(400);
});

test('a method of XML-RPC that changes something needs more than a token for reading', () => {
  const changing = /(?:^|[._])(?:add|delete|update|set|assign|revoke|put|import|submit|cancel|resubmit|refresh|make)(?:[._]|$)/;
  const open = [...methods.keys()].filter((name) => scopeOfMethod(name) === 'read');
  expect(open.length).toBeGreaterThan(60);
  // Named like changes, but they only answer.
  const harmless = ['results.make_custom_query', 'system.user_can_submit_to_types'];
  expect(open.filter((name) => changing.test(name) && !harmless.includes(name))).toEqual([]);
});

test('what a token is for is told', async () => {
  const { tokens } = (await ask('all', 'GET', '/api/v1/tokens')).json as { tokens: { description: string; scope: string; device_types: string[] | null; last_used_at: string | null }[] };
  expect(tokens.find((t) => t.description === 'qemu only')).toMatchObject({ scope: 'submit', device_types: ['qemu'], last_used_at: expect.any(String) });
  const { token } = (await ask('all', 'POST', '/api/v1/tokens', { description: 'small', scope: 'read', days: '3' })).json as { token: string };
  expect((await server.ask('/api/v1/tokens', { json: {}, headers: { authorization: `Token ${token}` } })).status).toBe(403);
  expect((await ask('all', 'POST', '/api/v1/tokens', { scope: 'some' })).status).toBe(400);
});
