import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configurationFile, configurationVersions } from '../../devices/configuration.ts';
import { startTestServer, type TestServer } from '../testing.ts';

/* What admins write over REST: people, permissions, names, and the texts that configure devices, types and workers. */

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

const api = (path: string) => `/api/v0.2${path}`;
const post = (path: string, json: unknown, as: 'root' | 'alice' = 'root') => server.ask(api(path), { as, json });
const send = (method: string, path: string, json: unknown) => server.ask(api(path), { as: 'root', method, json });

test('groups and users', async () => {
  expect((await post('/groups/', { name: 'lab' })).json).toEqual({ id: expect.any(Number), name: 'lab' });
  expect(await post('/groups/', { name: 'lab' })).toMatchObject({ status: 400, json: { name: ['group with this name already exists.'] } });
  const added = await post('/users/', { username: 'ada', email: 'ada@example.org', password: 'secret', groups: ['lab'], is_staff: true });
  expect(added.status).toBe(201);
  expect(added.json).toEqual({
    id: expect.any(Number), username: 'ada', first_name: '', last_name: '', email: 'ada@example.org', is_active: true, is_staff: true, is_superuser: false, groups: ['lab'], last_login: null, date_joined: expect.stringMatching(/Z$/),
  });
  const { id } = added.json as { id: number };
  expect((await server.ask(api('/token/'), { json: { username: 'ada', password: 'secret' } })).status).toBe(200);
  expect((await send('PATCH', `/users/${id}/`, { groups: [], password: '' })).json).toMatchObject({ groups: [], username: 'ada' });
  expect((await server.ask(api('/token/'), { json: { username: 'ada', password: '' } })).status).toBe(400);
  const notes = await server.services.db.selectFrom('audit_log').select('message').where('kind', '=', 'user').where('object', '=', 'ada').orderBy('id').execute();
  expect(notes.map((n) => n.message)).toEqual(['added', 'joined group lab', 'changed password', 'left group lab']);
  expect((await post('/users/', { username: 'a b' })).json).toEqual({ username: [expect.stringContaining('valid username')] });
  expect((await post('/users/', { username: 'eve', groups: ['nobody'] })).json).toEqual({ groups: ['Object with name=nobody does not exist.'] });
  expect((await server.ask(api('/users/?username__startswith=e'), { as: 'root' })).json.count).toBe(0);
  expect((await server.ask(api('/users/?is_superuser=true'), { as: 'root' })).json.results.map((u: { username: string }) => u.username)).toEqual(['root']);
  expect((await send('DELETE', `/users/${id}/`, undefined)).status).toBe(204);
  expect((await send('DELETE', `/users/${id}/`, undefined)).status).toBe(404);
});

test('a group that alone sees some jobs stays: without it everybody would', async () => {
  const { id } = (await post('/groups/', { name: 'guards' })).json as { id: number };
  const job = await server.addJob();
  await server.services.db.insertInto('job_groups').values({ job, group_id: id }).execute();
  expect(await send('DELETE', `/groups/${id}/`, undefined)).toMatchObject({ status: 400, json: { message: expect.stringContaining('remove those first') } });
  await server.services.db.deleteFrom('job_groups').where('job', '=', job).execute();
  expect((await send('DELETE', `/groups/${id}/`, undefined)).status).toBe(204);
});

