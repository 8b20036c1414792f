import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '@lava/base';
import { WebSocket } from 'ws';
import { startLab, type TestLab } from '../../core/core.testing.ts';
import { until } from '../../link/fake-worker.ts';
import { change } from '../../store/change.ts';
import { deviceHealth, jobHealth, jobState } from '../../store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../../store/testing.ts';
import { newWorkerToken } from '../../workers/worker-token.ts';
import { cancelJob } from '../../jobs/cancel-job.ts';
import { hashPassword } from '../../auth/passwords.ts';
import { startHttp } from '../http.ts';
import type { Orders } from '../../link/http/http-workers.ts';
import { workerHttpSettings } from './settings.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

interface Answer { readonly status: number; readonly text: string; readonly json: Record<string, unknown> }

/** A lab with the worker `w` of the HTTP protocol and its device `q`. */
async function inLab(work: (lab: Played) => Promise<void>, settings: Record<string, unknown> = {}, options?: Parameters<typeof startLab>[1]): Promise<void> {
  const lab = await startLab(databases, options);
  const { db } = lab.connection;
  await db.insertInto('workers').values({ hostname: 'w' }).execute();
  await db.insertInto('devices').values({ hostname: 'q', device_type: 'qemu', worker: 'w', health: deviceHealth.Good }).execute();
  const stored = { db, events: lab.core.services.events };
  const token = await change(stored, 'root', (c) => newWorkerToken(c, 'w'));
  const http = await startHttp(lab.core.services, { host: '127.0.0.1', port: 0, workers: { workers: lab.core.httpWorkers, settings: workerHttpSettings(settings) } });
  const ask = async (path: string, as?: string, form?: Record<string, string>): Promise<Answer> => {
    const response = await fetch(`${http.url}/scheduler/internal/v1/${path}`, {
      method: form ? 'POST' : 'GET', headers: { ...(as !== undefined && { 'LAVA-Token': as }) }, ...(form && { body: new URLSearchParams(form) }),
    });
    const text = await response.text();
    return { status: response.status, text, get json() { return JSON.parse(text) as Record<string, unknown>; } };
  };
  const ping = async () => (await ask(`workers/w/?version=2023.01`, token)).json as unknown as Orders;
  try {
    await work({ lab, url: http.url, token, ask, ping, stored });
  } finally {
    await http.close();
    await lab.close();
  }
}

interface Played {
  readonly lab: TestLab;
  readonly url: string;
  readonly token: string;
  readonly stored: Parameters<typeof change>[0];
  ask(path: string, as?: string, form?: Record<string, string>): Promise<Answer>;
  ping(): Promise<Orders>;
}

/** Submits a job and waits until the worker is told to start it. */
async function assigned({ lab, ping }: Played): Promise<{ id: number; token: string }> {
  await ping();
  const id = await lab.submit();
  return until(async () => (await ping()).start.find((entry) => entry.id === id), 'a job to start');
}

const logOf = async (lab: TestLab, job: number) => (await lab.core.services.logs.read(job, 0)).toString();
const line = (n: number) => `- {"dt": "2026-11-22T10:00:00.123456", "lvl": "target", "msg": "line ${n}"}`;

