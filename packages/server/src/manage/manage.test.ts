import { createHmac } from 'node:crypto';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpReceiver, ircReceiver, mailReceiver } from '../notify/testing.ts';
import { lavaPaths } from '@lava/base';
import { formatRecord } from '@lava/job';
import { JobFolders } from '../logs/job-folder.ts';
import { LogFile } from '../logs/log-file.ts';
import { logStore } from '../logs/log-store.ts';
import { manage, startInstallation, type Installation } from './testing.ts';

let lab: Installation;
beforeAll(async () => { lab = await startInstallation(); });
afterAll(() => lab.stop());

test('groups and users', async () => {
  expect(await manage('users', 'add', 'ada', '--passwd', 'secret', '--email', 'ada@example.org')).toBe('');
  expect(await manage('groups', 'add', 'lab', '--username', 'ada')).toBe('');
  expect(await manage('groups', 'add', 'lab')).toBe("CommandError: Group 'lab' already exists\n");
  expect(await manage('users', 'add', 'bob', '--passwd', 'secret', '--group', 'lab', '--superuser')).toBe('');
  expect(await manage('users', 'add', 'eve', '--passwd', 'secret', '--group', 'nobody')).toBe("CommandError: Group 'nobody' does not exist\n");
  expect(await manage('users', 'list')).toBe('List of users:\n* ada\n* bob\n');
  expect(await manage('groups', 'list', '--verbose')).toBe('List of groups:\n* lab\n  * ada\n  * bob\n');
  expect(await manage('groups', 'update', 'lab', '--remove', 'bob')).toBe('');
  expect(await manage('users', 'update', 'ada', '--not-group', 'lab')).toBe('');
  expect(await manage('groups', 'list', '--verbose')).toBe('List of groups:\n* lab\n');
  expect(await manage('users', 'update', 'ada', '--group', 'lab')).toBe('');
  expect(await manage('users', 'details', 'ada')).toContain('groups      : [lab]');
  expect(await manage('authorize_superuser', '--username', 'ada')).toBe('User "ada" granted superuser rights\n');
  expect(await manage('users', 'update', 'ada')).toMatch(/^CommandError: Nothing to update/);
});

test('tokens that end', async () => {
  expect(await manage('tokens', 'add', '-u', 'ada', '-d', 'ci', '--expires', '30')).toMatch(/^\w{128}\n$/);
  expect(await manage('tokens', 'add', '-u', 'ada', '--expires', 'soon')).toBe("CommandError: 'soon' is no number of days\n");
  const { rows } = await sql`select round(extract(epoch from expires_at - created_at) / 86400)::int as days from tokens`.execute(lab.connection.db);
  expect(rows).toEqual([{ days: 30 }]);
  const secret = (await manage('tokens', 'add', '-u', 'ada')).trim();
  expect(await manage('tokens', 'rm', secret)).toBe('Removed 1 token\n');
  expect(await manage('tokens', 'rm', secret)).toBe('CommandError: There is no such token\n');
  expect(await manage('tokens', 'rm')).toBe('CommandError: Say which: the secret, --id or --days\n');
});

