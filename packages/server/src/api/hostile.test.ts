import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from 'node:net';
import { startTestServer, testDefinition, type TestServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());
const json = { 'content-type': 'application/json' };

/** The server is alive and its database unharmed. */
async function stillWell() {
  expect((await server.ask('/api/v1/devices')).json.devices).toHaveLength(1);
}

describe('bodies', () => {
  test.each([
    ['broken JSON', '{"definition": ', 400], ['no object', '[1, 2]', 400], ['null', 'null', 400], ['empty', '', 400], ['unknown field', '{"definition": "x", "admin": true}', 400],
    ['wrong type', '{"definition": {"a": 1}}', 400], ['prototype', '{"__proto__": {"definition": "x"}}', 400], ['constructor', '{"constructor": {"prototype": {}}, "definition": "x"}', 400],
    ['deep', `{"definition": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 400], ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe]).toString('latin1'), 400],
    ['too large', `{"definition": "${'x'.repeat(5_000_000)}"}`, 413],
  ])('%s', async (_name, body, status) => {
    for (const path of ['/api/v1/jobs', '/api/v1/validate']) {
      const answer = await server.ask(path, { as: 'alice', method: 'POST', body, headers: json });
      expect(answer.status).toBe(status);
      expect(answer.json.error.message).toBeTruthy();
      expect(answer.text).not.toMatch(/node_modules|\.ts:/);
    }
    const rest = await server.ask('/api/v0.2/jobs/', { as: 'alice', method: 'POST', body, headers: json });
    expect([400, 413, 201]).toContain(rest.status);
    await stillWell();
  });

  test('other types of content', async () => {
    expect((await server.ask('/api/v1/jobs', { as: 'alice', method: 'POST', body: 'definition=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(415);
    expect((await server.ask('/api/v1/jobs', { as: 'alice', method: 'POST', body: '<x/>', headers: { 'content-type': 'text/xml' } })).status).toBe(415);
    expect((await server.ask('/api/v0.2/jobs/', { as: 'alice', method: 'POST', body: 'garbage', headers: { 'content-type': 'multipart/form-data; boundary=x' } })).status).toBeLessThan(500);
    const form = new FormData();
    form.set('definition', testDefinition);
    const answer = await fetch(`${server.url}/api/v0.2/jobs/`, { method: 'POST', body: form, headers: { authorization: `Token ${server.tokens.alice}` } });
    expect(answer.status).toBe(201);
  });

  test('a large definition within the limit reaches the check', async () => {
    const answer = await server.ask('/api/v1/validate', { json: { definition: `job_name: x\n# ${'y'.repeat(2_000_000)}\n` } });
    expect(answer.status).toBe(200);
  });
});

describe('addresses', () => {
  test.each([
    "/api/v1/jobs?search=' or 1=1 --", '/api/v1/jobs?search=%25%27%22%5C', '/api/v1/jobs?search=%00', '/api/v1/jobs?type=%00', '/api/v1/jobs?limit=-1', '/api/v1/jobs?limit=1e9', '/api/v1/jobs?before=99999999999999',
    '/api/v1/jobs?state=Finished&state=Running', '/api/v1/jobs/99999999999', '/api/v1/jobs/-1', '/api/v1/jobs/1;drop table jobs', '/api/v1/jobs/%00', '/api/v1/jobs/1.99999', '/api/v1/devices/%00', '/api/v1/devices/..%2f..%2fetc',
    '/api/v1/audit?object=%00', `/api/v1/jobs?search=${'x'.repeat(3000)}`, '/api/v1/jobs/__proto__', '/api/v1/nothing', '/api/v1/jobs/1/log?start=x',
    "/api/v0.2/jobs/?description='; drop table jobs; --", '/api/v0.2/jobs/?id__in=1,2,x', '/api/v0.2/jobs/?id__in=,,', '/api/v0.2/jobs/?__proto__=1', '/api/v0.2/jobs/?constructor__name=1', '/api/v0.2/jobs/?description=%00',
    '/api/v0.2/jobs/?submit_time__gt=2026-13-45T99:99:99Z', '/api/v0.2/jobs/?submit_time__gt=9999999-01-01T00:00:00Z', '/api/v0.2/jobs/?ordering=__proto__,toString', '/api/v0.2/jobs/?ordering=(select 1)', '/api/v0.2/jobs/?limit=999999999',
    '/api/v0.2/jobs/?tags__id__lt=1e99', `/api/v0.2/jobs/?${'last_health__'.repeat(200)}x=1`, `/api/v0.2/jobs/?${'actual_device__last_health_report_job__'.repeat(60)}id=1`,
    '/api/v0.2/jobs/?actual_device__device_type__name__exact__exact=1', '/api/v0.2/jobs/%00/', '/api/v0.2/jobs/99999999999/', '/api/v0.2/devices/%00/', '/api/v0.2/jobs/1/suites/99999999999/', '/results/1/%00/csv', '/results/testcase/99999999999/yaml',
    '/results/1/x/csv?limit=-1', '/scheduler/job/1/log_pipeline_incremental?line=-5', '/scheduler/job/x/definition/plain', '//evil.example/', '/api/v0.2//evil.example', '/%', '/api/v1/%E0%A4%A', '/../../etc/passwd', '/..%2f..%2fetc%2fpasswd',
  ])('%s', async (path) => {
    const answer = await server.ask(encodeURI(path).replaceAll('%25', '%'), { as: 'alice' });
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toMatch(/root:x:|node_modules|syntax error/);
    const location = answer.headers.get('location');
    if (location !== null) expect(new URL(location, server.url).host).toBe(new URL(server.url).host);
    await stillWell();
  });

  test('bytes that are no HTTP', async () => {
    const { port } = new URL(server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.end('\x16\x03\x01\x00\xa5NONSENSE\r\n\r\n'));
      socket.on('close', () => resolve()).resume();
    });
    await stillWell();
  });
});

test('every answer says how a browser must treat it', async () => {
  for (const path of ['/', '/api/v1/me', '/api/v0.2/jobs/', '/api/v1/nothing', '/healthz']) {
    const { headers } = await server.ask(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/script-src 'self'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/);
  }
});

test('socket messages of every kind', async () => {
  const live = await server.socket('/ws/live');
  const sent = ['', '[]', '5', '"x"', '{"watch":"job"}', '{"watch":"job","job":"1"}', '{"watch":"job","job":-1}', '{"watch":"job","job":1e300}', '{"watch":"job","job":1,"from":-1}', '{"watch":"job","job":99999}', '{"watch":["job"]}', '{"__proto__":1}'];
  for (const text of sent) live.socket.send(text);
  live.socket.send(Buffer.from([0, 1, 2]));
  await live.until((m) => m.length === sent.length + 1);
  expect(live.messages.every((m) => m.type === 'error')).toBe(true);
  live.socket.send('x'.repeat(100_000));
  await expect(live.until(() => false)).rejects.toThrow('the socket closed');
  await stillWell();
});