test('the way of a job, with the words of the protocol', () => inLab(async (played) => {
  const { lab, ask, ping } = played;
  const { id, token } = await assigned(played);
  expect(token).toMatch(/^\w{32}$/);
  expect((await ping()).start).toEqual([{ id, token }]);
  const files = (await ask(`jobs/${id}/`, token)).json;
  expect(Object.keys(files)).toEqual(['definition', 'device', 'dispatcher', 'env', 'env-dut']);
  expect(files).toMatchObject({ definition: expect.stringContaining('job_name: a test'), device: expect.stringContaining('hostname: q') });
  expect((await ask(`jobs/${id}/`, token, { state: 'RUNNING' })).text).toBe('{}');
  expect(await ping()).toEqual({ cancel: [], running: [{ id, token }], start: [] });
  expect(await lab.job(id)).toMatchObject({ state: jobState.Running });

  const special = '- {"dt": "2026-11-22T10:00:01.5", "lvl": "results", "msg": {"case": "caf\\xE9", "definition": "0_x", "n": ! "5", "result": "pass"}}';
  expect((await ask(`jobs/${id}/logs/`, token, { lines: [line(0), line(1), special].join('\n'), index: '0' })).text).toBe('{"line_count":3}');
  // Again from the second on, as after a lost answer, and one more that nobody can read.
  expect((await ask(`jobs/${id}/logs/`, token, { lines: [line(1), special, '- {broken'].join('\n'), index: '1' })).text).toBe('{"line_count":3}');
  const stored = (await logOf(lab, id)).trimEnd().split('\n');
  expect(stored.slice(0, 3)).toEqual([line(0), line(1), '- {"dt": "2026-11-22T10:00:01.5", "lvl": "results", "msg": {"case": "café", "definition": "0_x", "n": 5, "result": "pass"}}']);
  expect(stored.slice(3)).toEqual([expect.stringContaining('could not be read: {broken')]);

  expect((await ask(`jobs/${id}/`, token, { state: 'FINISHED', result: 'pass', error_type: '', errors: '', description: 'a: 1\n' })).text).toBe('{}');
  expect(await lab.job(id)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
  expect((await sql<{ name: string }>`select name from test_cases where job = ${id}`.execute(played.stored.db)).rows).toEqual([{ name: 'café' }]);
  expect(await lab.core.services.logs.file(id, 'description.yaml')).toBe('a: 1\n');
  // What comes after the end is taken, so that the worker does not repeat it for ever.
  expect((await ask(`jobs/${id}/`, token, { state: 'FINISHED', result: 'fail' })).text).toBe('{}');
  expect((await ask(`jobs/${id}/logs/`, token, { lines: line(9), index: '4' })).text).toBe('{"line_count":1}');
  expect((await ask(`jobs/${id}/`, token)).json).toEqual({ error: `Unknown job '${id}'` });
  expect(await lab.job(id)).toMatchObject({ health: jobHealth.Complete });
}));

test('refusals have the status and the text that workers know', () => inLab(async (played) => {
  const { ask, token } = played;
  const refusal = async (path: string, as?: string, form?: Record<string, string>) => { const { status, json } = await ask(path, as, form); return `${status} ${json['error'] as string}`; };
  expect(await refusal('workers/nobody/?version=1', token)).toBe(`404 Unknown worker 'nobody'`);
  expect(await refusal('workers/w/?version=1')).toBe(`400 Missing 'token'`);
  expect(await refusal('workers/w/?version=1', 'wrong')).toBe(`400 Invalid 'token'`);
  expect(await refusal('workers/w/', token)).toBe(`400 Missing 'version'`);
  expect(await refusal('workers/w/', token, {})).toBe('403 POST is forbidden for such url');
  expect(await refusal('workers/', undefined, { name: 'new' })).toBe('403 Auto registration is disabled');
  expect(await refusal('workers/', undefined, { name: 'new', username: 'x', password: 'y' })).toBe('403 Unknown user x');
  const { id, token: jobToken } = await assigned(played);
  expect(await refusal('jobs/999999/', jobToken)).toBe(`404 Unknown job '999999'`);
  expect(await refusal(`jobs/${id}/`)).toBe(`400 Missing 'token'`);
  expect(await refusal(`jobs/${id}/`, token)).toBe(`400 Invalid 'token'`);
  expect(await refusal(`jobs/${id}/`, jobToken, { state: 'FINISHED', result: 'maybe' })).toBe(`400 Invalid health 'maybe'`);
  expect(await refusal(`jobs/${id}/`, jobToken, { state: 'nonsense' })).toBe(`400 Invalid state 'Nonsense'`);
  expect(await refusal(`jobs/${id}/`, jobToken, { state: 'SCHEDULED' })).toBe(`400 Not handled state 'Scheduled'`);
  expect(await refusal(`jobs/${id}/logs/`, jobToken, { index: '0' })).toBe(`400 Missing 'lines'`);
  expect(await refusal(`jobs/${id}/logs/`, jobToken, { lines: line(0) })).toBe(`400 Missing 'index'`);
  expect(await refusal(`jobs/${id}/logs/`, jobToken, { lines: line(0), index: 'x' })).toBe(`400 Invalid 'index'`);
  const large = await ask(`jobs/${id}/logs/`, jobToken, { lines: 'x'.repeat(33 << 20), index: '0' });
  expect(large).toMatchObject({ status: 413, text: 'The dataset provided is too large. Please reduce size and try again.' });
}));

test('tokens are kept as hashes only', () => inLab(async (played) => {
  const { token } = await assigned(played);
  const { db } = played.stored;
  const kept = JSON.stringify([await db.selectFrom('workers').selectAll().execute(), await db.selectFrom('attempt_tokens').selectAll().execute(), await db.selectFrom('audit_log').selectAll().execute()]);
  expect(kept).not.toContain(token);
  expect(kept).not.toContain(played.token);
}));

test('where only this version may work, others get no new jobs, and are told so when they are idle', () => inLab(async ({ lab, ask, token }) => {
  expect((await ask('workers/w/?version=2023.01', token)).json).toEqual({ error: `Version mismatch '2023.01' vs '${version}'` });
  expect((await ask(`workers/w/?version=${version}`, token)).json).toEqual({ cancel: [], running: [], start: [] });
  const id = await lab.submit();
  const [job] = await until(async () => { const { start } = (await ask(`workers/w/?version=${version}`, token)).json as unknown as Orders; return start.length > 0 && start; }, 'a job to start') as Orders['start'];
  expect(job!.id).toBe(id);
  await ask(`jobs/${id}/`, job!.token);
  await ask(`jobs/${id}/`, job!.token, { state: 'RUNNING' });
  expect((await ask('workers/w/?version=2023.01', token)).json).toEqual({ cancel: [], running: [job], start: [] });
}, { ALLOW_VERSION_MISMATCH: false }));

test('a canceled job that was never fetched ends by the report of the worker', () => inLab(async (played) => {
  const { lab, ask, ping, stored } = played;
  const { id, token } = await assigned(played);
  await change(stored, 'root', (c) => cancelJob(c, id));
  expect(await ping()).toEqual({ cancel: [{ id, token }], running: [], start: [] });
  expect((await ask(`jobs/${id}/`, token)).status).toBe(404);
  await ask(`jobs/${id}/`, token, { state: 'FINISHED', result: 'fail', error_type: 'Bug', errors: '', description: '' });
  expect(await lab.job(id)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });
}));

