import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonRepr } from '@lava/job';
import { newToken } from '../../auth/tokens.ts';
import { startTestServer, testDefinition, type TestServer } from '../testing.ts';
import { methods } from './methods.ts';
import { pythonClient, type Call, type PythonClient } from './python-client.testing.ts';

let server: TestServer;
let python: PythonClient;
const tokens: Record<string, string> = {};
/** Jobs: a public one of alice, one that only alice sees. */
let open: number;
let personal: number;

beforeAll(async () => {
  server = await startTestServer();
  python = pythonClient(server.url);
  const { db } = server.services;
  for (const who of ['alice', 'bob', 'root'] as const) tokens[who] = `${who}:${server.tokens[who]}`;
  // carol may do what her group may; dave is staff.
  for (const [username, is_staff] of [['carol', false], ['dave', true]] as const) {
    const { id } = await db.insertInto('users').values({ username, email: `${username}@example.com`, is_staff }).returning('id').executeTakeFirstOrThrow();
    tokens[username] = `${username}:${await newToken(db, id, 'test')}`;
  }
  await sql`insert into groups (name) values ('lab'), ('others')`.execute(db);
  await sql`insert into user_groups (user_id, group_id) select users.id, groups.id from users, groups where username = 'carol' and name = 'lab'`.execute(db);
  await db.insertInto('device_types').values({ name: 'secret' }).execute();
  await db.insertInto('devices').values({ hostname: 'secret01', device_type: 'secret', worker: 'worker01', health: 0 }).execute();
  await sql`insert into group_device_type_permissions (device_type, group_id, permission) select 'secret', id, 'view_devicetype' from groups where name = 'lab'`.execute(db);
  await sql`insert into group_device_permissions (device, group_id, permission) select 'qemu01', id, 'change_device' from groups where name = 'lab'`.execute(db);
  open = await server.addJob({ description: 'open', definition: `# a comment\n${testDefinition}` });
  personal = await server.addJob({ isPublic: false, description: 'personal' });
  await server.addCases(open, '0_smoke', [{ name: 'bw', measurement: '12.5', units: 'MB/s' }, { name: 'bw', result: 'fail' }]);
  await server.appendLog(open, [['info', 'one'], ['target', 'two é'], ['info', 'three']]);
}, 60_000);
afterAll(async () => {
  await python.end();
  await server.stop();
});

const as = (who: string, method: string, ...params: unknown[]): Call => ({ method, params, ...(who !== 'anonymous' && { as: tokens[who]! }) });
const call = async (who: string, method: string, ...params: unknown[]) => (await python.calls([as(who, method, ...params)]))[0];
const fault = (code: number, text: string) => ({ fault: code, text });

/** Arguments that are needed, each a text that names nothing. */
const dummies = (name: string) => Object.values(methods.get(name)!.params).filter((p) => !p.fallback).map((p) => (p.type === 'boolean' ? true : p.type === 'integer' ? 1 : 'nothing'));

test('docs/xmlrpc.md lists the methods as they are', async () => {
  const path = fileURLToPath(new URL('../../../../../docs/xmlrpc.md', import.meta.url));
  const page = await readFile(path, 'utf8');
  const rows = [...methods.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, params, rule, about, returns }) => {
    const shown = Object.entries(params).map(([param, { fallback }]) => (fallback ? `${param}=${pythonRepr(fallback.value)}` : param)).join(', ');
    return `| \`${name}(${shown})\` | ${rule} | ${about} | ${returns} |`.replaceAll('\n', ' ');
  });
  const table = ['| method | for | does | returns |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const current = page.replace(/\| method \|[^]*?(?=\n\n|\n*$)/, () => table);
  if (process.env['LAVA_RECORD']) await writeFile(path, current);
  else expect(page).toBe(current);
  expect(rows).toHaveLength(134);
});

