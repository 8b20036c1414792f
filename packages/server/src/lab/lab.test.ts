import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../api/testing.ts';
import { configurationFile } from '../devices/configuration.ts';
import { until } from '../link/fake-worker.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';

let databases: TestDatabases;
let server: TestServer;
beforeAll(async () => {
  databases = await startTestDatabases();
  server = await startTestServer({ databases });
});
afterAll(async () => {
  await server.stop();
  await databases.stop();
});

const text = `
tags: {usb: {description: a USB stick}, hdmi: }
groups: {kernel: {permissions: [lava_scheduler_app.add_device]}, others: }
users: {ada: {email: ada@example.org, groups: [kernel]}}
workers:
  lab1:
    description: rack 1
    job_limit: 2
    dispatcher: |
      dispatcher_ip: 192.0.2.1
    permissions: {change: [kernel]}
device_types:
  box:
    aliases: [crate, case]
    template: |
      {% extends 'qemu.jinja2' %}
      {% set no_kvm = True %}
    health_check: |
      {job_name: health, device_type: box, visibility: public, timeouts: {job: {minutes: 5}}, actions: []}
    health_frequency: 3
    health_denominator: jobs
    permissions: {view: [kernel, others], submit: [kernel]}
devices:
  box01:
    device_type: box
    worker: lab1
    tags: [usb, hdmi]
    physical_owner: ada
    variables: {memory: 256}
    permissions: {submit: [others]}
  box02: {device_type: box, worker: lab1, physical_group: kernel, retired: true}
`;

/** What the server says of a file, as the superuser. */
const planOf = async (lab: string, more: object = {}, on = server) => (await on.ask('/api/v1/lab/plan', { as: 'root', json: { lab, ...more } })).json;
async function apply(lab: string, more: object = {}, on = server) {
  const { revision, problems } = await planOf(lab, more, on);
  expect(problems.filter((p: { severity: string }) => p.severity === 'error')).toEqual([]);
  return on.ask('/api/v1/lab/apply', { as: 'root', json: { lab, revision, ...more } });
}
const exported = async (on = server, query = '') => (await on.ask(`/api/v1/lab${query}`, { as: 'root' })).text;
const done = (plan: { kind: string; name: string; action: string; fields: { field: string }[] }[]) =>
  plan.filter((item) => item.action !== 'keep').map((item) => `${item.action} ${item.kind}/${item.name}: ${item.fields.map((f) => f.field).join(' ')}`);

describe('a lab file', () => {
  test('becomes the lab, and there is nothing to do a second time', async () => {
    const answer = await apply(text);
    expect(answer.status).toBe(200);
    expect(done(answer.json.plan)).toHaveLength(9);
    const again = await planOf(text);
    expect(done(again.plan)).toEqual([]);
    expect(again.revision).toBe(answer.json.revision);

    expect((await server.ask('/api/v1/devices/box01', { as: 'root' })).json).toMatchObject({ device_type: 'box', worker: 'lab1', health: 'Unknown', tags: ['hdmi', 'usb'], dictionary: "{% extends 'box.jinja2' %}\n{% set memory = 256 %}\n" });
    expect(await server.services.devices.render('box01')).toContain('hostname: "box01"');
    expect((await server.ask('/api/v1/devices/box02', { as: 'root' })).json).toMatchObject({ health: 'Retired' });
    const { entries } = (await server.ask('/api/v1/audit?kind=device&object=box01', { as: 'root' })).json;
    expect(entries.map((e: { actor: string; message: string }) => `${e.actor}: ${e.message}`)).toEqual(expect.arrayContaining(['root: added (lab file)', 'root: dictionary changed (lab file)', 'root: submit_to_device given to group others (lab file)']));
  });

  test('is what an empty server becomes by the export of another, which exports the same', async () => {
    const other = await startTestServer({ databases });
    try {
      const first = await exported();
      expect((await apply(first, {}, other)).status).toBe(200);
      expect(await exported(other)).toBe(first);
      expect(await exported(other, '?full=true')).toBe(await exported(server, '?full=true'));
    } finally {
      await other.stop();
    }
  });

  test('changes what it says and nothing else', async () => {
    const answer = await apply(`
device_types: {box: {aliases: [case], permissions: {view: []}}}
devices: {box01: {device_type: box, tags: [usb], physical_owner: null}, box02: {device_type: box}}
`);
    expect(done(answer.json.plan)).toEqual(['change device_types/box: aliases permissions.view', 'change devices/box01: tags physical_owner']);
    expect(await exported()).toContain('  box02:\n    device_type: box\n    worker: lab1\n    physical_group: kernel\n    retired: true\n');
    expect(done((await apply('devices: {box02: {device_type: box, retired: false}}')).json.plan)).toEqual(['change devices/box02: retired']);
    expect((await server.ask('/api/v1/devices/box02', { as: 'root' })).json).toMatchObject({ health: 'Unknown' });
  });

  test('with prune retires what it does not name, and leaves jobs alone', async () => {
    const job = await server.addJob({ state: 'Running', device: 'qemu01' });
    const lab = 'workers: {worker01: }\ndevice_types: {box: , qemu: }\ndevices: {box01: {device_type: box}, box02: {device_type: box}}';
    expect(done((await planOf(lab)).plan)).toEqual([]);
    expect(done((await apply(lab, { prune: true })).json.plan)).toEqual(['remove workers/lab1: retired', 'remove devices/qemu01: retired']);
    expect((await server.ask('/api/v1/devices/qemu01', { as: 'root' })).json).toMatchObject({ health: 'Retired' });
    expect((await server.ask(`/api/v1/jobs/${job}`, { as: 'root' })).json).toMatchObject({ state: 'Running' });
    expect(done((await apply('workers: {lab1: {retired: false}}\ndevices: {qemu01: {device_type: qemu, retired: false}}')).json.plan)).toHaveLength(2);
  });

  test('writes a dictionary where it is: a file of the admin stays a file', async () => {
    const path = configurationFile(server.services.paths, 'dictionary', 'box02');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "{% extends 'box.jinja2' %}\n");
    const lab = 'devices: {box02: {device_type: box, variables: {memory: 64}}}';
    const { plan } = await planOf(lab);
    expect(plan.find((item: { name: string }) => item.name === 'box02').fields).toEqual([{ field: 'dictionary', before: "{% extends 'box.jinja2' %}\n", after: "{% extends 'box.jinja2' %}\n{% set memory = 64 %}\n" }]);
    await apply(lab);
    expect(await readFile(path, 'utf8')).toContain('memory = 64');
  });
});