test('device types, aliases, devices and their tags', async () => {
  await manage('workers', 'add', 'w1');
  expect(await manage('device-types', 'add', 'qemu', '--health-frequency', '3', '--health-denominator', 'jobs')).toBe('');
  expect(await manage('device-types', 'update', 'qemu', '--description', 'virtual', '--no-health-check', '--health-denominator', 'hours')).toBe('');
  expect(await manage('device-types', 'details', 'qemu')).toMatch(/^device_type    : qemu\ndescription    : virtual\ndisplay        : True\nhealth disabled: True\nhealth check   : every 3 hours\naliases        : \[\]\ndevices        : 0\n$/);
  expect(await manage('device-types', 'update', 'qemu', '--health-frequency', 'often')).toBe("CommandError: 'often' is no health frequency\n");
  await manage('device-types', 'add', 'unused');
  expect(await manage('aliases', 'add', 'vm', 'qemu')).toBe('');
  expect(await manage('aliases', 'add', 'qemu', 'unused')).toBe("CommandError: 'qemu' is a device type already\n");
  expect(await manage('aliases', 'list')).toBe('Aliases:\n* vm: qemu\n');
  expect(await manage('aliases', 'remove', 'nope')).toBe("CommandError: Unable to find alias 'nope'\n");

  const dictionary = join(lab.root, 'dictionary');
  await writeFile(dictionary, "{% extends 'qemu.jinja2' %}\n");
  expect(await manage('devices', 'add', 'q1', '--device-type', 'qemu', '--worker', 'w1', '--tags', 'usb', '--physical-group', 'lab', '--dictionary', dictionary)).toBe('');
  expect(await manage('devices', 'add', 'q2', '--device-type', 'qemu', '--worker', 'w1', '--physical-user', 'nobody')).toBe("CommandError: User 'nobody' does not exist\n");
  expect(await manage('devices', 'copy', 'q1', 'q2', '--worker', 'w1', '--copy-with-tags')).toBe('');
  expect(await manage('devices', 'check', 'q2')).toBe('* q2\n');
  expect(await manage('device-tags', 'create', 'hdmi', 'a screen')).toBe('');
  expect(await manage('device-tags', 'add', 'q2', '--tags', 'hdmi')).toBe('');
  expect(await manage('device-tags', 'show', 'q2')).toBe("Hostname: q2\nTag name: 'hdmi' Description: 'a screen'\nTag name: 'usb' Description: ''\n");
  expect(await manage('device-tags', 'remove', 'q2', '--tags', 'usb')).toBe('');
  expect(await manage('device-tags', 'show', 'q2')).toBe("Hostname: q2\nTag name: 'hdmi' Description: 'a screen'\n");
  expect(await manage('device-tags', 'list')).toBe("Name: 'hdmi' Description: 'a screen'\nName: 'usb' Description: ''\n");
  const { rows } = await sql`select physical_group is not null as grouped, dictionary from devices where hostname = 'q2'`.execute(lab.connection.db);
  expect(rows).toEqual([{ grouped: true, dictionary: "{% extends 'qemu.jinja2' %}\n" }]);
  expect(await manage('devices', 'update', 'q2', '--description', 'twin', '--physical-user', 'ada', '--health', 'unknown')).toBe('');
  expect(await manage('devices', 'update', 'q2', '--description', '', '--physical-group', 'lab', '--health', 'good')).toBe('');
  expect(await manage('devices', 'details', 'q2')).toBe('hostname   : q2\ndevice-type: qemu\nstate      : Idle\nhealth     : Good\nhealth job : False\ndescription:\nphysical   : lab\ndevice-dict: True\nworker     : w1\ncurrent_job: None\n');
  // One way to write a device, with one kind of entries, whoever asks.
  const log = await lab.connection.db.selectFrom('audit_log').select(['actor', 'message']).where('kind', '=', 'device').where('object', '=', 'q2').orderBy('id').execute();
  expect(log.map(({ message }) => message)).toEqual([
    'added (a copy of q1)', 'dictionary changed (a copy of q1)', 'changed tags: hdmi added', 'changed tags: usb removed', 'changed description, physical_owner, physical_group', 'Good → Unknown',
    'changed description, physical_group, physical_owner', 'Unknown → Good',
  ]);
  expect(new Set(log.map(({ actor }) => actor))).toEqual(new Set([expect.stringMatching(/^lava-server manage \(.+\)$/)]));
  expect(await manage('workers', 'details', 'w1', '--devices')).toMatch(/^hostname   : w1\nstate      : Offline\nhealth     : Active\ndescription:\ntoken      : .*\n[^]*devices    :\n- q1\n- q2\n$/);
  expect(await manage('device-types', 'prune', '--dry-run')).toBe('* unused (would be removed)\n');
  expect(await manage('device-types', 'prune')).toBe('* unused\n');
  expect(await manage('device-types', 'list')).toBe('Installed device types:\n* qemu (2 devices)\n');
  // A template that came through the API is checked like a file.
  await lab.connection.db.updateTable('device_types').set({ template: "{% extends 'nothing.jinja2' %}" }).where('name', '=', 'qemu').execute();
  expect(await manage('device-types', 'check')).toMatch(/^\* qemu\n {2}-> .*nothing\.jinja2[^]*1 of 1 device types cannot be used/);
  await lab.connection.db.updateTable('device_types').set({ template: null }).where('name', '=', 'qemu').execute();
});

