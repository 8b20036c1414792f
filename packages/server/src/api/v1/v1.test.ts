import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, testDefinition, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

const cookiesOf = (headers: Headers) => Object.fromEntries(headers.getSetCookie().map((c) => c.split(';')[0]!.split('=') as [string, string]));

describe('sign-in', () => {
  test('a session needs its CSRF token to change something, and ends at the logout', async () => {
    const login = await server.ask('/api/v1/login', { json: { username: 'alice', password: 'secret' } });
    expect(login.status).toBe(200);
    expect(login.json).toMatchObject({ username: 'alice', is_superuser: false });
    const flags = login.headers.getSetCookie().join('\n');
    expect(flags).toMatch(/lava_session=.*HttpOnly; SameSite=Lax/);
    expect(flags).not.toContain('Secure');
    const { lava_session, lava_csrf } = cookiesOf(login.headers);
    const cookie = `lava_session=${lava_session}; lava_csrf=${lava_csrf}`;

    expect((await server.ask('/api/v1/me', { headers: { cookie } })).json.username).toBe('alice');
    const submit = (headers: Record<string, string>) => server.ask('/api/v1/jobs', { json: { definition: testDefinition }, headers: { cookie, ...headers } });
    expect((await submit({})).json.error.code).toBe('csrf');
    expect((await submit({ 'x-csrf-token': 'wrong' })).status).toBe(403);
    expect((await submit({ 'x-csrf-token': lava_csrf! })).status).toBe(201);

    expect((await server.ask('/api/v1/logout', { method: 'POST', headers: { cookie, 'x-csrf-token': lava_csrf! } })).status).toBe(204);
    expect((await server.ask('/api/v1/me', { headers: { cookie } })).json.username).toBeNull();
  });

  test('behind https the cookies are Secure', async () => {
    const login = await server.ask('/api/v1/login', { json: { username: 'alice', password: 'secret' }, headers: { 'x-forwarded-proto': 'https' } });
    for (const c of login.headers.getSetCookie()) expect(c).toContain('Secure');
  });

  test('unknown names and wrong passwords get one answer, and too many of them a pause', async () => {
    const from = { 'x-forwarded-for': '192.0.2.7' };
    const unknown = await server.ask('/api/v1/login', { json: { username: 'nobody', password: 'x' }, headers: from });
    const wrong = await server.ask('/api/v1/login', { json: { username: 'bob', password: 'x' }, headers: from });
    expect(unknown.status).toBe(401);
    expect(unknown.text).toBe(wrong.text);
    for (let i = 0; i < 9; i++) await server.ask('/api/v1/login', { json: { username: 'bob', password: 'x' }, headers: from });
    const blocked = await server.ask('/api/v1/login', { json: { username: 'bob', password: 'secret' }, headers: from });
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(0);
    // Another address is not locked out by that.
    expect((await server.ask('/api/v1/login', { json: { username: 'bob', password: 'secret' } })).status).toBe(200);
  });

  test('a wrong token is refused, other schemes are ignored', async () => {
    expect((await server.ask('/api/v1/me', { headers: { authorization: 'Token nope' } })).json.error.code).toBe('invalid-token');
    expect((await server.ask('/api/v1/me', { headers: { authorization: 'Bearer nope' } })).json.username).toBeNull();
    await server.services.db.updateTable('users').set({ is_active: false }).where('username', '=', 'bob').execute();
    expect((await server.ask('/api/v1/me', { as: 'bob' })).status).toBe(401);
    await server.services.db.updateTable('users').set({ is_active: true }).where('username', '=', 'bob').execute();
  });
});

