import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../api/testing.ts';
import { TraceExporter } from './exporter.ts';
import type { Span } from './job-spans.ts';
import { traceSettings } from './settings.ts';

let server: TestServer;
let receiver: Server;
let exporter: TraceExporter;
/** What came, and what is answered next. */
const got: { path: string; headers: Record<string, unknown>; body: { resourceSpans: { resource: { attributes: unknown[] }; scopeSpans: { spans: Span[] }[] }[] } }[] = [];
const answers: number[] = [];

beforeAll(async () => {
  server = await startTestServer();
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      got.push({ path: request.url!, headers: request.headers, body: JSON.parse(String(Buffer.concat(chunks))) as typeof got[number]['body'] });
      response.writeHead(answers.shift() ?? 200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((done) => { receiver.listen(0, '127.0.0.1', done); });
  const settings = traceSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, other=2', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=lab' })!;
  exporter = new TraceExporter(server.services, settings, { firstPause: 0.01 });
});
afterAll(async () => {
  await exporter.close();
  await new Promise((done) => { receiver.close(done); receiver.closeAllConnections(); });
  await server.stop();
});

const ended = (id: number) => server.services.events.publish({ type: 'job', id, state: 'Finished', health: 'Complete' });
const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 10, 30, second));
const attribute = (span: Span, key: string) => Object.values(span.attributes.find((a) => a.key === key)?.value ?? {})[0] as unknown;

async function failedJob(): Promise<number> {
  const { db } = server.services;
  const id = await server.addJob({ health: 'Incomplete', description: 'boot' });
  await db.updateTable('jobs').set({ submit_time: at(0), end_time: at(50), error_type: 'Job', error_code: 'kernel-panic', error_msg: 'Kernel panic' }).where('id', '=', id).execute();
  await db.insertInto('attempts').values({ job: id, fence: 1, device: 'qemu01', worker: 'worker01', created_at: at(10), started_at: at(11), lease_expires: at(60), ended_at: at(50) }).execute();
  const action = (level: string, start_line: number, from: number, to: number | null, failed = false) => ({ job: id, level, start_line, name: `a-${level}`, namespace: 'common', started_at: at(from), ended_at: to === null ? null : at(to), failed });
  await db.insertInto('job_actions').values([action('1', 1, 12, 20), action('1.1', 2, 13, 19), action('2', 10, 20, null), action('2.1', 11, 20, 30, true), action('2.1.1', 12, 21, 29), action('2.1', 20, 31, 40), action('2.1.1', 21, 32, 39)]).execute();
  return id;
}

test('a job that ended is a trace: its wait, and each action in the one above it', async () => {
  const id = await failedJob();
  ended(id);
  await expect.poll(() => got.length).toBe(1);
  const [{ path, headers, body }] = got as [typeof got[number]];
  expect([path, headers['content-type'], headers['x-key'], headers['other']]).toEqual(['/v1/traces', 'application/json', 'a b', '2']);
  expect(body.resourceSpans[0]!.resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'lava-server' } }, { key: 'deployment.environment', value: { stringValue: 'lab' } }]);
  const { spans } = body.resourceSpans[0]!.scopeSpans[0]!;
  const [root, queue, ...actions] = spans as [Span, Span, ...Span[]];
  expect(new Set(spans.map((s) => s.traceId)).size).toBe(1);
  expect(spans.every((s) => /^[0-9a-f]{32}$/.test(s.traceId) && /^[0-9a-f]{16}$/.test(s.spanId))).toBe(true);
  expect(root).toMatchObject({ name: 'job boot', startTimeUnixNano: `${at(0).getTime()}000000`, endTimeUnixNano: `${at(50).getTime()}000000`, status: { code: 2, message: 'Kernel panic' } });
  expect(root.parentSpanId).toBeUndefined();
  expect(['lava.job.id', 'lava.device', 'lava.device_type', 'lava.worker', 'lava.error.code', 'lava.job.health', 'lava.job.health_check'].map((key) => attribute(root, key))).toEqual([String(id), 'qemu01', 'qemu', 'worker01', 'kernel-panic', 'Incomplete', false]);
  expect(queue).toMatchObject({ name: 'queue', parentSpanId: root.spanId, endTimeUnixNano: `${at(10).getTime()}000000`, status: {} });
  const parent = (n: number) => spans.find((s) => s.spanId === actions[n]!.parentSpanId)?.name;
  expect(actions.map((s, n) => [s.name, parent(n)])).toEqual([['a-1', 'job boot'], ['a-1.1', 'a-1'], ['a-2', 'job boot'], ['a-2.1', 'a-2'], ['a-2.1.1', 'a-2.1'], ['a-2.1', 'a-2'], ['a-2.1.1', 'a-2.1']]);
  // The second try of an action has children of its own; what never ended ends with the job.
  expect(actions[6]!.parentSpanId).toBe(actions[5]!.spanId);
  expect(actions[4]!.parentSpanId).toBe(actions[3]!.spanId);
  expect([actions[2]!.endTimeUnixNano, actions[3]!.status.code]).toEqual([root.endTimeUnixNano, 2]);
});

test('a receiver that is away is asked again, with the same ids; one that refuses is not', async () => {
  got.length = 0;
  const [first, second] = [await failedJob(), await server.addJob({})];
  answers.push(503, 429, 200, 400);
  ended(first);
  ended(second);
  await expect.poll(() => got.length).toBe(4);
  const ids = got.map(({ body }) => body.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.traceId);
  expect([ids[0] === ids[1], ids[1] === ids[2], ids[2] === ids[3]]).toEqual([true, true, false]);
  const third = await server.addJob({});
  ended(third);
  await expect.poll(() => got.length).toBe(5);
  expect(attribute(got[4]!.body.resourceSpans[0]!.scopeSpans[0]!.spans[0]!, 'lava.job.id')).toBe(String(third));
});

test('no endpoint, no traces; a wrong one is said', () => {
  expect(traceSettings({})).toBeUndefined();
  expect(traceSettings({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t.example.org/own', OTEL_SERVICE_NAME: 'lab' })).toMatchObject({ url: 'https://t.example.org/own', resource: { 'service.name': 'lab' } });
  expect(() => traceSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })).toThrow('no address of HTTP');
});