test('permissions', async () => {
  expect(await manage('permissions', 'grant', 'view_device', '--group', 'lab', '--device', 'q1')).toBe('');
  expect(await manage('permissions', 'grant', 'submit_to_devicetype', '--group', 'lab', '--device-type', 'qemu')).toBe('');
  expect(await manage('permissions', 'grant', 'lava_scheduler_app.device.add_device', '--user', 'ada')).toBe('');
  expect(await manage('permissions', 'list')).toBe('* device q1: view_device: group lab\n* device type qemu: submit_to_devicetype: group lab\n* everything: lava_scheduler_app.add_device: user ada\n');
  expect(await manage('permissions', 'revoke', 'view_device', '--group', 'lab', '--device', 'q1')).toBe('');
  expect(await manage('permissions', 'revoke', 'view_device', '--group', 'lab', '--device', 'q1')).toBe("CommandError: Group 'lab' does not hold view_device for 'q1'\n");
  expect(await manage('permissions', 'grant', 'view_devicetype', '--group', 'lab', '--device', 'q1')).toBe("CommandError: 'view_devicetype' is no permission for it: use view_device, submit_to_device, change_device\n");
  expect(await manage('permissions', 'grant', 'lava_scheduler_app.ad_device', '--group', 'lab')).toMatch(/^CommandError: There is no permission 'lava_scheduler_app.ad_device'. .*lava_scheduler_app.add_device/);
  expect(await manage('permissions', 'list', '--all')).toContain('lava_scheduler_app.change_testjob\n');
});

test('jobs', async () => {
  const add = async (state: number, days: number) => (await sql<{ id: number }>`insert into jobs (submitter, description, definition, original_definition, requested_device_type, actual_device, state, submit_time, end_time)
    select id, 'boot', '', '', 'qemu', ${state === 3 ? 'q1' : null}, ${state}, now() - make_interval(days => ${days}), ${state === 5 ? sql`now() - make_interval(days => ${days})` : null}
    from users where username = 'ada' returning id`.execute(lab.connection.db)).rows[0]!.id;
  const [old, recent, running] = [await add(5, 40), await add(5, 0), await add(3, 0)];
  expect(await manage('jobs', 'list')).toMatch(new RegExp(`^Listing jobs:\n\\* \\d{4}-\\d\\d-\\d\\d [\\d:.]+\\+00:00 - ${running}@ada - boot\n\\* .* - ${recent}@ada - boot\n$`));
  expect(await manage('jobs', 'list', '--newer-than', '50d', '--state', 'FINISHED', '--no-submitter', 'bob')).toMatch(new RegExp(`- ${recent}@ada - boot\n.* - ${old}@ada - boot\n$`));
  expect(await manage('jobs', 'list', '--no-submitter', 'ada')).toBe('Listing jobs:\n');
  expect(await manage('jobs', 'rm')).toBe('CommandError: You should specify at least one filtering option\n');
  expect(await manage('jobs', 'rm', '--older-than', '30d', '--dry-run', '--no-skip-favorite')).toMatch(new RegExp(`^Removing 1 jobs:\n\\* ${old} \\(.*\\): /.*/job-output/.*/${old}\n$`));
  const folder = (await new JobFolders(lavaPaths(lab.root), lab.connection.db).of(old))!;
  await mkdir(folder, { recursive: true });
  const log = Array.from({ length: 2000 }, (_, n) => formatRecord('target', `line ${n}`)).join('');
  await writeFile(join(folder, 'output.yaml'), log);
  await LogFile.open(folder).then((file) => file.close());
  const logs = logStore(new JobFolders(lavaPaths(lab.root), lab.connection.db));
  // What was written to a moment ago may not be complete.
  expect(await manage('jobs', 'compress', '--older-than', '30d')).toMatch(/0 bytes became 0\n$/);
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(join(folder, 'output.yaml'), yesterday, yesterday);
  expect(await manage('jobs', 'compress', '--older-than', '30d')).toMatch(new RegExp(`^Compressing 1 jobs:\n\\* ${old} .*\n${log.length} bytes became \\d{3,4}\n$`));
  expect((await readdir(folder)).sort()).toEqual(['output.idx', 'output.yaml.size', 'output.yaml.xz']);
  expect([await logs.count(old), (await logs.read(old, 1234, 1235)).toString()]).toEqual([2000, log.split('\n')[1234] + '\n']);
  // A worker that was away has one more line.
  const file = await LogFile.open(folder);
  await file.append(Buffer.from(formatRecord('target', 'late')), 1);
  await file.close();
  expect([await logs.count(old), (await readdir(folder)).sort()]).toEqual([2001, ['output.idx', 'output.yaml']]);
  expect(await manage('jobs', 'rm', '--older-than', '30d', '--logs-only')).toMatch(/^Removing logs of 1 jobs:/);
  expect([await logs.count(old), await logs.path(old), await readdir(join(lavaPaths(lab.root).serverState, 'unpacked-logs'))]).toEqual([0, undefined, []]);
  expect(await manage('jobs', 'rm', '--older-than', '30d')).toMatch(/^Removing 1 jobs:/);
  expect((await lab.connection.db.selectFrom('jobs').select('id').orderBy('id').execute()).map((j) => j.id)).toEqual([recent, running]);
  expect(await manage('jobs', 'fail', '999')).toBe('CommandError: TestJob 999 does not exists\n');
  expect(await manage('maintenance')).toBe(`Setting all devices to maintenance mode:\n* q1 (Good)\n* q2 (Good)\nJobs that go on:\n* ${running} on q1\n`);
  expect(await manage('jobs', 'fail', String(running))).toBe('');
  expect(await manage('jobs', 'fail', String(running))).toBe(`CommandError: TestJob ${running} has finished already\n`);
  expect(await lab.connection.db.selectFrom('jobs').select(['state', 'health', 'error_type']).where('id', '=', running).execute()).toEqual([{ state: 5, health: 2, error_type: 'Infrastructure' }]);
});