describe('who may call what', () => {
  test('every method that is not for everybody asks for a login, and then for its permission', async () => {
    const guarded = [...methods.values()].filter((m) => m.rule !== 'everybody');
    const anonymous = await python.calls(guarded.map((m) => as('anonymous', m.name, ...dummies(m.name))));
    expect(anonymous).toEqual(guarded.map(() => fault(401, 'Authentication with user and token required for this API.')));
    const permitted = guarded.filter((m) => m.rule.startsWith('who has the permission '));
    const bob = await python.calls(permitted.map((m) => as('bob', m.name, ...dummies(m.name))));
    expect(bob).toEqual(permitted.map((m) => fault(403, `User 'bob' is missing permission ${m.rule.slice('who has the permission '.length)}.`)));
    const forStaff = guarded.filter((m) => m.rule === 'staff');
    expect(await python.calls(forStaff.map((m) => as('bob', m.name, ...dummies(m.name))))).toEqual(forStaff.map(() => fault(403, 'forbidden')));
    expect(permitted.length + forStaff.length).toBeGreaterThan(40);
  });

  test('everything else answers anybody without a mistake of the server', async () => {
    const all = [...methods.values()].filter((m) => !['results.refresh_all_queries'].includes(m.name));
    for (const who of ['bob', 'root']) {
      const answers = await python.calls(all.map((m) => as(who, m.name, ...dummies(m.name))));
      const mistakes = answers.flatMap((answer, n) => (JSON.stringify(answer)?.includes('The server made a mistake') ? [[who, all[n]!.name]] : []));
      expect(mistakes).toEqual([]);
    }
  }, 60_000);

  test('hidden jobs, devices and types', async () => {
    const names = ['scheduler.jobs.show', 'scheduler.jobs.logs', 'scheduler.jobs.definition', 'scheduler.jobs.configuration', 'scheduler.job_details', 'scheduler.job_state', 'scheduler.job_health', 'scheduler.job_output'];
    expect(await python.calls(names.map((name) => as('bob', name, personal)))).toEqual(names.map(() => fault(403, `Job '${personal}' not available to user 'bob'.`)));
    expect(await call('anonymous', 'scheduler.jobs.show', personal)).toEqual(fault(403, `Job '${personal}' not available to user 'AnonymousUser'.`));
    expect(await call('bob', 'results.get_testjob_results_yaml', personal)).toEqual(fault(401, `Permission denied for user to job ${personal}`));
    expect(await call('alice', 'scheduler.jobs.show', personal)).toMatchObject({ id: personal, visibility: 'Personal' });
    const [own] = await python.calls([as('alice', 'scheduler.jobs.submit', testDefinition.replace('visibility: public', 'visibility: personal'))]);
    expect(await call('alice', 'scheduler.jobs.show', own)).toMatchObject({ visibility: 'Group (alice)' });
    expect(await call('bob', 'scheduler.jobs.cancel', personal)).toEqual(fault(403, `Job '${personal}' not available to user 'bob'.`));
    expect(await call('bob', 'scheduler.jobs.resubmit', personal)).toEqual(fault(403, `Job '${personal}' not available to user 'bob'.`));

    expect(await call('bob', 'scheduler.devices.show', 'secret01')).toEqual(fault(403, "Device 'secret01' not available to user 'bob'."));
    expect(await call('bob', 'scheduler.get_device_config', 'secret01')).toEqual(fault(401, 'Permission denied for user to device secret01'));
    expect(await call('bob', 'scheduler.get_device_status', 'secret01')).toEqual(fault(403, 'Permission denied for user to access secret01 information.'));
    expect(await call('bob', 'scheduler.device_types.show', 'secret')).toEqual(fault(404, "Device-type 'secret' was not found."));
    expect(await call('bob', 'scheduler.device_types.get_template', 'secret')).toEqual(fault(404, "Device-type 'secret' was not found."));
    expect(await call('carol', 'scheduler.device_types.show', 'secret')).toMatchObject({ name: 'secret', devices: ['secret01'] });
    const lists = ['scheduler.devices.list', 'scheduler.device_types.list', 'scheduler.all_devices', 'scheduler.all_device_types', 'scheduler.jobs.list', 'scheduler.pending_jobs_by_device_type'];
    expect(JSON.stringify(await python.calls(lists.map((name) => as('bob', name))))).not.toMatch(/secret|personal/);
    expect(JSON.stringify(await python.calls(lists.map((name) => as('carol', name))))).toContain('secret01');
  });

  test('a group may change one device', async () => {
    expect(await call('bob', 'scheduler.devices.set_dictionary', 'qemu01', 'x')).toEqual(fault(403, "User 'bob' needs admin permission on device qemu01."));
    expect(await call('bob', 'scheduler.put_into_maintenance_mode', 'qemu01', 'x')).toEqual(fault(403, 'Permission denied for user to put qemu01 into maintenance mode.'));
    expect(await call('carol', 'scheduler.put_into_maintenance_mode', 'qemu01', 'a cable is loose')).toBeNull();
    expect(await call('bob', 'scheduler.devices.show', 'qemu01')).toMatchObject({ health: 'Maintenance', permissions: [{ name: 'change_device', group: 'lab' }] });
    expect(await call('carol', 'scheduler.put_into_online_mode', 'qemu01', 'mended')).toBeNull();
    expect(await call('bob', 'scheduler.get_device_status', 'qemu01')).toEqual({ hostname: 'qemu01', status: 'idle', job: null, offline_since: null, offline_by: null, is_pipeline: true });
    const { rows } = await sql<{ message: string }>`select message from audit_log where object = 'qemu01' and actor = 'carol' order by id`.execute(server.services.db);
    expect(rows.map((r) => r.message)).toEqual(['Good → Maintenance (a cable is loose)', 'Maintenance → Unknown (mended)']);
  });

  test('nobody becomes a superuser by changing users', async () => {
    await call('root', 'auth.users.perms.add', 'bob', 'auth', 'user', 'change_user');
    expect(await call('bob', 'auth.users.update', 'bob', null, null, null, null, null, true)).toEqual(fault(403, 'Only superusers make superusers.'));
    expect(await call('bob', 'auth.users.update', 'root', 'No', 'One')).toEqual(fault(403, 'Only superusers change superusers.'));
    expect(await call('bob', 'auth.users.perms.add', 'bob', 'auth', 'user', 'add_user')).toEqual(fault(403, 'Only superusers, and users who have it, give the permission auth.add_user.'));
    await call('root', 'auth.groups.perms.add', 'others', 'auth', 'group', 'change_group');
    expect(await call('bob', 'auth.users.groups.add', 'bob', 'others')).toEqual(fault(403, 'Only superusers, and users who have it, give the permission auth.change_group.'));
    expect(await call('bob', 'auth.users.update', 'carol', 'Carol', 'Doe')).toBeNull();
    await call('root', 'auth.users.perms.delete', 'bob', 'auth', 'user', 'change_user');
    expect(await call('bob', 'auth.users.update', 'carol', 'Eve')).toEqual(fault(403, "User 'bob' is missing permission auth.change_user."));
  });
});