test('a worker that asks again how to start a running job has lost it', () => inLab(async (played) => {
  const { lab, ask } = played;
  const { id, token } = await assigned(played);
  await ask(`jobs/${id}/`, token);
  await ask(`jobs/${id}/`, token, { state: 'RUNNING' });
  expect((await ask(`jobs/${id}/`, token)).status).toBe(404);
  expect(await lab.job(id)).toMatchObject({ state: jobState.Finished, error_type: 'Infrastructure', error_code: 'attempt-lost' });
}));

test('a worker that falls silent loses its job by the lease', () => inLab(async (played) => {
  const { lab, ask } = played;
  const { id, token } = await assigned(played);
  await ask(`jobs/${id}/`, token);
  await ask(`jobs/${id}/`, token, { state: 'RUNNING' });
  await until(async () => (await lab.job(id)).error_code === 'lease-expired', 'the lease to end');
}, {}, { lease: 4 }));

test('a job that is tried again has a token and records of its own each time', () => inLab(async (played) => {
  const { lab, ask, ping } = played;
  await ping();
  const id = await lab.submit('retry: {}\n');
  const toStart = (not?: string) => until(async () => (await ping()).start.find((entry) => entry.id === id && entry.token !== not)?.token, 'the job to start');
  const run = async (token: string, result: 'pass' | 'fail') => {
    await ask(`jobs/${id}/`, token);
    await ask(`jobs/${id}/`, token, { state: 'RUNNING' });
    expect((await ask(`jobs/${id}/logs/`, token, { lines: [line(0), line(1)].join('\n'), index: '0' })).text).toBe('{"line_count":2}');
    await ask(`jobs/${id}/`, token, { state: 'FINISHED', result, error_type: result === 'fail' ? 'Infrastructure' : '', errors: '', description: '' });
  };
  const first = await toStart();
  await run(first, 'fail');
  const second = await toStart(first);
  // Taken and forgotten.
  expect((await ask(`jobs/${id}/logs/`, first, { lines: line(9), index: '2' })).text).toBe('{"line_count":1}');
  await run(second, 'pass');
  expect(await lab.job(id)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
  expect((await logOf(lab, id)).match(/line \d|Attempt \d/g)).toEqual(['line 0', 'line 1', 'Attempt 1', 'Attempt 2', 'line 0', 'line 1']);
}));

test('one name, one protocol at a time', () => inLab(async ({ lab, ask, token }) => {
  const linked = await lab.worker('w', []);
  expect((await ask('workers/w/?version=1', token)).json).toEqual({ error: `Worker 'w' is connected by the ZeroMQ link` });
  await linked.close();
  await until(async () => (await ask('workers/w/?version=1', token)).status === 200, 'the other protocol to be let in');
}));

test('workers register themselves where the settings allow it, or by a user who may add some', () => inLab(async ({ ask, stored }) => {
  const { db } = stored;
  const made = (await ask('workers/', undefined, { name: 'new' })).json as { name: string; token: string };
  expect(made).toEqual({ name: 'new', token: expect.stringMatching(/^\w{32}$/) });
  expect((await ask('workers/new/?version=1', made.token)).status).toBe(200);
  expect((await ask('workers/', undefined, { name: 'new' })).json).toEqual({ error: `Worker 'new' already registered` });
  await db.insertInto('users').values([{ username: 'root', password: await hashPassword('pw'), is_superuser: true }, { username: 'bob', password: await hashPassword('pw') }]).execute();
  expect((await ask('workers/', undefined, { name: 'other', username: 'bob', password: 'pw' })).json).toEqual({ error: 'Unknown user bob' });
  const again = (await ask('workers/', undefined, { name: 'new', username: 'root', password: 'pw' })).json as { token: string };
  expect((await ask('workers/new/?version=1', made.token)).json).toEqual({ error: `Invalid 'token'` });
  expect((await ask('workers/new/?version=1', again.token)).status).toBe(200);
}, { WORKER_AUTO_REGISTER: true }));

test('from other networks nobody registers', () => inLab(async ({ ask }) => {
  expect((await ask('workers/', undefined, { name: 'new' })).json).toEqual({ error: `Auto registration is forbidden for '127.0.0.1'` });
}, { WORKER_AUTO_REGISTER: true, WORKER_AUTO_REGISTER_NETMASK: ['192.0.2.0/24'] }));

test('a worker is woken by the web socket, also for jobs that only some may see', () => inLab(async ({ lab, url, token, ping, stored }) => {
  const messages: string[][] = [];
  const open = (headers: Record<string, string>) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/`, { headers });
    socket.on('message', (data: Buffer) => { messages.push(JSON.parse(data.toString()) as string[]); });
    return socket;
  };
  const wrong = open({ 'LAVA-Host': 'w', 'LAVA-Token': 'wrong' });
  await until(() => messages.length > 0, 'a refusal');
  expect(messages.splice(0)).toEqual([{ error: 'Invalid worker token' }]);
  await until(() => wrong.readyState === WebSocket.CLOSED, 'the socket to close');
  const socket = open({ 'LAVA-Host': 'w', 'LAVA-Token': token });
  await until(() => socket.readyState === WebSocket.OPEN, 'the socket to open');
  await ping();
  await until(async () => {
    const id = await lab.submit();
    await sql`update jobs set is_public = false where id = ${id}`.execute(stored.db);
    return messages.length > 0;
  }, 'an event');
  expect(messages.every((m) => m[0] === 'org.lavasoftware.testjob' && (JSON.parse(m[4]!) as { worker: string }).worker === 'w')).toBe(true);
  socket.close();
}));