test('notifications: what was sent, once more, and whether it can be', async () => {
  const mail = await mailReceiver();
  const receiver = await httpReceiver();
  const irc = await ircReceiver();
  await mkdir(join(lab.root, 'etc/lava-server'), { recursive: true });
  const settings = { EMAIL_HOST: '127.0.0.1', EMAIL_PORT: mail.port, IRC_PORT: irc.port, NOTIFY_ALLOWED_NETWORKS: ['127.0.0.1'], CALLBACK_SIGNING_KEY: 'k'.repeat(32) };
  await writeFile(join(lab.root, 'etc/lava-server/settings.yaml'), JSON.stringify(settings));
  const { db } = lab.connection;
  const job = await db.selectFrom('jobs').select('id').executeTakeFirstOrThrow();
  const { id } = await db.insertInto('deliveries').values({
    job: job.id, state: 5, method: 'callback', key: '0:5', recipient: 'https://me:hidden@example.org/cb?token=hidden', status: 'failed', error: 'it answered 500',
  }).returning('id').executeTakeFirstOrThrow();

  const list = await manage('notifications', 'list', '--failed', '--job', String(job.id));
  expect(list).toContain(`${id},${job.id},callback,https://example.org/cb?…,failed,0,`);
  expect(list).not.toContain('hidden');
  expect(await manage('notifications', 'list', '--waiting')).toBe('id,job,method,recipient,status,tries,created,next,error\n');
  expect(await manage('notifications', 'retry')).toMatch(/^CommandError: Say which/);
  expect(await manage('notifications', 'retry', '999999')).toMatch(/^CommandError: There is no message 999999/);
  expect(await manage('notifications', 'retry', id)).toMatch(/^1 message is sent again/);
  expect(await manage('notifications', 'list', '--waiting')).toContain(`${id},${job.id},`);

  expect(await manage('notifications', 'test', 'email', 'ada@example.org')).toBe('It was taken\n');
  expect(mail.mails).toMatchObject([{ to: ['ada@example.org'] }]);
  expect(await manage('notifications', 'test', 'email', 'refused@example.org')).toMatch(/^CommandError: It did not arrive: .*no such mailbox/);
  await writeFile(join(lab.root, 'etc/lava-server/settings.yaml'), JSON.stringify({ ...settings, EMAIL_USE_TLS: true }));
  expect(await manage('notifications', 'test', 'email', 'ada@example.org')).toMatch(/^CommandError: It did not arrive: .*certificate/);
  expect(await manage('notifications', 'test', 'irc', 'ada', '127.0.0.1')).toBe('It was taken\n');
  expect(await manage('notifications', 'test', 'callback', 'http://10.0.0.1/')).toMatch(/^CommandError: It did not arrive: .*NOTIFY_ALLOWED_NETWORKS/);
  expect(await manage('notifications', 'test', 'callback', `${receiver.url}/x`)).toBe('It was taken\n');
  const key = (await manage('notifications', 'key', `${receiver.url}/other`)).trim();
  const [, t, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(receiver.got[0]!.headers['x-lava-signature']))!;
  expect(createHmac('sha256', key).update(`${t}.${receiver.got[0]!.body}`).digest('hex')).toBe(v1);
  await Promise.all([mail.close(), receiver.close(), irc.close()]);
});