test('permissions of groups', async () => {
  await post('/groups/', { name: 'keepers' });
  const added = await post('/permissions/devices/', { permission: 'view_device', group: 'keepers', device: 'qemu01' });
  expect(added).toMatchObject({ status: 201, json: { id: expect.any(Number), permission: 'view_device', group: 'keepers', device: 'qemu01' } });
  expect((await server.ask(api('/devices/qemu01/'))).status).toBe(404);
  const { id } = added.json as { id: number };
  for (const filter of ['device=qemu01', 'device__hostname__contains=01', 'group__name=keepers', 'permission__codename__in=view_device', 'permission=view_device']) {
    expect([filter, (await server.ask(api(`/permissions/devices/?${filter}`), { as: 'root' })).json.count]).toEqual([filter, 1]);
  }
  expect((await server.ask(api('/permissions/devices/?permission__codename=change_device'), { as: 'root' })).json.count).toBe(0);
  expect(await post('/permissions/devices/', { permission: 'fly', group: 'nobody', device: 'qemu01' })).toMatchObject({ status: 400, json: { permission: ['"fly" is not a valid choice.'] } });
  expect(await post('/permissions/devices/', { permission: 'view_device', group: 'nobody', device: 'qemu01' })).toMatchObject({ status: 400, json: { group: ['Object with name=nobody does not exist.'] } });
  expect((await send('DELETE', `/permissions/devices/${id}/`, undefined)).status).toBe(204);
  expect((await server.ask(api('/devices/qemu01/'))).status).toBe(200);
  expect((await post('/permissions/devicetypes/', { permission: 'submit_to_devicetype', group: 'keepers', devicetype: 'qemu' })).json).toMatchObject({ devicetype: 'qemu' });
  const refused = await post('/jobs/', { definition: 'job_name: a\ndevice_type: qemu\nvisibility: public\ntimeouts:\n  job: {minutes: 5}\nactions: []\n' }, 'alice');
  expect(refused).toMatchObject({ status: 400, json: { message: "Devices unavailable: No devices from ['qemu01'] pool are currently available to user alice" } });
  await server.services.db.deleteFrom('group_device_type_permissions').execute();
});

test('tags, aliases, tokens for remote files', async () => {
  const tag = await post('/tags/', { name: 'usb', description: 'a bus' });
  expect(tag).toMatchObject({ status: 201, json: { name: 'usb', description: 'a bus' } });
  expect((await post('/tags/', { name: 'u b' })).json).toEqual({ name: [expect.stringContaining('slug')] });
  expect((await send('PATCH', `/tags/${(tag.json as { id: number }).id}/`, { description: 'x' })).json).toMatchObject({ name: 'usb', description: 'x' });
  expect(await post('/aliases/', { name: 'vm', device_type: 'qemu' })).toMatchObject({ status: 201, json: { name: 'vm', device_type: 'qemu' } });
  expect((await post('/aliases/', { name: 'vm', device_type: 'qemu' })).json).toEqual({ name: ['alias with this Alias for this device-type already exists.'] });
  expect(await post('/tags/', { name: 'a b' })).toMatchObject({ status: 400, json: { name: ['Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.'] } });
  expect(await post('/aliases/', { name: 'qemu', device_type: 'qemu' })).toMatchObject({ status: 400, json: { name: ["DeviceType with name 'qemu' already exists."] } });
  expect((await post('/aliases/', { name: 'x', device_type: 'nothing' })).status).toBe(400);
  expect((await send('PUT', '/aliases/vm/', { name: 'virtual', device_type: 'qemu' })).json).toEqual({ name: 'virtual', device_type: 'qemu' });
  expect((await send('DELETE', '/aliases/virtual/', undefined)).status).toBe(204);

  expect(await post('/remote-artifact-tokens/', { name: 'files', token: 'hush-hush' }, 'alice')).toMatchObject({ status: 201, json: { name: 'files', token: null } });
  expect((await server.ask(api('/remote-artifact-tokens/'), { as: 'alice' })).text).not.toContain('hush');
  expect((await server.ask(api('/remote-artifact-tokens/files/'), { as: 'root' })).status).toBe(404);
  expect((await server.ask(api('/remote-artifact-tokens/files/'), { as: 'alice', method: 'DELETE' })).status).toBe(204);
});