describe('jobs', () => {
  test('submit, show, cancel, resubmit', async () => {
    expect((await server.ask('/api/v1/jobs', { json: { definition: testDefinition } })).status).toBe(401);
    const { status, json } = await server.ask('/api/v1/jobs', { as: 'alice', json: { definition: testDefinition } });
    expect(status).toBe(201);
    const id = json.job_ids[0];
    expect((await server.ask(`/api/v1/jobs/${id}`)).json).toMatchObject({
      id, state: 'Submitted', health: 'Unknown', submitter: 'alice', device: null, timeout: 600, visibility: 'public', can_cancel: false, waiting: { position: expect.any(Number) },
    });
    expect((await server.ask(`/api/v1/jobs/${id}/cancel`, { as: 'bob', method: 'POST' })).status).toBe(403);
    expect((await server.ask(`/api/v1/jobs/${id}/cancel`, { as: 'alice', method: 'POST' })).status).toBe(200);
    expect((await server.ask(`/api/v1/jobs/${id}`)).json).toMatchObject({ state: 'Finished', health: 'Canceled', waiting: null });
    expect((await server.ask(`/api/v1/jobs/${id}/cancel`, { as: 'alice', method: 'POST' })).json.message).toContain('finished already');
    expect((await server.ask(`/api/v1/jobs/${id}/resubmit`, { as: 'bob', method: 'POST' })).json.job_ids[0]).toBeGreaterThan(id);
  });

  test('a job that is tried again tells of its attempts', async () => {
    const id = await server.addJob({ state: 'Submitted' });
    const { db } = server.services;
    expect((await server.ask(`/api/v1/jobs/${id}`)).json).toMatchObject({ attempts: [], retry: null });
    await db.updateTable('jobs').set({ retry: JSON.stringify({ count: 2, reasons: ['Infrastructure'], delay: 60 }), retried: 1, queued_at: new Date('2026-11-22T11:00:00Z') }).where('id', '=', id).execute();
    const created = new Date('2026-11-22T10:30:00Z');
    await db.insertInto('attempts').values({
      job: id, fence: 1, device: 'qemu01', worker: 'worker01', created_at: created, ended_at: created, lease_expires: created, end_reason: 'no PDU', error_type: 'Infrastructure', error_code: 'power-failed',
    }).execute();
    expect((await server.ask(`/api/v1/jobs/${id}`)).json).toMatchObject({
      retry: { retried: 1, most: 2, not_before: '2026-11-22T11:00:00.000Z' },
      attempts: [{ number: 1, device: 'qemu01', worker: 'worker01', started_at: created.toISOString(), ended_at: created.toISOString(), start_line: 0, error_type: 'Infrastructure', error_code: 'power-failed', error_msg: 'no PDU' }],
    });
  });

  test('a refused definition comes back with its problems', async () => {
    const { status, json } = await server.ask('/api/v1/jobs', { as: 'alice', json: { definition: 'device_type: qemu\nnope: 1\n' } });
    expect(status).toBe(400);
    expect(json.error.problems).toContainEqual(expect.objectContaining({ severity: 'error', path: ['nope'], line: 2, column: 1 }));
    expect(json.error.problems[0]).not.toHaveProperty('upstream');
    expect((await server.ask('/api/v1/validate', { json: { definition: 'device_type: qemu\nnope: 1\n' } })).json).toMatchObject({ valid: false });
    expect((await server.ask('/api/v1/validate', { json: { definition: testDefinition } })).json).toMatchObject({ valid: true });
  });

  test('the list filters, pages and counts', async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push(await server.addJob({ description: `100% list-${i}`, state: i === 4 ? 'Submitted' : 'Finished', health: i === 0 ? 'Incomplete' : 'Complete' }));
    const list = (query: string) => server.ask(`/api/v1/jobs?search=${encodeURIComponent('100% LIST')}&${query}`).then((a) => a.json);
    expect(await list('')).toMatchObject({ more: false, counts: { queued: 1, running: 0, finished: 4 } });
    expect((await list('health=incomplete')).jobs.map((j: { id: number }) => j.id)).toEqual([ids[0]]);
    const first = await list('limit=2');
    expect(first).toMatchObject({ more: true, jobs: [{ id: ids[4] }, { id: ids[3] }] });
    expect((await list(`limit=3&before=${ids[3]}`)).jobs.map((j: { id: number }) => j.id)).toEqual([ids[2], ids[1], ids[0]]);
    expect((await server.ask(`/api/v1/jobs?search=${ids[1]}`)).json.jobs.map((j: { id: number }) => j.id)).toContain(ids[1]);
    expect((await server.ask('/api/v1/jobs?state=Nope')).status).toBe(400);
  });

  test('results keep the order of arrival, and numbers their decimals', async () => {
    const id = await server.addJob();
    await server.addCases(id, '0_smoke', [{ name: 'a', result: 'fail' }, { name: 'bw', measurement: '12.5', units: 'MB/s', set: 'set1', lines: [3, 9] }]);
    await server.addCases(id, 'lava', [{ name: 'job' }]);
    const { suites } = (await server.ask(`/api/v1/jobs/${id}/results`)).json;
    expect(suites.map((s: { name: string }) => s.name)).toEqual(['0_smoke', 'lava']);
    expect(suites[0].cases).toMatchObject([{ name: 'a', result: 'fail' }, { name: 'bw', measurement: '12.5', units: 'MB/s', set: 'set1', start_log_line: 3, end_log_line: 9, metadata: { case: 'bw' } }]);
    expect((await server.ask(`/api/v1/jobs/${id}`)).json).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
  });
});