test('sync: devices as their dictionaries ask for', async () => {
  const folder = join(lab.root, 'etc/lava-server/dispatcher-config/devices');
  await mkdir(folder, { recursive: true });
  const write = (name: string, wish: string) => writeFile(join(folder, `${name}.jinja2`), `{% extends 'qemu.jinja2' %}\n${wish}\n`);
  await write('s1', "{% set sync_to_lava = {'device_type': 'synced', 'worker': 'w9', 'tags': ['fast'], 'aliases': ['sy'], 'physical_owner': 'ada', 'group_device_permissions': [['change_device', 'lab']]} %}");
  await write('s2', "{% set sync_to_lava = {'worker': 'w9'} %}");
  await write('s3', '');
  await write('q1', "{% set sync_to_lava = {'device_type': 'synced'} %}");
  expect(await manage('sync')).toBe('Scanning devices:\n* q1 [SKIP]\n  -> it was not made by sync\n* s1\n* s2 [SKIP]\n  -> sync_to_lava has no device_type\n* s3 [SKIP]\n  -> it does not set sync_to_lava\n');
  const { db } = lab.connection;
  const state = async () => (await sql<{ hostname: string }>`select hostname, device_type, worker, health, devices.description, is_synced, username as owner, (select string_agg(name, ',') from device_tags join tags on tags.id = tag_id where device = hostname) as tags,
    (select string_agg(permission, ',') from group_device_permissions where device = hostname) as may, display from devices left join users on users.id = physical_owner join device_types on name = device_type where hostname like 's%'`.execute(db)).rows;
  expect(await state()).toEqual([{ hostname: 's1', device_type: 'synced', worker: 'w9', health: 1, description: 'Created automatically by LAVA.', is_synced: true, owner: 'ada', tags: 'fast', may: 'change_device', display: true }]);
  expect(await manage('aliases', 'show', 'sy')).toBe('device_type: synced\n');
  // A mistake leaves the device as it is; without its dictionary it retires, and with it the type of which it was the last.
  await write('s1', '{% set sync_to_lava = nothing.at.all %}');
  expect(await manage('sync')).toMatch(/\* s1 \[SKIP\]\n {2}-> .*nothing/);
  expect((await state())[0]).toMatchObject({ health: 1, tags: 'fast' });
  await rm(join(folder, 's1.jinja2'));
  expect(await manage('sync')).toContain('* s1 [RETIRED]\n');
  expect((await state())[0]).toMatchObject({ health: 5, display: false });
  await write('s1', "{% set sync_to_lava = {'device_type': 'synced'} %}");
  expect(await manage('sync')).toContain('* s1\n');
  expect((await state())[0]).toMatchObject({ health: 1, display: true, worker: null, owner: null, tags: null, may: null });
  // What is as it should be leaves no entry.
  const entries = async () => (await db.selectFrom('audit_log').select('message').where('object', 'in', ['s1', 'synced']).orderBy('id').execute()).map(({ message }) => message);
  const before = await entries();
  expect(before).toEqual(expect.arrayContaining(['added (sync)', 'change_device given to group lab (sync)', 'change_device taken from group lab (sync)']));
  await manage('sync');
  expect(await entries()).toEqual(before);
});

test('devices control runs the command of the device', async () => {
  const touched = join(lab.root, 'touched');
  await writeFile(join(lab.root, 'etc/lava-server/dispatcher-config/devices/s1.jinja2'), `{% extends 'bcm2711-rpi-4-b.jinja2' %}\n{% set hard_reset_command = ['echo one > ${touched}', 'echo two >> ${touched}'] %}\n{% set power_on_command = 'exit 3' %}\n{% set connection_command = 'telnet board' %}\n`);
  expect(await manage('devices', 'control', 's1', 'reset', '-n')).toBe(`echo one > ${touched}\necho two >> ${touched}\n`);
  expect(await readdir(lab.root)).not.toContain('touched');
  await manage('devices', 'control', 's1', 'reset');
  expect(await readFile(touched, 'utf8')).toBe('one\ntwo\n');
  expect(await manage('devices', 'control', 's1', 'on')).toBe('exit 3\nCommandError: It ended with status 3\n');
  expect(await manage('devices', 'control', 's1', 'off')).toMatch(/^CommandError: The device has no command for it \(power_off_command\)/);
  expect(await manage('devices', 'control', 's1', 'kick')).toMatch(/^CommandError: 'kick' is nothing to do/);
});