test('device types with their processors and aliases', async () => {
  expect((await post('/devicetypes/', { name: 'board', architecture: 'ARMv8', processor: 'A53', cpu_model: 'x', bits: 64, cores: ['Cortex-A53'], core_count: 4, aliases: ['old-board'] })).json).toMatchObject({
    name: 'board', architecture: 'ARMv8', processor: 'A53', cpu_model: 'x', bits: 64, cores: ['Cortex-A53'], core_count: 4, aliases: ['old-board'], health_denominator: 'hours', display: true,
  });
  for (const filter of ['architecture__name=ARMv8', 'architecture=ARMv8', 'bits__width=64', 'bits=64', 'core_count=4', 'cpu_model__contains=x', 'alias__name=old-board']) {
    expect([filter, (await server.ask(api(`/devicetypes/?${filter}`))).json.results.map((t: { name: string }) => t.name)]).toEqual([filter, ['board']]);
  }
  expect((await post('/devicetypes/', { name: 'old-board' })).status).toBe(400);
  expect((await send('PATCH', '/devicetypes/board/', { bits: 99_999 })).json).toEqual({ bits: [expect.any(String)] });
  expect((await send('DELETE', '/devicetypes/board/', undefined)).status).toBe(204);
});

describe('texts that configure', () => {
  const versions = async (kind: 'dictionary' | 'template', name: string) => (await configurationVersions(server.services.db, kind, name, 10)).map((v) => [v.actor, v.text]);

  test('a template of ours until somebody writes another', async () => {
    expect((await server.ask(api('/devicetypes/qemu/template/'))).text).toContain('{%');
    const { status, headers } = await server.ask(api('/devicetypes/qemu/template/'));
    expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([200, 'application/yaml', 'attachment; filename=qemu.jinja2']);
    expect((await server.ask(api('/devicetypes/qemu/template/'), { as: 'root', json: {} })).json).toEqual({ template: 'Device type template is required.' });
    expect((await post('/devicetypes/qemu/template/', { template: "{% extends 'base.jinja2' %}\nmine: {{ 1 }}\n" })).status).toBe(204);
    expect((await server.ask(api('/devicetypes/qemu/template/'))).text).toContain('mine');
    expect(await versions('template', 'qemu')).toEqual([['root', "{% extends 'base.jinja2' %}\nmine: {{ 1 }}\n"]]);
    // It is what dictionaries extend.
    await post('/devicetypes/qemu/template/', { template: '{% wrong %}' });
    expect((await server.ask(api('/devices/qemu01/dictionary/?render=1'))).status).toBe(400);
    await server.services.db.updateTable('device_types').set({ template: null }).execute();
    expect((await server.ask(api('/devices/qemu01/dictionary/?render=1'))).status).toBe(200);
  });

  test("health checks and workers' settings", async () => {
    expect(await server.ask(api('/devicetypes/qemu/health_check/'))).toMatchObject({ status: 400, json: { detail: "Device-type 'qemu' health check was not found." } });
    expect((await post('/devicetypes/qemu/health_check/', { config: 'job_name: check\n' })).status).toBe(204);
    expect((await server.ask(api('/devicetypes/qemu/health_check/'))).text).toBe('job_name: check\n');
    expect(await server.ask(api('/workers/worker01/env/'))).toMatchObject({ status: 400, json: { detail: "Worker 'worker01' does not have 'env' file" } });
    expect((await post('/workers/worker01/env/', {})).json).toEqual({ env: ['This field is required.'] });
    expect(await post('/workers/worker01/env/', { env: 'purge: true\n' })).toMatchObject({ status: 200, json: { message: 'content successfully updated' } });
    expect((await server.ask(api('/workers/worker01/env/'))).text).toBe('purge: true\n');
    expect((await post('/workers/worker01/config/', { config: 'a: 1\n' })).status).toBe(200);
    expect((await server.ask(api('/workers/worker01/config/'))).headers.get('content-disposition')).toContain('dispatcher.yaml');
  });

  test("an admin's file stands above the database, and is what the API then writes", async () => {
    const { services } = server;
    const path = configurationFile(services.paths, 'dictionary', 'qemu01');
    const dictionary = async () => (await server.ask(api('/devices/qemu01/dictionary/'))).text;
    await post('/devices/qemu01/dictionary/', { dictionary: "{% extends 'qemu.jinja2' %}{# api #}" });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "{% extends 'qemu.jinja2' %}{# file #}");
    expect(await dictionary()).toContain('{# file #}');
    await post('/devices/qemu01/dictionary/', { dictionary: "{% extends 'qemu.jinja2' %}{# later #}" });
    expect(await readFile(path, 'utf8')).toContain('{# later #}');
    expect(await dictionary()).toContain('{# later #}');
    // Nothing is lost: what the admin wrote into the file is kept, too, with the name of the file.
    expect((await versions('dictionary', 'qemu01')).slice(0, 3)).toEqual([
      ['root', "{% extends 'qemu.jinja2' %}{# later #}"], [path, "{% extends 'qemu.jinja2' %}{# file #}"], ['root', "{% extends 'qemu.jinja2' %}{# api #}"],
    ]);
    await services.devices.setDictionary('qemu01', '', 'root');
    expect((await server.ask(api('/devices/qemu01/dictionary/'))).status).toBe(400);
  });

  test('a dictionary is checked before it is a device\'s', async () => {
    const check = async (body: string) => (await server.ask(api('/devices/validate/'), { as: 'root', body, headers: { 'content-type': 'text/plain' } })).json;
    expect(await check("{% extends 'qemu.jinja2' %}\n")).toEqual({ message: 'Device dictionary valid.' });
    expect(await check("{% extends 'nothing.jinja2' %}\n")).toEqual({ message: expect.stringMatching(/^Device dictionary invalid: .*nothing/) });
    expect(await check('')).toEqual({ device: 'Device dictionary is required.' });
  });
});

