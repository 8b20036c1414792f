import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { LavaSystem, project } from '@lava/testbed';
import { connect, ensureDatabase, type Connection } from '../packages/server/src/store/connection.ts';
import { quietLog } from '../packages/server/src/store/testing.ts';
import { stopSystem } from './support/system.ts';

// A lab moves: what another LAVA has (import-lava/: its tables, its configuration, its logs) comes to a running server.

const fixture = join(project, 'tests/import-lava');
const run = promisify(execFile);
const secretOf = (name: string) => name.repeat(43).slice(0, 128);

let system: LavaSystem;
type Session = Awaited<ReturnType<Connection['session']>>;
let old: Session;
let here: Session;
let media: string;

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'lava-test-'));
  await chmod(root, 0o755);
  system = await LavaSystem.at(root);
  await system.startServer();
  const socketFolder = join(lavaPaths(root).serverState, 'postgresql/socket');
  await ensureDatabase(socketFolder, 'old');
  [here, old] = await Promise.all(['lava', 'old'].map((database) => connect({ socketFolder, database }, { log: quietLog }).session())) as [Session, Session];
  await old.query(await readFile(join(fixture, 'tables.sql'), 'utf8'));
  media = join(root, 'old-media');
  await cp(join(fixture, 'media'), media, { recursive: true });
  // A log that was packed, and a link that leads out.
  await run('xz', [join(media, 'job-output/2023/02/04/44/output.yaml')]);
  await symlink('/etc/passwd', join(media, 'job-output/2023/02/03/40/device.yaml.link'));
}, 180_000);

afterAll(async () => {
  await old?.end();
  await here?.end();
  await stopSystem(system);
});

const importLava = (...more: string[]) => system.manage('import-lava', '--database', `postgresql://lava@localhost/old?host=${join(lavaPaths(system.root).serverState, 'postgresql/socket')}`, '--config', join(fixture, 'etc-lava-server'), '--media', media, ...more);

/** The table of the report: what was taken, what was here. */
const counts = (report: string) => Object.fromEntries([...report.matchAll(/^(\S.*?) {2,}(\d+) +(\d+)$/gm)].map(([, what, taken, before]) => [what!, [Number(taken), Number(before)]]));
const ask = (path: string, token?: string) => fetch(`${system.url}${path}`, { headers: token === undefined ? {} : { authorization: `Token ${token}` } });
const json = async <T>(path: string, token: string) => { const answer = await ask(path, token); expect(answer.status, path).toBe(200); return await answer.json() as T; };
const rows = async (text: string) => (await here.query<Record<string, unknown>>(text)).rows;

