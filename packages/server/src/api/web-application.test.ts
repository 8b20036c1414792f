import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lava-web-'));
  await mkdir(join(folder, 'web/assets'), { recursive: true });
  await writeFile(join(folder, 'web/index.html'), '<html><script>theme()</script><script type="module" src="/assets/main-abc.js"></script></html>');
  await writeFile(join(folder, 'web/assets/main-abc.js'), 'main()');
  await writeFile(join(folder, 'web/favicon.svg'), '<svg/>');
  await writeFile(join(folder, 'secret'), 'root:x:');
  server = await startTestServer({ webRoot: join(folder, 'web') });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test('every address of the browser application gets its page', async () => {
  for (const path of ['/', '/scheduler/job/12', '/scheduler/job/12/definition', '/results/12/0_smoke', '/scheduler/alljobs?state=Running', '/scheduler/device/a.b']) {
    const { status, text, headers } = await server.ask(path);
    expect([status, headers.get('content-type'), headers.get('cache-control')], path).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
    expect(text).toContain('theme()');
  }
});

test('files are served, and kept by browsers when their name tells the content', async () => {
  expect((await server.ask('/assets/main-abc.js')).headers.get('cache-control')).toContain('immutable');
  expect((await server.ask('/favicon.svg')).text).toBe('<svg/>');
  expect((await server.ask('/assets/gone.js')).status).toBe(404);
  for (const path of ['/..%2fsecret', '/assets/..%2f..%2fsecret', '/%2e%2e/secret']) expect((await server.ask(path)).text).not.toContain('root:x:');
});

test('only the inline scripts of the page itself may run', async () => {
  expect((await server.ask('/')).headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}';/);
});

test('nothing else is answered with the page', async () => {
  for (const path of ['/api/nothing', '/api/v1/nothing', '/ws/nothing', '/RPC2/nothing']) expect((await server.ask(path)).status, path).toBe(404);
  expect((await server.ask('/scheduler/job/12', { method: 'POST' })).status).toBe(404);
});

test('addresses of the REST API keep their answers beside its files', async () => {
  const { status, headers } = await server.ask('/api/v0.2/jobs?limit=1');
  expect([status, headers.get('location')]).toEqual([301, '/api/v0.2/jobs/?limit=1']);
  const missing = await server.ask('/api/v0.2/nothing/');
  expect([missing.status, missing.json]).toEqual([404, { detail: 'Not found.' }]);
});

test('what browsers read is sent compressed to those who can read that', async () => {
  const id = await server.addJob();
  await server.appendLog(id, Array.from({ length: 3000 }, (_, i) => ['target', `line ${i}`] as const));
  const path = `/api/v1/jobs/${id}/log`;
  expect((await server.ask(path, { headers: { 'accept-encoding': 'gzip' } })).headers.get('content-encoding')).toBe('gzip');
  expect((await server.ask(path, { headers: { 'accept-encoding': 'gzip' } })).text.split('\n')).toHaveLength(3001);
  expect((await server.ask(path, { headers: { 'accept-encoding': 'identity' } })).headers.get('content-encoding')).toBeNull();
  // A log to keep has its length.
  expect((await server.ask(`/scheduler/job/${id}/log_file/plain`, { headers: { 'accept-encoding': 'gzip' } })).headers.get('content-length')).toBeTruthy();
});