describe('log', () => {
  test('streams records as JSON lines, ranges and all', async () => {
    const id = await server.addJob();
    await server.appendLog(id, Array.from({ length: 4500 }, (_, i) => ['target', `line ${i} ☺ "quoted"`] as const));
    const whole = await server.ask(`/api/v1/jobs/${id}/log`);
    expect(whole.headers.get('content-type')).toContain('application/x-ndjson');
    expect(whole.headers.get('x-total-lines')).toBe('4500');
    const records = whole.text.trimEnd().split('\n').map((l) => JSON.parse(l));
    expect(records).toHaveLength(4500);
    expect(records[4321].msg).toBe('line 4321 ☺ "quoted"');
    const part = await server.ask(`/api/v1/jobs/${id}/log?start=1999&end=2001`);
    expect(part.text.split('\n').filter(Boolean).map((l) => JSON.parse(l).msg)).toEqual(['line 1999 ☺ "quoted"', 'line 2000 ☺ "quoted"']);
    expect((await server.ask(`/api/v1/jobs/${id}/log?start=9999999`)).text).toBe('');
  });

  test('very long lines come in pieces of bounded size', async () => {
    const id = await server.addJob();
    await server.appendLog(id, Array.from({ length: 300 }, (_, i) => ['target', `${i} ${'x'.repeat(i % 3 === 0 ? 90_000 : 10)}`] as const));
    const read = (start: number, end: number, most: number) => server.services.logs.read(id, start, end, most).then((b) => b.toString().split('\n').length - 1);
    expect(await read(0, 300, 1_000_000)).toBe(33); // eleven long ones
    expect([await read(0, 300, 10), await read(299, 300, 10), await read(298, 300, 1e9), await read(0, 3, 91_000)]).toEqual([1, 1, 2, 3]);
    const records = (await server.ask(`/api/v1/jobs/${id}/log?start=1`)).text.trimEnd().split('\n').map((l) => JSON.parse(l));
    expect(records.map((r) => parseInt(r.msg))).toEqual(Array.from({ length: 299 }, (_, i) => i + 1));
    expect((await server.ask(`/api/v0.2/jobs/${id}/logs/?start=1&end=299`)).text.split('\n')).toHaveLength(299);
    const live = await server.socket('/ws/live');
    live.socket.send(JSON.stringify({ watch: 'job', job: id, from: 0 }));
    const seen = () => live.messages.filter((m) => m.type === 'log').flatMap((m) => m.records);
    await live.until(() => seen().length === 300);
    expect(Math.max(...live.messages.map((m) => JSON.stringify(m).length))).toBeLessThan(1_200_000);
  });

  test('reads lines that are YAML only, and survives broken ones', async () => {
    const id = await server.addJob();
    await server.appendLog(id, '- {"dt": "2026-11-22T10:00:00", "lvl": "target", "msg": "caf\\xE9 \\e[1m"}\n- {"dt": "2026-11-22T10:00:01", "lvl": "results", "msg": {"n": ! "146", "big": 123456789012345678901}}\n- {broken\n');
    const lines = (await server.ask(`/api/v1/jobs/${id}/log`)).text.trimEnd().split('\n').map((l) => JSON.parse(l));
    expect(lines).toHaveLength(3);
    expect(lines[0].msg).toBe('café \u001b[1m');
    expect(lines[1].lvl).toBe('results');
    expect(lines[2].lvl).toBe('error');
  });

  test('search finds text in any case by number, across pieces of the file', async () => {
    const id = await server.addJob();
    await server.appendLog(id, Array.from({ length: 9000 }, (_, i) => [i % 1000 === 0 ? 'error' : 'target', i % 1000 === 0 ? `Kernel PANIC "${i}" ünï` : 'x'.repeat(90)] as const));
    const search = (query: string) => server.ask(`/api/v1/jobs/${id}/log/search?${query}`).then((a) => a.json);
    const hits = Array.from({ length: 9 }, (_, i) => i * 1000);
    expect(await search('q=panic')).toEqual({ lines: hits, total: 9 });
    expect(await search(`q=${encodeURIComponent('"3000" ÜNÏ')}`)).toEqual({ lines: [3000], total: 1 });
    expect(await search('level=error')).toEqual({ lines: hits, total: 9 });
    expect(await search('q=xxx&level=error')).toEqual({ lines: [], total: 0 });
    expect((await server.ask(`/api/v1/jobs/${id}/log/search`)).status).toBe(400);
  });
});