describe('is refused', () => {
  test('with all that is wrong, its places and stable codes; and nothing is done', async () => {
    const before = await exported();
    const wrong = 'devices:\n  a: {device_type: bux}\n  b:\n    device_type: box\n    dictionary: |\n      {% extends \'box.jinja2\' %}\n      {% if %}\nusers: {root: {is_superuser: false}}\ngroups: {x: {permissions: [add_devic]}}\n';
    const { problems, plan, revision } = await planOf(wrong);
    expect(plan).toEqual([]);
    expect(problems.map((p: { line: number; code: string }) => `${p.line} ${p.code}`)).toEqual(['2 lab-unknown', '2 lab-dictionary', '7 lab-device', '8 lab-own-account', '9 lab-unknown']);
    const answer = await server.ask('/api/v1/lab/apply', { as: 'root', json: { lab: wrong, revision } });
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatchObject({ code: 'lab-refused', problems });
    expect(await exported()).toBe(before);
  });

  test('when the lab has changed since the plan was shown', async () => {
    const lab = 'workers: {lab1: {description: rack 2}}';
    const { revision } = await planOf(lab);
    await server.services.devices.setDictionary('qemu01', "{% extends 'qemu.jinja2' %}\n{% set memory = 1 %}\n", 'somebody');
    expect(await server.ask('/api/v1/lab/apply', { as: 'root', json: { lab, revision } })).toMatchObject({ status: 409, json: { error: { code: 'lab-changed' } } });
    expect(done((await planOf(lab)).plan)).toEqual(['change workers/lab1: description']);
  });

  test('to all but superusers', async () => {
    for (const as of ['anonymous', 'alice'] as const) {
      const status = as === 'anonymous' ? 401 : 403;
      expect((await server.ask('/api/v1/lab', { as })).status).toBe(status);
      for (const path of ['plan', 'apply']) expect((await server.ask(`/api/v1/lab/${path}`, { as, json: { lab: '{}', revision: '' } })).status).toBe(status);
    }
  });
});

test('of two that are applied at once from the same plan one is done', async () => {
  const labs = ['one', 'two', 'three', 'four'].map((name) => `tags: {shared: {description: ${name}}}\nworkers: {w-${name}: }\n`);
  const { revision } = await planOf(labs[0]!);
  const answers = await Promise.all(labs.map((lab) => server.ask('/api/v1/lab/apply', { as: 'root', json: { lab, revision } })));
  expect(answers.map((a) => a.status).sort()).toEqual([200, 409, 409, 409]);
});

test('a device whose state changes meanwhile is changed all the same', async () => {
  const { db } = server.services;
  const lab = 'devices: {box01: {device_type: box, description: under load}}';
  let applied: ReturnType<typeof apply> | undefined;
  await db.transaction().execute(async (trx) => {
    await sql`update devices set state = 1 where hostname = 'box01'`.execute(trx);
    applied = apply(lab);
    // The apply has its view of the lab and waits for the row.
    await until(async () => {
      const { rows } = await sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and query ~ 'description'`.execute(db);
      return rows.length > 0;
    }, 'the apply to wait');
  });
  expect((await applied!).status).toBe(200);
  expect(await exported()).toContain('description: under load');
  await sql`update devices set state = 0 where hostname = 'box01'`.execute(db);
});

test('what fails half-way leaves nothing behind, not even in files', async () => {
  const path = configurationFile(server.services.paths, 'dictionary', 'box02');
  const [before, dictionary] = [await exported(), await readFile(path, 'utf8')];
  // The database refuses the second device, after the dictionary of the first has been written.
  const { db } = server.services;
  await sql`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`.execute(db);
  await sql`create trigger refuse before insert or update on devices for each row when (new.hostname = 'zzz') execute function refuse()`.execute(db);
  const lab = 'devices:\n  box02: {device_type: box, variables: {memory: 65}}\n  zzz: {device_type: box, description: x}\n';
  const { revision } = await planOf(lab);
  const answer = await server.ask('/api/v1/lab/apply', { as: 'root', json: { lab, revision } });
  expect(answer.status).toBe(500);
  expect(await readFile(path, 'utf8')).toBe(dictionary);
  expect(await exported()).toBe(before);
});
