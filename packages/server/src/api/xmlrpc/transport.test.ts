import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

const whoami = "<?xml version='1.0'?><methodCall><methodName>system.whoami</methodName><params/></methodCall>";
const post = (headers: Record<string, string> = {}, body = whoami, path = '/RPC2') => server.ask(path, { method: 'POST', body, headers });
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

test('both paths, whatever the content type', async () => {
  for (const path of ['/RPC2', '/RPC2/']) {
    for (const type of ['text/xml', 'application/json', 'nonsense']) {
      const { status, text, headers } = await post({ 'content-type': type }, whoami, path);
      expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([200, 'application/xml; charset=utf-8', String(text.length)]);
      expect(text).toBe("<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><nil/></value></param>\n</params>\n</methodResponse>\n");
    }
  }
});

test('without a call there is the help', async () => {
  for (const answer of [await server.ask('/RPC2'), await server.ask('/RPC2/'), await post({}, '')]) expect([answer.status, answer.headers.get('location')]).toEqual([302, '/api/help/']);
});

test.each([
  [400, 'Invalid HTTP_AUTHORIZATION header', 'nonsense'], [400, 'Unsupported HTTP_AUTHORIZATION header, only Basic scheme is supported', 'Token abc'], [400, 'Unsupported HTTP_AUTHORIZATION header, only Basic scheme is supported', 'basic abc'],
  [400, 'Corrupted HTTP_AUTHORIZATION header, bad base64 encoding', 'Basic !'], [400, 'Corrupted HTTP_AUTHORIZATION header, bad base64 encoding', 'Basic /////w=='], [400, 'Corrupted HTTP_AUTHORIZATION header, no user:pass', 'Basic YQ=='],
])('%i %s', async (status, text, authorization) => {
  const answer = await post({ authorization });
  expect([answer.status, answer.text]).toEqual([status, text]);
});

test('a user goes with his own token, not with a password or the token of somebody else', async () => {
  expect((await post(basic(`alice:${server.tokens.alice}`))).text).toContain('<string>alice</string>');
  for (const wrong of ['alice:secret', `bob:${server.tokens.alice}`, `alice:${server.tokens.alice}x`, `:${server.tokens.alice}`, 'alice:']) {
    const { status, text, headers } = await post(basic(wrong));
    expect([status, text, headers.get('www-authenticate')]).toEqual([401, 'Invalid token', 'Basic realm="XML-RPC Authentication token"']);
  }
});

test('what is no call is a fault', async () => {
  expect((await post({}, 'nonsense')).text).toMatch(/<int>-32603<\/int>[^]*<string>Unable to decode request</);
  expect((await post({}, '<a/>')).text).toMatch(/<int>-32600<\/int>[^]*<string>Unable to decode request</);
  expect((await post({}, whoami.replace('system.whoami', '__proto__'))).text).toContain("No such method: '__proto__'");
  expect((await post({}, whoami.replace('system.whoami', 'close'))).text).toContain('<nil/>');
});

test('a session of the browser counts only with its CSRF token', async () => {
  const login = await server.ask('/api/v1/login', { json: { username: 'alice', password: 'secret' } });
  const cookies = login.headers.getSetCookie().map((c) => c.split(';')[0]!);
  const cookie = cookies.join('; ');
  expect((await post({ cookie })).status).toBe(403);
  const csrf = cookies.find((c) => c.startsWith('lava_csrf='))!.slice('lava_csrf='.length);
  expect((await post({ cookie, 'x-csrf-token': csrf })).text).toContain('<string>alice</string>');
});

test('the largest call', async () => {
  const { status } = await post({}, `<a>${'x'.repeat(16 * 1024 * 1024)}</a>`);
  expect(status).toBe(413);
});