test('devices, device types, workers and the audit log', async () => {
  expect((await server.ask('/api/v1/devices')).json.devices[0]).toMatchObject({ hostname: 'qemu01', device_type: 'qemu', worker: 'worker01', health: 'Good' });
  expect((await server.ask('/api/v1/devices/qemu01/health', { as: 'alice', json: { health: 'Bad' } })).status).toBe(403);
  expect((await server.ask('/api/v1/devices/qemu01/health', { as: 'root', json: { health: 'Terrible' } })).status).toBe(400);
  expect((await server.ask('/api/v1/devices/qemu01/health', { as: 'root', json: { health: 'maintenance', reason: 'new cable' } })).json).toMatchObject({ health: 'Maintenance' });
  expect((await server.ask('/api/v1/devices/qemu01')).json.log[0]).toMatchObject({ actor: 'root', message: expect.stringContaining('new cable') });
  await server.ask('/api/v1/devices/qemu01/health', { as: 'root', json: { health: 'Good' } });
  expect((await server.ask('/api/v1/devices/nope')).status).toBe(404);
  expect((await server.ask('/api/v1/device-types')).json.device_types[0]).toMatchObject({ name: 'qemu', devices: 1 });
  expect((await server.ask('/api/v1/workers/worker01')).json).toMatchObject({ hostname: 'worker01', state: 'Online', devices: [{ hostname: 'qemu01' }] });
  expect((await server.ask('/api/v1/audit?kind=device&object=qemu01')).json.entries.length).toBeGreaterThan(0);
});

test('how the health checks of a device stand, and its type', async () => {
  const { db } = server.services;
  const check = async () => (await server.ask('/api/v1/devices/qemu01', { as: 'root' })).json.health_check;
  expect(await check()).toMatchObject({ name: 'qemu', defined: false, enabled: true, every: 24, unit: 'hours', last: null, due: false, next: null });
  expect((await check()).file).toMatch(/health-checks\/qemu\.yaml$/);
  expect((await server.ask('/api/v1/devices/qemu01')).json.health_check.file).toBeNull();
  await server.ask('/api/v1/configuration/health-check/qemu', { as: 'root', json: { text: 'job_name: check\nactions: []\n' } });
  expect(await check()).toMatchObject({ defined: true, due: true });
  const job = await server.addJob({ description: 'check' });
  await db.updateTable('jobs').set({ health_check: true }).where('id', '=', job).execute();
  await db.updateTable('devices').set({ last_health_report_job: job }).where('hostname', '=', 'qemu01').execute();
  const after = await check();
  expect(after).toMatchObject({ due: false, last: { job, health: 'Complete' } });
  expect(Date.parse(after.next) - Date.parse(after.last.submitted)).toBe(24 * 3_600_000);
  await db.updateTable('device_types').set({ health_denominator: 1, health_frequency: 3 }).where('name', '=', 'qemu').execute();
  expect(await check()).toMatchObject({ unit: 'jobs', next: null, jobs_left: 3 });
  expect((await server.ask('/api/v1/device-types/qemu')).json).toMatchObject({ name: 'qemu', healths: { Good: 1 }, states: { Idle: 1 }, health_check: { every: 3, unit: 'jobs' } });
  expect((await server.ask('/api/v1/device-types/nope')).status).toBe(404);
});

