import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, testDefinition, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());
const api = (path: string, options?: Parameters<TestServer['ask']>[1]) => server.ask(`/api/v0.2${path}`, options);

describe('requests', () => {
  test('an address without its slash is sent to the one with', async () => {
    for (const [path, to] of [['/jobs', '/api/v0.2/jobs/'], ['/jobs/1/suites/2/tests?limit=5&offset=1', '/api/v0.2/jobs/1/suites/2/tests/?limit=5&offset=1']]) {
      const answer = await api(path!);
      expect([answer.status, answer.headers.get('location')]).toEqual([301, to]);
    }
  });

  test('answers about tokens, methods and unknown addresses in the known words', async () => {
    expect((await api('/jobs/', { headers: { authorization: 'Token nope' } })).json).toEqual({ detail: 'Invalid token.' });
    expect((await api('/jobs/', { headers: { authorization: 'Token' } })).json).toEqual({ detail: 'Invalid token header. No credentials provided.' });
    expect((await api('/jobs/', { headers: { authorization: 'Token a b' } })).json).toEqual({ detail: 'Invalid token header. Token string should not contain spaces.' });
    expect((await api('/jobs/', { headers: { authorization: 'Token nope' } })).status).toBe(403);
    expect((await api('/jobs/', { headers: { authorization: 'Bearer nope' } })).status).toBe(200);
    const wrong = await api('/jobs/', { method: 'DELETE', as: 'root' });
    expect([wrong.status, wrong.json, wrong.headers.get('allow')]).toEqual([405, { detail: 'Method "DELETE" not allowed.' }, 'GET, POST, HEAD, OPTIONS']);
    expect((await api('/jobs/', { method: 'DELETE' })).status).toBe(403);
    const options = await api('/jobs/', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow'), options.json.renders]).toEqual([200, 'GET, POST, HEAD, OPTIONS', ['application/json']]);
    for (const answer of [wrong, options]) expect(answer.headers.get('content-type')).toBe('application/json');
    const missing = await api('/nothing/here/');
    expect([missing.status, missing.json]).toEqual([404, { detail: 'Not found.' }]);
    expect((await api('/jobs/4.0/')).status).toBe(404);
    expect((await api('/jobs.json?limit=1')).status).toBe(200);
    expect((await api('/')).json.jobs).toBe(`${server.url}/api/v0.2/jobs/`);
  });

  test('a password can be exchanged for a token, as JSON and as a form', async () => {
    const { json } = await api('/token/', { json: { username: 'bob', password: 'secret' } });
    expect((await api('/system/whoami/', { headers: { authorization: `Token ${json.token}` } })).json).toEqual({ user: 'bob' });
    const form = await api('/token/', { body: 'username=bob&password=wrong', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect([form.status, form.json]).toEqual([400, { non_field_errors: ['Unable to log in with provided credentials.'] }]);
    expect((await api('/token/', { json: { username: 'bob' } })).json).toEqual({ password: ['This field is required.'] });
    expect((await api('/token/', { json: {} })).json).toEqual({ username: ['This field is required.'], password: ['This field is required.'] });
  });
});

describe('jobs', () => {
  test('submit, show, resubmit, cancel with GET and POST', async () => {
    expect((await api('/jobs/', { json: { definition: testDefinition } })).json).toEqual({ detail: 'Authentication credentials were not provided.' });
    const made = await api('/jobs/?format=json&limit=256', { as: 'alice', json: { definition: testDefinition } });
    expect([made.status, made.json.message]).toEqual([201, 'job(s) successfully submitted']);
    const id = made.json.job_ids[0];
    expect((await api(`/jobs/${id}/`)).json).toMatchObject({
      id, submitter: 'alice', state: 'Submitted', health: 'Unknown', requested_device_type: 'qemu', actual_device: null, viewing_groups: [], tags: [], failure_tags: [],
      original_definition: testDefinition, multinode_definition: '', submit_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/), start_time: null,
    });
    expect((await api(`/jobs/${id}/resubmit/`, { as: 'bob', method: 'POST' })).status).toBe(201);
    expect((await api(`/jobs/${id}/cancel/`, { as: 'bob' })).json).toEqual({ detail: 'You do not have permission to perform this action.' });
    expect((await api(`/jobs/${id}/cancel/`, { as: 'alice' })).json).toEqual({ message: 'Job cancel signal sent.' });
    expect((await api(`/jobs/${id}/`)).json).toMatchObject({ state: 'Finished', health: 'Canceled' });
    // Once it is over anybody gets the same answer.
    expect((await api(`/jobs/${id}/cancel/`, { as: 'bob', method: 'POST' })).status).toBe(200);
    expect((await api('/jobs/batch_cancel/', { as: 'alice', json: { job_ids: [id, 99_999, 'x', { a: 1 }] } })).json).toEqual({
      message: 'Job cancel signal sent for job ids.', job_ids: [id], invalid_job_ids: [99_999, 'x', { a: 1 }],
    });
  });

  test('a session cannot be made to cancel a job by a link', async () => {
    const id = await server.addJob({ state: 'Submitted' });
    const login = await server.ask('/api/v1/login', { json: { username: 'alice', password: 'secret' } });
    const cookie = login.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
    expect((await api(`/jobs/${id}/cancel/`, { headers: { cookie } })).status).toBe(403);
    expect((await api(`/jobs/${id}/`)).json.state).toBe('Submitted');
  });

  test('refused definitions', async () => {
    const submit = (json: unknown) => api('/jobs/', { as: 'alice', json });
    expect((await submit({ definition: 'nope: 1' })).json).toEqual({ message: expect.stringMatching(/^Problem with submitted job data: .*@ data\['/) });
    expect((await submit({ definition: 'a: [' })).json).toEqual({ message: expect.stringMatching(/^Problem with submitted job data: Loading job submission failed: .+\.$/) });
    expect((await submit({})).json).toEqual({ definition: ['This field is required.'] });
    expect((await submit({ definition: null })).json).toEqual({ definition: ['This field may not be null.'] });
    expect((await submit({ definition: ' ' })).json).toEqual({ definition: ['This field may not be blank.'] });
    expect((await submit({ definition: 5 })).json).toEqual({ definition: ['Not a valid string.'] });
    expect((await api('/jobs/validate/', { json: { definition: testDefinition } })).json).toEqual({ message: 'Job valid.' });
    const withMore = testDefinition.replace(/^/, 'bogus: 1\n');
    expect((await api('/jobs/validate/', { json: { definition: withMore } })).json).toEqual({ message: 'Job valid.' });
    expect((await api('/jobs/validate/', { json: { definition: withMore, strict: true } })).json).toEqual({ message: "Job invalid: extra keys not allowed @ ['bogus']" });
    expect((await api('/jobs/validate/', { json: { definition: 'a: [' } })).json.message).toMatch(/^Job invalid: .+ @ \[\]$/);
    expect((await api('/jobs/validate_testdef/', { json: { definition: 'metadata: {format: Lava-Test Test Definition 1.0, name: a}' } })).json).toEqual({ message: 'Test definition valid.' });
    expect((await api('/jobs/validate_testdef/', { json: { definition: 'metadata: {name: a}' } })).json).toEqual({ message: "Test definition invalid: required key not provided @ data['metadata']['format']" });
    expect((await api('/jobs/validate_testdef/', { json: {} })).json).toEqual({ definition: 'Test definition is required.' });
    expect((await api('/jobs/validate/', { json: {} })).json).toEqual({ definition: 'Test job definition is required.' });
  });

  test('pages have absolute links in alphabetical order', async () => {
    for (let i = 0; i < 3; i++) await server.addJob({ description: 'paged' });
    const first = (await api('/jobs/?ordering=id&limit=2&description=paged')).json;
    expect(first).toMatchObject({ count: 3, previous: null, next: `${server.url}/api/v0.2/jobs/?description=paged&limit=2&offset=2&ordering=id` });
    const second = await fetch(first.next).then((r) => r.json()) as typeof first;
    expect(second).toMatchObject({ next: null, previous: `${server.url}/api/v0.2/jobs/?description=paged&limit=2&ordering=id` });
    expect(second.results[0].id).toBeGreaterThan(first.results[1].id);
    expect((await api('/jobs/?limit=0')).json.results.length).toBeGreaterThan(3);
    expect((await api('/jobs/?limit=x&offset=-3&ordering=nope,-priority')).status).toBe(200);
  });

  test('filters', async () => {
    const a = await server.addJob({ description: 'filter 50%_a', state: 'Submitted' });
    const b = await server.addJob({ description: 'filter b', state: 'Finished', health: 'Incomplete', submitter: 'bob' });
    await server.services.db.insertInto('tags').values({ name: 'hdmi' }).execute();
    await server.services.db.insertInto('job_tags').values({ job: b, tag_id: 1 }).execute();
    await server.services.db.updateTable('device_types').set({ cores: ['A53', 'M4'] }).where('name', '=', 'qemu').execute();
    const find = async (query: string) => ((await api(`/jobs/?description__startswith=filter&ordering=id&${query}`)).json.results as { id: number }[]).map((j) => j.id);
    for (const [query, expected] of [
      ['state=Submitted', [a]], ['state__in=Submitted,Finished', [a, b]], ['state!=Submitted', [b]], ['health__in=Incomplete,Canceled', [b]],
      ['description__contains=50%25_', [a]], ['description__icontains=FILTER', [a, b]], ['description__endswith=b', [b]], ['description__in=filter b,other', [b]],
      ['submitter__username=bob', [b]], ['submitter__username__in=alice,bob', [a, b]], ['submitter__username!=bob', [a]],
      ['requested_device_type=qemu', [a, b]], ['requested_device_type__name__startswith=q', [a, b]], ['actual_device=qemu01', [b]], ['actual_device__worker_host__hostname=worker01', [b]],
      ['tags=1', [b]], ['tags__name=hdmi', [b]], ['tags__name__in=hdmi,usb', [b]], [`id__in=${a},${b}`, [a, b]], [`id__gt=${a}`, [b]], ['id__lt=99999999999', [a, b]],
      ['submit_time__gt=2020-01-01T00:00:00Z', [a, b]], ['submit_time__lt=2020-01-01T00:00:00+00:00', []], ['start_time__isnull=true', [a]],
      ['submit_time__gt=2020-01-01%2000:00', [a, b]], ['submit_time__gt=2020-01-01T00:00:00%2B00:00', [a, b]], ['submit_time__gt=2020-01-01T00:00:00+00:00', [a, b]],
      ['requested_device_type__cores__name=A53', [a, b]], ['requested_device_type__cores=A53', [a, b]], ['requested_device_type__cores__name__contains=A5', [a, b]], ['requested_device_type__cores__name=A9', []],
      ['priority__gte=50', [a, b]], ['health_check=false', [a, b]], ['unknown_name=1', [a, b]], ['state=', [a, b]], ['description__nolookup=x', [a, b]],
    ] as const) expect(await find(query), query).toEqual(expected);
    for (const query of ['state=finished', 'health__in=Complete,Nope', 'submitter=99', 'requested_device_type=nope', 'submit_time__gt=2026-11-22', 'id__gt=abc', 'start_time__isnull=maybe']) {
      const answer = await api(`/jobs/?${query}`);
      expect(answer.status, query).toBe(400);
      expect(Object.values(answer.json)[0], query).toBeInstanceOf(Array);
    }
  });
});

test('a time that a list shows finds its job, and asked for what is later leaves it out', async () => {
  const id = await server.addJob({ description: 'timed' });
  await sql`update jobs set end_time = '2026-11-22 10:31:00.250731+00' where id = ${id}`.execute(server.services.db);
  const find = async (query: string) => (await api(`/jobs/?description=timed&${query}`)).json.count as number;
  const shown = (await api(`/jobs/${id}/`)).json.end_time as string;
  expect(shown).toBe('2026-11-22T10:31:00.250000Z');
  expect([await find(`end_time=${shown}`), await find(`end_time__gt=${shown}`), await find(`end_time__lt=${shown}`)]).toEqual([1, 0, 0]);
  expect([await find('end_time__gt=2026-11-22T10:31:00.249Z'), await find('end_time__gt=2026-11-22T10:31:00.250700Z'), await find('end_time__lt=2026-11-22T10:31:00.251Z')]).toEqual([1, 1, 1]);
});

describe('results of a job', () => {
  let id: number;
  beforeAll(async () => {
    id = await server.addJob();
    await server.appendLog(id, [['info', 'one'], ['target', 'two'], ['target', 'three <&>']]);
    await server.addCases(id, '0_smoke', [
      { name: 'a"b', result: 'fail', lines: [1, 3] }, { name: 'bw', measurement: '12.5', units: 'MB/s', set: 's1' }, { name: 'skipped', result: 'skip' }, { name: 'what', result: 'unknown' },
    ]);
    await server.writeJobFile(id, 'metadata/lava-login-action-2.1.yaml', 'success: No kernel warnings\nseconds: 1.0\n');
    await server.addCases(id, 'lava', [{ name: 'login-action', metadata: "case: login-action\ndefinition: lava\nduration: '3.25'\nextra: metadata/lava-login-action-2.1.yaml\nlevel: '2.1'\nresult: pass\n" }]);
  });

  test('suites and tests', async () => {
    const { results, count } = (await api(`/jobs/${id}/suites/`)).json;
    expect([count, results[0]]).toEqual([2, { id: results[0].id, resource_uri: `${server.url}/api/v0.2/jobs/${id}/suites/${results[0].id}/`, name: '0_smoke', job: id }]);
    expect((await api(`/jobs/${id}/suites/${results[0].id}/`)).json.name).toBe('0_smoke');
    const tests = (await api(`/jobs/${id}/tests/?limit=2`)).json;
    expect(tests.count).toBe(5);
    expect(tests.results[1]).toMatchObject({ result: 'pass', unit: 'MB/s', name: 'bw', measurement: '12.5000000000', suite: results[0].id, test_set: 1, start_log_line: null });
    expect((await fetch(tests.results[1].resource_uri).then((r) => r.json()))).toEqual(tests.results[1]);
    expect((await api(`/jobs/${id}/suites/${results[0].id}/tests/?result=FAIL&name__contains=a`)).json.count).toBe(1);
    expect((await api(`/jobs/${id}/suites/99999/tests/`)).status).toBe(404);
  });

  test('logs, whole and in part', async () => {
    const whole = await api(`/jobs/${id}/logs/`);
    expect(whole.headers.get('content-type')).toBe('application/yaml');
    expect(whole.headers.get('content-disposition')).toBe(`attachment; filename=job_${id}.yaml`);
    expect(Number(whole.headers.get('content-length'))).toBe(Buffer.byteLength(whole.text));
    expect((await api(`/jobs/${id}/logs/?start=1&end=2`)).text).toBe(`${whole.text.split('\n')[1]}\n`);
    expect((await api(`/jobs/${id}/logs/?start=7`)).status).toBe(404);
    expect((await api(`/jobs/${id}/logs/?start=x`)).status).toBe(400);
  });

  test('CSV and YAML', async () => {
    const csv = (await api(`/jobs/${id}/csv/?limit=2&offset=1`)).text.split('\r\n');
    expect(csv[0]).toBe('"job","suite","result","measurement","unit","duration","timeout","logged","level","metadata","url","name","id","log_start_line","log_end_line"');
    expect(csv[1]).toMatch(new RegExp(`^"${id}","0_smoke","pass","12.5000000000","MB/s","","","\\d{4}-\\d\\d-\\d\\d \\d\\d:.*","","{'case': 'bw', 'definition': '0_smoke', 'result': 'pass'}","/results/testcase/\\d+","bw",`));
    expect(csv).toHaveLength(4);
    const yaml = (await api(`/jobs/${id}/yaml/`)).text;
    expect(yaml).toMatch(new RegExp(`^- name: a"b\n  job: '${id}'\n  suite: 0_smoke\n  result: fail\n  measurement: None\n  unit: ''\n  level: ''\n  url: /results/testcase/\\d+\n  id: '\\d+'\n`));
    expect(yaml).toContain("log_start_line: '1'\n  log_end_line: '3'\n  metadata:\n    case: a\"b\n");
    expect(yaml).toContain("level: '2.1'");
    expect(yaml).toContain("    extra:\n    - success: No kernel warnings\n    - seconds: 1.0\n");
  });

  test('JUnit and TAP', async () => {
    const xml = (await api(`/jobs/${id}/junit/?classname_prefix=P`)).text;
    expect(xml).toContain('<?xml version="1.0" encoding="utf-8"?>\n<testsuites disabled="0" errors="0" failures="1" tests="5" time="3.25">\n\t<testsuite disabled="0" errors="0" failures="1" name="0_smoke" skipped="1" tests="4" time="0" timestamp="2026-11-22T10:31:00.250000+00:00">');
    expect(xml).toContain('<testcase name="a&quot;b" classname="P_0_smoke" timestamp=');
    expect(xml).toMatch(/<failure type="failure" message="failed">- \{.*two"\}\n- .*three &lt;&amp;&gt;"\}\n<\/failure>/);
    expect(xml).toContain('time="3.250000"');
    expect((await api(`/jobs/${await server.addJob()}/junit/`)).text).toBe('<?xml version="1.0" encoding="utf-8"?>\n<testsuites/>\n');
    const quick = await server.addJob();
    await server.addCases(quick, '0_smoke', [{ name: 'a' }]);
    expect((await api(`/jobs/${quick}/junit/`)).text).toMatch(/<testsuites [^>]*time="0\.0">\n\t<testsuite [^>]*time="0" /);
    const tap = (await api(`/jobs/${id}/tap13/`)).text;
    expect(tap).toMatch(/^1\.\.5\n# TAP results for 0_smoke\nnot ok 1 a"b\n ---\n - \{.*\n - \{.*\n \.\.\.\nok 2 bw\nok 3 skipped # SKIP test skipped\nnot ok 4 what # TODO unknown result\n# TAP results for lava\nok 5 login-action\n$/);
  });
});

describe('devices and the rest', () => {
  test('devices hide what is retired', async () => {
    await server.services.db.insertInto('devices').values({ hostname: 'old', device_type: 'qemu', health: 5 }).execute();
    expect((await api('/devices/')).json.results.map((d: { hostname: string }) => d.hostname)).toEqual(['qemu01']);
    expect((await api('/devices/?all=1')).json.count).toBe(2);
    expect((await api('/devices/old/')).status).toBe(404);
    expect((await api('/devices/old/dictionary/')).status).toBe(404);
    expect((await api('/devices/old/dictionary/?all=1')).json).toEqual({ detail: "Device 'old' does not have a configuration" });
    expect((await api('/devices/?device_type=qemu&health=good&state=Idle')).json.results[0]).toMatchObject({ hostname: 'qemu01', worker_host: 'worker01', health: 'Good', state: 'Idle', is_synced: false });
  });

  test('dictionary and health', async () => {
    const raw = await api('/devices/qemu01/dictionary/');
    expect([raw.headers.get('content-disposition'), raw.text]).toEqual(['attachment; filename=qemu01.jinja2', "{% extends 'qemu.jinja2' %}\n"]);
    expect((await api('/devices/qemu01/dictionary/?render=1')).headers.get('content-type')).toContain('application/yaml');
    const refused = await api('/devices/qemu01/dictionary/?render=1&context=[1');
    expect([refused.json.detail, refused.headers.get('content-disposition')]).toEqual([expect.stringContaining("Job Context '[1' is not valid"), null]);
    expect((await api('/devices/qemu01/set_health/', { as: 'alice', json: { health: 'bad' } })).status).toBe(403);
    expect((await api('/devices/qemu01/set_health/', { as: 'root', json: { health: 'foo' } })).json).toEqual({ message: 'Wrong device health foo' });
    const set = await api('/devices/qemu01/set_health/', { as: 'root', json: { health: 'maintenance', reason: 'cable' } });
    expect([set.status, set.json]).toEqual([202, { message: 'OK' }]);
    expect((await api('/devices/qemu01/')).json.health).toBe('Maintenance');
  });

  test('types, workers, tags, aliases, system', async () => {
    expect((await api('/devicetypes/qemu/')).json).toMatchObject({ name: 'qemu', health_denominator: 'hours', display: true, aliases: [] });
    expect((await api('/workers/')).json.results[0]).toMatchObject({ hostname: 'worker01', state: 'Online', health: 'Active', job_limit: 0 });
    expect((await api('/workers/nope/')).json).toEqual({ detail: 'Not found.' });
    expect((await api('/tags/')).status).toBe(403);
    expect((await api('/tags/', { as: 'bob' })).json.results).toMatchObject([{ name: 'hdmi' }]);
    expect((await api('/aliases/', { as: 'bob' })).json.count).toBe(0);
    expect((await api('/system/version/')).json.version).toMatch(/^\d{4}\.\d\d/);
  });
});

describe('administration', () => {
  const as = 'root';
  test('device types, workers and devices are made, changed and removed by superusers only', async () => {
    for (const path of ['/devices/', '/devicetypes/', '/workers/']) {
      expect((await api(path, { as: 'alice', json: {} })).status, path).toBe(403);
      expect((await api(path, { json: {} })).status, path).toBe(403);
    }
    expect((await api('/devicetypes/', { as, json: { name: 'bbb', display: true } })).status).toBe(201);
    expect((await api('/devicetypes/', { as, json: { name: 'bbb' } })).json).toEqual({ name: ['device type with this name already exists.'] });
    expect((await api('/devicetypes/', { as, json: { name: 'a/b' } })).status).toBe(400);
    expect((await api('/workers/', { as, json: { hostname: 'worker02', description: 'rack 2', job_limit: 3 } })).json).toMatchObject({ hostname: 'worker02', state: 'Offline', health: 'Active', job_limit: 3 });
    const made = await api('/devices/', { as, json: { hostname: 'bbb01', device_type: 'bbb', worker_host: 'worker02', description: '', tags: [1] } });
    expect([made.status, made.json]).toEqual([201, expect.objectContaining({ hostname: 'bbb01', health: 'Maintenance', state: 'Idle', tags: [1] })]);
    const changed = await api('/devices/bbb01/', { as, method: 'PATCH', json: { health: 'Good', description: 'new', state: 'Running' } });
    expect(changed.json).toMatchObject({ health: 'Good', description: 'new', state: 'Idle', tags: [1] });
    expect(changed.json).not.toHaveProperty('hostname');
    expect((await server.ask('/api/v1/audit?kind=device&object=bbb01')).json.entries.map((e: { message: string }) => e.message)).toEqual(['Maintenance → Good', 'changed description', 'added']);
    expect((await api('/workers/worker02/', { as, method: 'PATCH', json: { health: 'Retired' } })).json.health).toBe('Retired');
    expect((await api('/devices/bbb01/?all=1')).json.health).toBe('Retired');
    expect((await api('/devicetypes/bbb/', { as, method: 'DELETE' })).json.message).toContain('has devices or jobs');
    for (const path of ['/devices/bbb01/?all=1', '/devicetypes/bbb/', '/workers/worker02/']) expect((await api(path, { as, method: 'DELETE' })).status, path).toBe(204);
  });

  test('wrong fields are told one by one', async () => {
    expect((await api('/devices/', { as, json: { device_type: 5, health: 'good', physical_owner: 'x' } })).json).toEqual({
      hostname: ['This field is required.'], device_type: ['Not a valid string.'], health: ['"good" is not a valid choice.'], physical_owner: ['A valid integer is required.'],
    });
    expect((await api('/devices/', { as, json: { hostname: 'x', device_type: 'nope' } })).json).toEqual({ device_type: ['Invalid pk "nope" - object does not exist.'] });
    expect((await api('/devices/', { as, json: { hostname: 'x', device_type: 'qemu', tags: [99] } })).json).toEqual({ tags: ['Invalid pk "99" - object does not exist.'] });
    expect((await api('/devices/x/')).status).toBe(404);
    expect((await api('/devices/', { as, json: { hostname: 'y', device_type: 'qemu', worker_host: 'nope' } })).json).toEqual({ worker_host: ['Invalid pk "nope" - object does not exist.'] });
    expect((await api('/workers/worker01/', { as, method: 'PUT', json: [1] })).status).toBe(200);
    expect((await api('/workers/worker01/', { as, method: 'PATCH', json: { job_limit: -1 } })).json).toEqual({ job_limit: ['Ensure this value is greater than or equal to 0.'] });
    expect((await api('/workers/', { as, json: { hostname: 'worker01' } })).json).toEqual({ hostname: ['worker with this Hostname already exists.'] });
    expect((await api('/devices/', { as, json: { hostname: 'qemu01', device_type: 'qemu' } })).json).toEqual({ hostname: ['device with this Hostname already exists.'] });
  });

  test('what is in use stays', async () => {
    const job = await server.addJob({ state: 'Running' });
    await server.services.db.updateTable('devices').set({ state: 2 }).where('hostname', '=', 'qemu01').execute();
    expect((await api('/devices/qemu01/', { as, method: 'DELETE' })).json.message).toContain('in use');
    await server.services.db.insertInto('attempts').values({ job, fence: 1, device: 'qemu01', worker: 'worker01', lease_expires: new Date() }).execute();
    expect((await api('/workers/worker01/', { as, method: 'DELETE' })).json.message).toContain('runs jobs');
  });
});