test('definitions of jobs: validated, and their metadata taken', async () => {
  const { db } = lab.connection;
  const ada = await db.selectFrom('users').select('id').where('username', '=', 'ada').executeTakeFirstOrThrow();
  const good = 'job_name: a\ndevice_type: qemu\ntimeouts: {job: {minutes: 10}}\nvisibility: public\nmetadata: {branch: main}\nactions: []\n';
  const add = async (definition: string) => (await db.insertInto('jobs').values({ submitter: ada.id, description: 'x', definition, original_definition: definition, state: 5, health: 1 }).returning('id').executeTakeFirstOrThrow()).id;
  const [a, b] = [await add(good), await add('job_name: 1\n')];
  expect(await manage('jobs', 'validate', '--newer-than', '1h', '--submitter', 'ada')).toMatch(new RegExp(`\\* ${a}@ada\n\\* ${b}@ada\n  -> .+\nCommandError: \\d of \\d definitions are refused\n$`));
  expect(await manage('jobs', 'backfill-metadata', '--dry-run', '--start-id', String(a))).toBe('To fill: 1 jobs\n');
  expect(await manage('jobs', 'backfill-metadata', '--batch-size', '1')).toBe('Filled: 1 jobs\n');
  expect(await manage('jobs', 'backfill-metadata')).toBe('Filled: 0 jobs\n');
  expect((await db.selectFrom('jobs').select('metadata').where('id', '=', a).executeTakeFirstOrThrow()).metadata).toEqual({ branch: 'main' });
});

test('saved queries are refreshed; the address of the site; the database answers', async () => {
  const { db } = lab.connection;
  const ada = await db.selectFrom('users').select('id').where('username', '=', 'ada').executeTakeFirstOrThrow();
  await db.insertInto('queries').values([{ owner: ada.id, name: 'all', entity: 'testjob' }, { owner: ada.id, name: 'now', entity: 'testjob', is_live: true }]).execute();
  expect(await manage('refresh_queries', '--all')).toBe('* ~ada/all\n');
  expect((await db.selectFrom('queries').select('found').where('name', '=', 'all').executeTakeFirstOrThrow()).found!.length).toBeGreaterThan(0);
  expect(await manage('refresh_queries', '--name', 'all', '--username', 'ada')).toBe('* ~ada/all\n');
  expect(await manage('refresh_queries', '--name', 'now', '--username', 'ada')).toBe('CommandError: Query ~ada/now is live: it is never refreshed\n');
  expect(await manage('refresh_queries')).toBe('CommandError: Give --name and --username, or --all\n');
  await writeFile(join(lab.root, 'etc/lava-server/settings.yaml'), 'SITE_URL: https://lava.example.org\n');
  expect(await manage('site', 'list')).toBe('Site:\n\tDomain: lava.example.org\n\tName: lava.example.org\n');
  expect(await manage('site', 'update', '--domain', 'other.example.org')).toMatch(/^CommandError: The address is a setting: write "SITE_URL: https:\/\/other/);
  expect(await manage('wait', 'database')).toBe('Waiting for the database:\n[done]\n');
});

test('scheduler: shares of groups, a forced check, why a job waits, and a simulation', async () => {
  const { db } = lab.connection;
  expect(await manage('scheduler', 'shares', 'set', 'lab', '--weight', '2', '--quota', '3')).toBe('');
  expect(await manage('scheduler', 'shares', 'list')).toBe('group,weight,quota,queue-limit\nlab,2,3,\n');
  expect(await manage('scheduler', 'shares', 'remove', 'lab')).toBe('');
  expect(await manage('scheduler', 'shares', 'set', 'nobody')).toMatch(/^CommandError: /);
  expect(await manage('scheduler', 'check', 'q2')).toBe('');
  expect((await db.selectFrom('devices').select('health').where('hostname', '=', 'q2').executeTakeFirstOrThrow()).health).toBe(1);
  expect(await manage('scheduler', 'check', 'nothing')).toBe("CommandError: Device 'nothing' does not exist\n");
  const ada = await db.selectFrom('users').select('id').where('username', '=', 'ada').executeTakeFirstOrThrow();
  const { id } = await db.insertInto('jobs').values({ submitter: ada.id, description: 'waits', definition: '', original_definition: '', requested_device_type: 'synced', is_public: true }).returning('id').executeTakeFirstOrThrow();
  expect(await manage('scheduler', 'explain', String(id))).toMatch(/s1/);
  expect(await manage('scheduler', 'explain', '999999')).toBe('CommandError: Job 999999 is not queued\n');
  expect(await manage('scheduler', 'explain')).not.toBe('');
  expect((await manage('scheduler', 'simulate', '--seed', '7')).split('\n')[0]).toMatch(/job/);
});