test('a text that configures is checked, written, and kept with what it was before; files are only shown', async () => {
  const path = '/api/v1/configuration/dictionary/qemu01';
  const before = (await server.ask(path, { as: 'root' })).json;
  expect(before).toMatchObject({ place: 'database', can_change: true, text: "{% extends 'qemu.jinja2' %}\n" });
  const wrong = (await server.ask(`${path}/check`, { as: 'root', json: { text: "{% extends 'qemu.jinja2' %}\n{% set memory = %}\n" } })).json;
  expect(wrong).toMatchObject({ valid: false, problems: [{ severity: 'error', line: 2 }] });
  const text = "{% extends 'qemu.jinja2' %}\n{% set memory = 512 %}\n";
  expect((await server.ask(`${path}/check`, { as: 'root', json: { text } })).json).toEqual({ valid: true, problems: [] });
  expect((await server.ask(path, { as: 'root', json: { text } })).status).toBe(204);
  const { versions } = (await server.ask(`${path}/versions`, { as: 'root' })).json;
  expect(versions.map((v: { actor: string; text: string }) => [v.actor, v.text])).toEqual([['root', text], ['root', before.text]]);
  expect((await server.ask('/api/v1/configuration/template/qemu', { as: 'root' })).json).toMatchObject({ place: 'shipped', can_change: true });
  expect((await server.ask('/api/v1/configuration/template/qemu/check', { as: 'root', json: { text: 'a\n{% if %}\n' } })).json.problems[0]).toMatchObject({ severity: 'error', line: 2 });
  expect((await server.ask('/api/v1/configuration/nonsense/qemu01', { as: 'root' })).status).toBe(404);

  const file = before.path as string;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '{# mine #}\n');
  expect((await server.ask(path, { as: 'root' })).json).toEqual({ kind: 'dictionary', name: 'qemu01', text: '{# mine #}\n', place: 'file', path: file, can_change: false });
  expect((await server.ask(path)).json).toMatchObject({ place: 'file', path: null, can_change: false });
  expect((await server.ask(path, { as: 'root', json: { text } })).json.error).toMatchObject({ code: 'kept-in-file', message: expect.stringContaining(file) });
  await rm(file);
});

test('test definitions are checked as jobs are', async () => {
  const check = (definition: string, kind: string) => server.ask('/api/v1/validate', { json: { definition, kind } });
  expect((await check('metadata: {format: Lava-Test Test Definition 1.0, name: a}\nrun:\n  steps: [ls]\n', 'test-definition')).json.valid).toBe(true);
  expect((await check('metadata: {format: Lava-Test Test Definition 1.0, name: a}\nrun:\n  steps: 3\n', 'test-definition')).json.problems[0]).toMatchObject({ severity: 'error', line: 3 });
  expect((await check('', 'nonsense')).status).toBe(400);
});

test('people make and remove their own tokens', async () => {
  expect((await server.ask('/api/v1/tokens')).status).toBe(401);
  const { token } = (await server.ask('/api/v1/tokens', { as: 'alice', json: { description: 'ci' } })).json;
  expect((await server.ask('/api/v1/me', { headers: { authorization: `Token ${token}` } })).json.username).toBe('alice');
  const list = await server.ask('/api/v1/tokens', { as: 'alice' });
  const { id } = list.json.tokens.find((t: { description: string }) => t.description === 'ci');
  expect(list.text).not.toContain(token);
  expect((await server.ask('/api/v1/tokens?all=true', { as: 'bob' })).status).toBe(403);
  expect((await server.ask('/api/v1/tokens?all=true', { as: 'root' })).json.tokens).toContainEqual(expect.objectContaining({ id, username: 'alice', description: 'ci' }));
  expect((await server.ask(`/api/v1/tokens/${id}`, { as: 'bob', method: 'DELETE' })).status).toBe(404);
  expect((await server.ask(`/api/v1/tokens/${id}`, { as: 'alice', method: 'DELETE' })).status).toBe(204);
  expect((await server.ask('/api/v1/me', { headers: { authorization: `Token ${token}` } })).status).toBe(401);
  expect((await server.ask('/api/v1/audit?kind=token')).json.entries).toEqual([]);
  expect((await server.ask('/api/v1/audit?kind=token', { as: 'root' })).json.entries[0]).toMatchObject({ actor: 'alice', message: 'Token removed: ci' });
});