describe('answers', () => {
  test('a job in all its forms, without secrets', async () => {
    const details = await call('bob', 'scheduler.job_details', open) as Record<string, unknown>;
    expect(details).toMatchObject({
      id: open, sub_id: '', status: 'Complete', state: 'Finished', health: 'Complete', description: 'open', submitter_username: 'alice', absolute_url: `/scheduler/job/${open}`, is_pipeline: true,
      requested_device_type_id: 'qemu', actual_device_id: 'qemu01', pipeline_compatibility: 0, priority: 50, metadata: {}, _state: {}, original_definition: `# a comment\n${testDefinition}`,
    });
    expect(JSON.stringify(details)).not.toMatch(/password|argon|token/i);
    expect(await call('bob', 'scheduler.job_state', String(open))).toEqual({ job_id: open, job_state: 'Finished' });
    expect(await call('bob', 'scheduler.job_health', open)).toEqual({ job_id: open, job_health: 'Complete' });
    expect(await call('bob', 'scheduler.jobs.definition', open)).toBe(`# a comment\n${testDefinition}`);
    expect(await call('bob', 'scheduler.get_recent_jobs_for_device', 'qemu01', 5)).toEqual([{ id: open, description: 'open', status: 'Complete' }]);
    expect(await call('bob', 'scheduler.get_recent_jobs_for_device_type', 'qemu')).toEqual([{ id: open, description: 'open', status: 'Complete', device: 'qemu01' }]);
  });

  test('a device without a worker is in no count; its health check goes by what its dictionary extends', async () => {
    const counts = await call('bob', 'scheduler.all_device_types');
    await server.services.db.insertInto('devices').values({ hostname: 'spare01', device_type: 'qemu', health: 0 }).execute();
    expect(await call('bob', 'scheduler.all_device_types')).toEqual(counts);
    await call('root', 'scheduler.device_types.set_health_check', 'qemu', 'job_name: check\n');
    expect(await call('bob', 'scheduler.devices.show', 'spare01')).toMatchObject({ health_job: false, has_device_dict: false });
    await server.services.devices.setDictionary('spare01', "{% extends 'qemu.jinja2' %}\n", 'root');
    expect(await call('bob', 'scheduler.devices.show', 'spare01')).toMatchObject({ health_job: true, has_device_dict: true });
    await call('root', 'scheduler.device_types.set_health_check', 'qemu', '');
    await call('root', 'scheduler.devices.delete', 'spare01');
  });

  test('lines of a log, and its bytes', async () => {
    const lines = async (...params: unknown[]) => {
      const [finished, data] = await call('bob', 'scheduler.jobs.logs', open, ...params) as [boolean, { $bytes: string }];
      return [finished, [...Buffer.from(data.$bytes, 'base64').toString().matchAll(/"msg": "([^"]*)"/g)].map((m) => m[1])];
    };
    expect(await lines()).toEqual([true, ['one', 'two é', 'three']]);
    expect(await lines(1)).toEqual([true, ['two é', 'three']]);
    expect(await lines(0, 1)).toEqual([true, ['one']]);
    expect(await lines(2, 1)).toEqual([true, []]);
    expect(await lines(9, 20)).toEqual([true, []]);
    expect(await lines(-1, 99)).toEqual([true, ['one', 'two é', 'three']]);
    const whole = await call('bob', 'scheduler.job_output', open) as { $bytes: string };
    const rest = await call('bob', 'scheduler.job_output', open, 10) as { $bytes: string };
    expect(Buffer.from(rest.$bytes, 'base64')).toEqual(Buffer.from(whole.$bytes, 'base64').subarray(10));
    expect(await call('alice', 'scheduler.jobs.logs', personal)).toEqual([true, { $bytes: Buffer.from('[]').toString('base64') }]);
    expect(await call('alice', 'scheduler.job_output', personal)).toEqual(fault(404, 'Job output not found.'));
  });

  test('several calls in one', async () => {
    const one = (methodName: string, ...params: unknown[]) => ({ methodName, params });
    expect(await call('bob', 'system.multicall', [one('system.whoami'), one('nope'), one('scheduler.jobs.show', 99), 5, {}, { methodName: 5 }, { methodName: 'a' }, { methodName: 'a', params: 5 }, { ...one('a'), x: 1 }, one('system.multicall', [one('system.api_version')])])).toEqual([
      ['bob'], { faultCode: -32601, faultString: "No such method: 'nope'" }, { faultCode: 404, faultString: "Job '99' was not found." },
      ...['expected struct', 'methodName not specified', 'methodName must be a string', 'params not specified', 'params must be an array', "specified additional arguments ['x']"].map((text) => ({ faultCode: -32602, faultString: `system.multicall ${text}` })),
      [[[2]]],
    ]);
    expect(await call('bob', 'system.multicall', 'x')).toEqual(fault(-32602, 'system.multicall expected a list of methods to call'));
  });

  test('queries see what the user sees', async () => {
    const ids = async (who: string, entity: string, conditions: string) => ((await call(who, 'results.make_custom_query', entity, conditions)) as { id: number }[]).map((row) => row.id);
    expect(await ids('alice', 'testjob', 'testjob__health__exact__Complete')).toEqual([personal, open]);
    expect(await ids('bob', 'testjob', 'testjob__health__exact__Complete,submitter__exact__alice')).toEqual([open]);
    expect(await ids('bob', 'testjob', 'testcase__name__exact__bw,testcase__result__exact__Test failed')).toEqual([open]);
    expect(await ids('bob', 'testjob', 'testcase__result__exact__Test failed,testcase__measurement__gt__1')).toEqual([]);
    expect(await ids('bob', 'testsuite', 'name__icontains__SMOKE')).toHaveLength(1);
    expect(await call('bob', 'results.make_custom_query', 'testcase', 'testcase__measurement__gt__12')).toMatchObject([{ name: 'bw', measurement: { $float: '12.5' }, result: 0 }]);
    expect(await call('bob', 'results.make_custom_query', 'nothing', 'a__b')).toEqual(fault(400, 'Wrong table name in entity parameter. Please refer to query docs.'));
    for (const wrong of ['', 'a', 'testjob__nothing__exact__1', 'constructor__name__exact__1', "testjob__id';drop table jobs__exact__1"]) {
      expect(await call('bob', 'results.make_custom_query', 'testjob', wrong)).toEqual(fault(400, 'Conditions URL incorrect: Field does not exist. Please refer to query docs.'));
    }
    expect(await call('bob', 'results.run_query', 'mine')).toEqual(fault(404, 'Query with name mine owned by user bob does not exist.'));
  });

  test('one case of several names is all of them', async () => {
    expect(await call('bob', 'results.get_testsuite_results_count', open, '0_smoke')).toBe(2);
    expect(await call('bob', 'results.get_testcase_results_csv', open, '0_smoke', 'nothing')).toEqual(fault(404, 'Specified test case not found.'));
    expect(await call('bob', 'results.get_testcase_results_yaml', open, '0_smoke', 'nothing')).toBe('[]\n');
    const csv = await call('bob', 'results.get_testcase_results_csv', open, '0_smoke', 'bw') as string;
    expect(csv.split('\n')).toHaveLength(4);
    const page = await call('bob', 'results.get_testsuite_results_yaml', open, '0_smoke', 1, 1) as string;
    expect(page.match(/^- name: bw\n {2}job: '\d+'\n {2}suite: 0_smoke\n {2}result: fail$/gm)).toHaveLength(1);
    expect(await call('bob', 'results.get_testsuite_results_yaml', open, '0_smoke', 'x', 'y')).toBe('[]\n');
  });

  test('users, groups and their permissions', async () => {
    await sql`with made as (insert into groups (name) values ('guards') returning id) insert into job_groups (job, group_id) select ${personal}, id from made`.execute(server.services.db);
    const calls: [unknown, string, ...unknown[]][] = [
      [null, 'auth.users.add', 'erin', 'Erin', 'Doe', 'erin@example.com'], [fault(400, 'Bad request: user already exists?'), 'auth.users.add', 'erin'],
      [null, 'auth.groups.add', 'kernel'], [fault(400, 'Bad request: group already exists?'), 'auth.groups.add', 'kernel'],
      [null, 'auth.users.groups.add', 'erin', 'boot'], [null, 'system.set_user_groups', 'erin@example.com', ['kernel', 'absent']], [['kernel'], 'auth.users.groups.list', 'erin'],
      [null, 'auth.groups.perms.add', 'kernel', 'lava_scheduler_app', 'tag', 'add_tag'], [[{ app: 'lava_scheduler_app', model: 'tag', codename: 'add_tag' }], 'auth.groups.perms.list', 'kernel'],
      [fault(404, "Invalid app.model 'a.m'"), 'auth.groups.perms.add', 'kernel', 'a', 'm', 'c'], [fault(404, "Invalid permission 'c'"), 'auth.groups.perms.add', 'kernel', 'auth', 'user', 'c'],
      [null, 'scheduler.device_types.perms_add', 'secret', 'kernel', 'view_devicetype'], [[{ name: 'view_devicetype', group: 'lab' }, { name: 'view_devicetype', group: 'kernel' }], 'scheduler.device_types.perms_list', 'secret'],
      [{ secret: true, qemu: true }, 'system.user_can_submit_to_types', ['secret', 'qemu', 'absent'], 'erin'],
      [null, 'system.revoke_perm_device_type', 'lava_scheduler_app.view_devicetype', 'secret', 'kernel'], [fault(400, 'please use existing group name'), 'system.assign_perm_device', 'view_device', 'qemu01', 'absent'],
      [fault(400, 'please use existing device hostname'), 'system.assign_perm_device', 'view_device', 'absent', 'lab'],
      [null, 'auth.users.delete', 'erin'], [fault(404, 'Bad request: user does not exists'), 'auth.users.delete', 'erin'], [null, 'auth.groups.delete', 'kernel'],
      [fault(400, "Bad request: group 'guards' sees jobs that only it may see; remove those first."), 'auth.groups.delete', 'guards'],
      [fault(404, 'Bad request: group does not exists'), 'auth.groups.delete', 'kernel'], [fault(404, "User 'erin' was not found."), 'auth.users.show', 'erin'],
      [fault(404, 'Username erin not found'), 'system.user_can_view_jobs', [], 'erin'],
    ];
    const answers = await python.calls(calls.map(([, name, ...params]) => as('root', name, ...params)));
    expect(answers).toEqual(calls.map(([answer]) => answer));
    expect(await call('bob', 'system.user_can_view_jobs', [open, personal, 99, 'x'])).toEqual({ [open]: true, [personal]: false });
    expect(await call('bob', 'system.user_can_view_jobs', [open], 'alice')).toEqual(fault(401, "Permission denied for user 'bob' to query other users"));
  });

  test("remote artefact tokens are one's own", async () => {
    const calls: [string, unknown, string, ...unknown[]][] = [
      ['alice', null, 'add', 'github', 'hunter2'], ['alice', fault(400, 'Bad request: token already exists?'), 'add', 'github', 'x'], ['alice', 'hunter2', 'show', 'github'],
      ['bob', fault(404, "Token 'github' was not found."), 'show', 'github'], ['root', [], 'list'], ['bob', fault(404, "Token 'github' was not found."), 'delete', 'github'],
      ['alice', [{ name: 'github', token: 'hunter2' }], 'list'], ['alice', null, 'delete', 'github'], ['alice', [], 'list'],
    ];
    const answers = await python.calls(calls.map(([who, , name, ...params]) => as(who, `scheduler.remote_artifact_tokens.${name}`, ...params)));
    expect(answers).toEqual(calls.map(([, answer]) => answer));
  });

  test('tags, aliases and tokens come and go with a note of who did it', async () => {
    const calls: [string, unknown, string, ...unknown[]][] = [
      ['root', null, 'tags.add', 'usb', 'a stick'], ['root', fault(400, 'Bad request: tag already exists?'), 'tags.add', 'usb'], ['root', null, 'tags.delete', 'usb'], ['root', fault(404, "Tag 'usb' was not found."), 'tags.delete', 'usb'],
      ['root', null, 'aliases.add', 'vm', 'qemu'], ['root', fault(404, 'Alias with this Alias for this device-type already exists.'), 'aliases.add', 'vm', 'qemu'], ['root', fault(404, "DeviceType with name 'qemu' already exists."), 'aliases.add', 'qemu', 'qemu'],
      ['root', null, 'aliases.delete', 'vm'], ['root', null, 'device_types.aliases.add', 'qemu', 'vm'], ['root', null, 'device_types.aliases.delete', 'qemu', 'vm'], ['root', fault(404, "Alias 'vm' was not found."), 'device_types.aliases.delete', 'qemu', 'vm'],
      ['bob', null, 'remote_artifact_tokens.add', 'gitlab', 'hunter2'], ['bob', null, 'remote_artifact_tokens.delete', 'gitlab'],
    ];
    const { rows: [before] } = await sql<{ id: string }>`select coalesce(max(id), 0) as id from audit_log`.execute(server.services.db);
    const answers = await python.calls(calls.map(([who, , name, ...params]) => as(who, `scheduler.${name}`, ...params)));
    expect(answers).toEqual(calls.map(([, answer]) => answer));
    const { rows } = await sql<{ note: string }>`select concat_ws(' ', actor, kind, object, message) as note from audit_log where id > ${before!.id} order by id`.execute(server.services.db);
    expect(rows.map(({ note }) => note)).toEqual([
      'root device usb tag added', 'root device usb tag removed', 'root device-type qemu changed aliases: vm added', 'root device-type qemu changed aliases: vm removed',
      'root device-type qemu changed aliases: vm added', 'root device-type qemu changed aliases: vm removed', 'bob token bob token for remote files added: gitlab', 'bob token bob token for remote files removed: gitlab',
    ]);
  });

  test('the jobs of a multinode group go by their own ids', async () => {
    await server.services.db.insertInto('devices').values({ hostname: 'qemu02', device_type: 'qemu', worker: 'worker01', health: 0 }).execute();
    const definition = `job_name: group
visibility: public
timeouts: {job: {minutes: 10}, connection: {minutes: 1}}
protocols:
  lava-multinode:
    roles:
      server: {device_type: qemu, count: 1}
      client: {device_type: qemu, count: 1}
    timeout: {minutes: 5}
actions:
- boot: {role: [server, client], method: minimal, prompts: ['#']}
`;
    const members = await call('alice', 'scheduler.jobs.submit', definition) as string[];
    expect(members).toEqual([expect.stringMatching(/^\d+\.0$/), expect.stringMatching(/^\d+\.1$/)]);
    const [first, second] = members as [string, string];
    const id = Number(first.split('.')[0]);
    expect(await call('alice', 'scheduler.jobs.show', second)).toMatchObject({ id: second, description: 'group', state: 'Submitted' });
    expect(await call('alice', 'scheduler.job_state', id)).toEqual({ job_id: id, job_state: 'Submitted', sub_id: first });
    expect(await call('alice', 'scheduler.job_details', second)).toMatchObject({ sub_id: second, absolute_url: `/scheduler/job/${second}` });
    expect(await call('alice', 'scheduler.jobs.definition', second)).toBe(definition);
    expect((await call('alice', 'scheduler.jobs.queue') as { id: unknown }[]).map((job) => job.id)).toEqual(expect.arrayContaining(members));
    const again = await call('bob', 'scheduler.resubmit_job', first) as string[];
    expect(again).toHaveLength(2);
    expect(await call('alice', 'scheduler.jobs.cancel', again[0])).toEqual(fault(403, 'Permission denied.'));
    expect(await call('alice', 'scheduler.cancel_job', second)).toBe(true);
    expect(await python.calls(members.map((member) => as('alice', 'scheduler.jobs.show', member)))).toMatchObject(members.map(() => ({ state: 'Finished', health: 'Canceled' })));
  });
});