test('finished jobs are removed with their logs', async () => {
  const id = await server.addJob();
  await server.appendLog(id, [['info', 'x']]);
  expect((await send('DELETE', `/jobs/${id}/`, undefined)).status).toBe(204);
  expect((await server.ask(api(`/jobs/${id}/logs/`))).status).toBe(404);
  const running = await server.addJob({ state: 'Running' });
  expect((await send('DELETE', `/jobs/${running}/`, undefined)).status).toBe(400);
});

test('jobs by their metadata', async () => {
  const { db } = server.services;
  const ids: number[] = [];
  for (const metadata of [{ build: { id: 'v6.1', tag: 'next' }, branch: 'main', list: ['a', 'b'] }, { branch: 'Maintenance', count: 12, ready: true }, {}]) {
    const id = await server.addJob({ description: 'with metadata' });
    await db.updateTable('jobs').set({ metadata: JSON.stringify(metadata) }).where('id', '=', id).execute();
    ids.push(id);
  }
  const found = async (query: string) => (await server.ask(api(`/jobs/?description=with%20metadata&ordering=id&${query}`))).json.results.map((j: { id: number }) => ids.indexOf(j.id));
  for (const [query, expected] of [
    ['metadata__branch=main', [0]], ['metadata__branch!=main', [1, 2]], ['metadata__branch__istartswith=mai', [0, 1]], ['metadata__branch__startswith=mai', [0]], ['metadata__branch__in=main,other', [0]],
    ['metadata__build__id=v6.1', [0]], ['metadata__build__id__endswith=.1', [0]], ['metadata__list=b', [0]], ['metadata__list=c', []], ['metadata__count=12', [1]], ['metadata__ready=true', [1]],
    ['metadata__branch__isnull=true', [2]], ['metadata__has_key=build', [0]], ['metadata__has_keys=branch,count', [1]], ['metadata__has_any_keys=build,count', [0, 1]],
    ['metadata__contains=%7B%22build%22%3A%7B%22tag%22%3A%22next%22%7D%7D', [0]], ['metadata__branch=', [0, 1, 2]], ['metadata__branch__istartswith=m&metadata__count=12', [1]],
  ] as const) expect([query, await found(query)]).toEqual([query, expected]);
  for (const [query, message] of [
    ['metadata__contains=x', "metadata__contains expects a JSON object, got 'x'"], ['metadata__a__isnull=x', "isnull expects a boolean, got 'x'"], ['metadata__=x', "Missing metadata key in 'metadata__'"],
  ]) expect(await server.ask(api(`/jobs/?${query}`))).toMatchObject({ status: 400, json: [message] });
});