test('superusers say what groups get of the lab', async () => {
  await server.services.db.insertInto('groups').values({ name: 'kernel team' }).execute();
  const at = '/api/v1/shares/kernel%20team';
  const put = (json: object, as: 'root' | 'alice' = 'root') => server.ask(at, { as, method: 'PUT', json });
  const shares = async () => (await server.ask('/api/v1/shares', { as: 'root' })).json.shares;
  expect((await put({ weight: 3, quota: null, queue_limit: 40 })).status).toBe(204);
  expect(await shares()).toEqual([{ group: 'kernel team', weight: 3, quota: null, queue_limit: 40 }]);
  expect((await put({ weight: 0.5, quota: 2, queue_limit: null })).status).toBe(204);
  expect(await shares()).toEqual([{ group: 'kernel team', weight: 0.5, quota: 2, queue_limit: null }]);
  expect((await put({ weight: 0, quota: null, queue_limit: null })).json.error).toMatchObject({ code: 'group-share', message: 'The weight of a share is a number above zero, not 0' });
  expect((await put({ weight: 1, quota: -1, queue_limit: null })).json.error.message).toBe('The quota of a share is a whole number above zero, not -1');
  expect((await put({ weight: 1, quota: null, queue_limit: null }, 'alice')).status).toBe(403);
  expect((await server.ask('/api/v1/shares/nobody', { as: 'root', method: 'PUT', json: { weight: 1, quota: null, queue_limit: null } })).status).toBe(404);
  expect((await server.ask('/api/v1/audit?kind=group', { as: 'root' })).json.entries[0]).toMatchObject({ actor: 'root', object: 'kernel team', message: 'share: weight 0.5, quota 2, queue limit none' });
  expect((await server.ask(at, { as: 'root', method: 'DELETE' })).status).toBe(204);
  expect(await shares()).toEqual([]);
});

test('a flood of checks is told to wait', async () => {
  const ask = () => server.ask('/api/v1/validate', { json: { definition: 'x' }, headers: { 'x-forwarded-for': '192.0.2.99' } });
  let answer = await ask();
  for (let i = 0; i < 300 && answer.status === 200; i++) answer = await ask();
  expect(answer.status).toBe(429);
  expect(answer.json.error.code).toBe('too-many-requests');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await server.ask('/api/v1/validate', { json: { definition: 'x' } })).status).toBe(200);
});

test('a job that failed is annotated by its submitter, with tags of the lab', async () => {
  const id = await server.addJob({ health: 'Incomplete' });
  const hidden = await server.addJob({ health: 'Incomplete', isPublic: false });
  expect((await server.ask('/api/v1/failure-tags', { as: 'alice', json: { name: 'flaky' } })).status).toBe(403);
  expect((await server.ask('/api/v1/failure-tags', { as: 'root', json: { name: 'not a tag' } })).status).toBe(400);
  const { json: { id: tag } } = await server.ask('/api/v1/failure-tags', { as: 'root', json: { name: 'flaky', description: 'now and then' } }) as { json: { id: number } };
  expect((await server.ask('/api/v1/failure-tags', { as: 'root', json: { name: 'flaky' } })).status).toBe(409);
  expect((await server.ask('/api/v1/failure-tags')).json).toMatchObject({ failure_tags: [{ name: 'flaky', description: 'now and then' }] });

  const annotate = async (as: 'alice' | 'bob', job: number, json: object) => (await server.ask(`/api/v1/jobs/${job}/annotation`, { as, json })).status;
  expect([await annotate('bob', id, { comment: 'x' }), await annotate('bob', hidden, { comment: 'x' }), await annotate('alice', id, { tags: ['nothing'] })]).toEqual([403, 404, 400]);
  expect(await annotate('alice', id, { comment: 'the cable', tags: ['flaky'] })).toBe(204);
  expect((await server.ask(`/api/v1/jobs/${id}`, { as: 'bob' })).json).toMatchObject({ failure_comment: 'the cable', failure_tags: ['flaky'], can_annotate: false });
  expect((await server.ask(`/api/v0.2/jobs/${id}/`)).json).toMatchObject({ failure_tags: [tag], failure_comment: 'the cable' });
  expect(await annotate('alice', id, { comment: '', tags: [] })).toBe(204);
  expect((await server.ask(`/api/v1/jobs/${id}`, { as: 'alice' })).json).toMatchObject({ failure_comment: null, failure_tags: [], can_annotate: true });
  expect((await server.ask(`/api/v1/failure-tags/${tag}`, { as: 'root', method: 'DELETE' })).status).toBe(204);
});

test('the page to which XML-RPC sends a browser', async () => {
  const { status, headers, text } = await server.ask('/api/help/');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  for (const part of ['scheduler.jobs.submit(definition)', 'href="/api/"', '134 methods', 'rows at most']) expect(text).toContain(part);
});