describe.sequential('a lab moves', () => {
  test('a dry run says all of it and changes nothing', async () => {
    const state = async () => JSON.stringify([await rows('select count(*) from users'), await rows('select count(*) from devices'), await rows('select count(*) from jobs'), await rows('select * from imports'), await rows('select count(*) from audit_log')]);
    const before = await state();
    const report = await importLava('--dry-run');
    expect(await state()).toBe(before);
    expect(existsSync(join(lavaPaths(system.root).serverConfig, 'dispatcher-config'))).toBe(false);
    expect(existsSync(join(lavaPaths(system.root).serverState, 'default/media/job-output/2023'))).toBe(false);
    expect(report).toContain('Nothing was changed.');
    expect(counts(report)).toMatchObject({ 'users': [5, 1], 'configuration files': [5, 0], 'devices': [2, 0], 'jobs': [5, 0], 'test cases': [5, 0], 'logs': [3, 0], 'saved queries': [2, 0], 'entries of the history': [3, 0] });
    expect(report).toMatch(/^\* jobs without a log in the media folder: 2 \(42, 45\)$/m);
  });

  test('everything that has a place is taken, and the rest is named', async () => {
    const before = await writes();
    const report = await importLava('--report', join(system.root, 'report.txt'));
    expect(counts(report)).toEqual({
      'users': [5, 1], 'groups': [2, 0], 'memberships of groups': [3, 0], 'permissions for everything': [2, 0], 'API tokens': [2, 0], 'tokens for remote artifacts': [1, 0], 'tokens for callbacks': [1, 0],
      'configuration files': [5, 0], 'device types': [2, 0], 'aliases': [1, 0], 'device tags': [2, 0], 'failure tags': [1, 0], 'workers': [1, 0], 'devices': [2, 0],
      'permissions for one object': [2, 0], 'jobs': [5, 0], 'test cases': [5, 0], 'logs': [3, 0], 'saved queries': [2, 0], 'charts': [1, 0], 'entries of the history': [3, 0],
    });
    expect(report.split('Left out:\n')[1]!.split('\n')).toEqual([
      '* passwords of a kind that cannot be checked here; these users need new ones: 1 (crypted)',
      '* permissions for pages that are not here: 1 (sites.change_site)',
      '* files of settings: see which of their settings belong in settings.yaml here: 1 (settings.d/01-site.yaml)',
      '* aliases of no device type: 1 (nothing)',
      '* permissions for one object that restrict nothing here: 1 (panel01: delete_device)',
      '* jobs that have not ended; run the import again when they have: 1',
      '* jobs without a log in the media folder: 2 (42, 45)',
      '* saved queries with conditions that cannot be read: 1 (too-new)',
      '* favourite jobs: 2',
      expect.stringMatching(/^\* devices whose configuration cannot be used \(.*panel\.jinja2.*\): 1 \(panel01\)$/),
    ]);
    expect(report).toContain(await readFile(join(system.root, 'report.txt'), 'utf8').then((t) => t.trim()));
    expect(await writes()).toBe(before);
  });

  test('a user signs in with the old password, which is then hashed anew', async () => {
    const login = (username: string, password: string) => fetch(`${system.url}/api/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username, password }) });
    expect((await login('ada', 'battery staple')).status).toBe(401);
    const answer = await login('ada', 'correct horse');
    expect(await answer.json()).toMatchObject({ username: 'ada', is_superuser: true });
    const [ada] = await rows("select password, irc_handle, date_joined at time zone 'UTC' = '2021-03-05 09:00:00.123456' as exact from users where username = 'ada'");
    expect(ada).toEqual({ password: expect.stringMatching(/^\$argon2id\$/), irc_handle: 'ada_', exact: true });
    expect((await login('blowfish', 'grüße')).status).toBe(200);
    for (const name of ['directory', 'crypted', 'lava-health']) expect((await login(name, '!unusable')).status).toBe(401);
  });

  test('what is known by number keeps it where it is free', async () => {
    expect(await rows("select username from users where (id, username) in ((3, 'bob'), (4, 'directory'), (5, 'blowfish'), (7, 'crypted')) order by id")).toHaveLength(4);
    // The number of ada is taken by the admin of this server.
    expect(await rows("select id > 7 as new from users where username = 'ada'")).toEqual([{ new: true }]);
    expect(await rows('select id, name from groups order by id')).toEqual(expect.arrayContaining([{ id: 2, name: 'secret' }]));
    expect(await rows('select id, name from tags order by id')).toEqual([{ id: 7, name: 'fast' }, { id: 8, name: 'usb' }]);
    expect(await rows('select id, suite_id, set_id from test_cases where job = 40 order by id')).toEqual([
      { id: 1001, suite_id: 101, set_id: null }, { id: 1002, suite_id: 101, set_id: null }, { id: 1003, suite_id: 102, set_id: null }, { id: 1004, suite_id: 102, set_id: 11 },
    ]);
    expect(await rows("select nextval(pg_get_serial_sequence('test_cases', 'id')) > 1005 as above")).toEqual([{ above: true }]);
  });

  test('the old token shows the old job with its results and its log', async () => {
    const token = secretOf('bob');
    expect(await json('/api/v0.2/jobs/40/', token)).toMatchObject({
      id: 40, description: 'boot and test', submitter: 'bob', health: 'Complete', state: 'Finished', priority: 75, requested_device_type: 'qemu', actual_device: 'qemu01',
      submit_time: expect.stringMatching(/^2023-02-03T23:59:58\.123/), tags: [7],
    });
    const { results: suites } = await json<{ results: { id: number; name: string }[] }>('/api/v0.2/jobs/40/suites/', token);
    expect(suites.map((s) => s.name)).toEqual(['lava', '0_smoke']);
    const { results: cases } = await json<{ results: Record<string, unknown>[] }>('/api/v0.2/jobs/40/tests/', token);
    expect(cases.map((c) => [c['name'], c['result'], c['measurement'], c['unit'], c['start_log_line']])).toEqual([
      ['validate', 'pass', '0.0200000000', 'seconds', null], ['job', 'pass', null, '', null], ['linux', 'pass', null, '', 3], ['free', 'fail', '123456.7500000000', 'kB', 4],
    ]);
    expect(cases[0]!['metadata']).toContain('extra: metadata/lava-validate-1.yaml\n');
    const log = await (await ask('/api/v0.2/jobs/40/logs/', token)).text();
    expect(log).toBe(await readFile(join(fixture, 'media/job-output/2023/02/03/40/output.yaml'), 'utf8'));
    expect(await (await ask('/api/v1/jobs/40/log?start=4&end=5', token)).text()).toContain('Grüße, 世界');
    expect(await json('/api/v1/jobs/40', token)).toMatchObject({ metadata: { build: '17', branch: 'main' }, log_lines: 7 });
    expect(await rows('select id, queue_timeout from jobs where id in (40, 41) order by id')).toEqual([{ id: 40, queue_timeout: null }, { id: 41, queue_timeout: 3_000_000 }]);
    expect(await rows('select level, name, timeout, start_line, end_line from job_actions where job = 40 order by start_line')).toEqual([
      { level: '0', name: 'validate', timeout: null, start_line: 0, end_line: 1 }, { level: '1', name: 'boot', timeout: 300, start_line: 2, end_line: 6 },
    ]);
    expect(await json('/api/v1/jobs/41', secretOf('ada'))).toMatchObject({ error_type: 'Infrastructure', error_msg: 'No power', failure_comment: 'the cable was out', health: 'Incomplete' });
  });

  test('a packed log is read by lines and as a whole', async () => {
    const whole = await readFile(join(fixture, 'media/job-output/2023/02/04/44/output.yaml'), 'utf8');
    expect(await (await ask('/api/v0.2/jobs/44/logs/', secretOf('ada'))).text()).toBe(whole);
    expect(await (await ask('/api/v0.2/jobs/44/logs/?start=17&end=18', secretOf('ada'))).text()).toBe(`${whole.split('\n')[17]}\n`);
    expect(await json('/api/v1/jobs/44', secretOf('ada'))).toMatchObject({ log_lines: 50 });
  });

  test('queries and charts work, and what callbacks named is sent by them', async () => {
    expect(await json('/api/v1/queries/ada/incomplete', secretOf('ada'))).toMatchObject({ description: 'Look at these', label: 'Triage', group: 'lab', limit: 50, is_published: true, conditions_text: 'testjob__health__exact__Incomplete', omitted: [44] });
    const { rows: found } = await json<{ rows: { id: number }[] }>('/api/v1/queries/ada/incomplete/results', secretOf('ada'));
    expect(found.map((job) => job.id)).toContain(41);
    expect(found.map((job) => job.id)).not.toContain(44);
    expect(await json('/api/v1/queries/bob/r-and-d', secretOf('bob'))).toMatchObject({ is_live: true, entity: 'testcase', conditions: [{ value: 'r&d' }] });
    expect(await json('/api/v1/charts/trend', secretOf('bob'))).toMatchObject({ owner: 'ada', parts: [{ query: '~ada/incomplete', type: 'pass/fail', is_percentage: true, target_goal: 80, representation: 'bars' }] });
    expect(await rows("select name, token from remote_artifact_tokens join users on users.id = user_id where username = 'bob' order by name")).toEqual([{ name: 'ci', token: secretOf('bob') }, { name: 'store', token: 'Bearer of-artifacts' }]);
  });

  test('what only some may see stays so; links are not followed', async () => {
    expect((await ask('/api/v0.2/jobs/40/')).status).toBe(200);
    expect((await ask('/api/v0.2/jobs/42/')).status).toBe(404);
    expect((await ask('/api/v0.2/jobs/42/', secretOf('bob'))).status).toBe(200);
    expect((await ask('/api/v0.2/devices/panel01/')).status).toBe(404);
    expect((await ask('/api/v0.2/devices/panel01/', secretOf('bob'))).status).toBe(200);
    await expect(lstat(join(lavaPaths(system.root).serverState, 'default/media/job-output/2023/02/03/40/device.yaml.link'))).rejects.toThrow('ENOENT');
  });

  test('devices are idle, workers offline until they come; the history came too', async () => {
    expect(await rows('select hostname, device_type, worker, state, health, physical_owner is not null as owned, last_health_report_job as job from devices order by 1 desc')).toEqual([
      { hostname: 'qemu01', device_type: 'qemu', worker: 'old-worker', state: 0, health: 0, owned: true, job: 41 },
      { hostname: 'panel01', device_type: 'panel', worker: null, state: 0, health: 3, owned: false, job: null },
    ]);
    expect(await rows('select hostname, state, job_limit, token_hash from workers')).toEqual([{ hostname: 'old-worker', state: 1, job_limit: 4, token_hash: createHash('sha256').update('a-token-of-a-worker').digest('hex') }]);
    expect(await rows("select name, health_denominator, cores, core_count from device_types where name = 'qemu'")).toEqual([{ name: 'qemu', health_denominator: 1, cores: ['core-a', 'core-b'], core_count: 2 }]);
    expect(await rows("select actor, object, message from audit_log where at < '2024-01-01' order by id")).toEqual([
      { actor: 'lava-health', object: 'qemu01', message: 'Good → Bad (health-check [41] failed)' }, { actor: 'ada', object: 'qemu01', message: 'changed Health, Description' }, { actor: 'bob', object: '42', message: 'Cancel requested' },
    ]);
    expect(await rows('select id, sub_id, role, essential from jobs where target_group is not null order by id')).toEqual([{ id: 44, sub_id: '44.0', role: 'client', essential: false }, { id: 45, sub_id: '44.1', role: 'server', essential: true }]);
  });

  test('a second run takes what is new and nothing twice; what was removed here stays away', async () => {
    await system.manage('users', 'update', 'bob', '--email', 'bob@example.net');
    await here.query('delete from jobs where id = 42');
    await old.query("update lava_scheduler_app_testjob set state = 5, health = 1, end_time = now() where id = 43; update auth_user set email = 'other@example.org' where username = 'bob'");
    // Meanwhile it became a release with other columns.
    await old.query(`alter table lava_scheduler_app_testjob add metadata jsonb not null default '{}', add requested_device_id text, drop queue_timeout;
      alter table lava_results_app_testcase drop start_log_line; alter table lava_scheduler_app_device add is_public boolean not null default false; drop table lava_scheduler_app_extendeduser;
      update lava_scheduler_app_testjob set metadata = '{"from": "column"}', requested_device_id = 'qemu01' where id = 43`);
    // A log that was not mounted at first.
    await mkdir(join(media, 'job-output/2023/02/04/45'));
    await writeFile(join(media, 'job-output/2023/02/04/45/output.yaml'), '- {"dt": "2023-02-04T04:00:02.000000", "lvl": "info", "msg": "late"}\n');
    await old.query("insert into auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) values (6, '!', false, 'late', '', '', '', false, true, now())");
    const text = await importLava();
    const report = counts(text);
    expect(text).toMatch(/^\* devices that only their owners saw: .*: 2 \((?:panel01, qemu01|qemu01, panel01)\)$/m);
    expect(await rows('select metadata, requested_device from jobs where id = 43')).toEqual([{ metadata: { from: 'column' }, requested_device: 'qemu01' }]);
    expect(report).toMatchObject({ users: [1, 6], jobs: [1, 5], 'saved queries': [0, 2], charts: [0, 1], devices: [0, 2], 'API tokens': [0, 2], 'configuration files': [0, 5], logs: [1, 0] });
    expect(await (await ask('/api/v0.2/jobs/45/logs/', secretOf('ada'))).text()).toContain('late');
    expect(await json('/api/v1/jobs/45', secretOf('ada'))).toMatchObject({ log_lines: 1 });
    expect(report).not.toHaveProperty('entries of the history');
    expect(await rows('select id from jobs order by id')).toEqual([40, 41, 43, 44, 45].map((id) => ({ id })));
    expect(await rows("select email from users where username = 'bob'")).toEqual([{ email: 'bob@example.net' }]);
    expect(await rows('select count(*)::int as count from test_cases')).toEqual([{ count: 5 }]);
  });

  test('new jobs leave the numbers of jobs that are still to come free', async () => {
    const [sequence] = await rows('select last_value::int as last from jobs_id_seq');
    expect(sequence!['last']).toBeGreaterThanOrEqual(1045);
  });

  test.skipIf(!existsSync('/usr/bin/lavacli'))('lavacli with the old token', async () => {
    const { PYTHONPATH: _none, ...env } = process.env;
    const lavacli = async (...args: string[]) => (await run('/usr/bin/python3', ['/usr/bin/lavacli', '--uri', system.url.replace('://', `://bob:${secretOf('bob')}@`) + '/RPC2', ...args], { env: { ...env, PYTHONUTF8: '1' } })).stdout;
    expect(await lavacli('jobs', 'show', '40')).toMatch(/description *: boot and test\nsubmitter *: bob\n/);
    expect(await lavacli('jobs', 'logs', '40')).toContain('Grüße, 世界');
    expect(await lavacli('results', '40')).toContain('* 0_smoke.free [fail]');
  });
});

test('a backup of the running server makes another one that is equal', async () => {
  const backup = join(system.root, 'backup');
  expect(await system.manage('backup', backup)).toMatch(/^jobs: 5 rows$/m);
  await expect(system.manage('restore', backup)).rejects.toThrow('another lava-server uses this database');
  const root = join(system.root, 'restored');
  const restored = await LavaSystem.at(root);
  try {
    expect(await restored.manage('restore', backup)).toMatch(/Restored: start the server$/);
    await writeFile(join(root, 'admin-token'), system.token);
    await writeFile(join(root, 'admin-password'), system.password);
    await restored.startServer();
    for (const path of ['/api/v0.2/jobs/40/tests/', '/api/v0.2/jobs/40/logs/', '/api/v0.2/devices/', '/api/v0.2/users/', '/api/v0.2/jobs/44/logs/']) {
      const answers = await Promise.all([system, restored].map(async ({ url }) => (await (await fetch(`${url}${path}`, { headers: { authorization: `Token ${secretOf('ada')}` } })).text()).replaceAll(url, '')));
      expect(answers[1], path).toBe(answers[0]);
      expect(answers[0], path).toContain(path.endsWith('logs/') ? 'lvl' : 'results');
    }
  } finally {
    await restored.stop();
  }
});

test('what is no LAVA, or not there, is said', async () => {
  const socket = join(lavaPaths(system.root).serverState, 'postgresql/socket');
  await expect(system.manage('import-lava', '--database', `postgresql://lava@localhost/postgres?host=${socket}`)).rejects.toThrow('it has no table django_migrations');
  await expect(system.manage('import-lava', '--database', 'postgresql://nobody@127.0.0.1:1/none')).rejects.toThrow('does not answer');
  await expect(system.manage('import-lava', '--config', fixture)).rejects.toThrow('names no database');
  await expect(system.manage('import-lava')).rejects.toThrow('--database, or --config');
});

/** Rows that were ever written in the other database. */
async function writes(): Promise<number> {
  await old.query('select pg_stat_force_next_flush()');
  return Number((await old.query<{ n: string }>('select sum(n_tup_ins + n_tup_upd + n_tup_del) as n from pg_stat_user_tables')).rows[0]!.n);
}
