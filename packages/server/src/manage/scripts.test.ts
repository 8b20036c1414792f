import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { lavaPaths } from '@lava/base';
import { formatRecord } from '@lava/job';
import { userByPassword } from '../auth/users.ts';
import { JobFolders } from '../logs/job-folder.ts';
import { withoutDjangoOptions } from './django-options.ts';
import { commandsElsewhere } from './elsewhere.ts';
import { manage, startInstallation, type Installation } from './testing.ts';

/* Commands that scripts of other installations run: at the start of a container, from cron, once a month. */

let lab: Installation;

beforeAll(async () => { lab = await startInstallation(); });
afterAll(() => lab.stop());
afterEach(() => { vi.restoreAllMocks(); });

/** Runs a command whose user types these lines. */
async function typing(lines: readonly string[], ...args: string[]): Promise<string> {
  const input = new PassThrough();
  input.end(lines.map((line) => `${line}\n`).join(''));
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as unknown as typeof process.stdin);
  return manage(...args);
}

const addUser = async (username: string) => (await lab.connection.db.insertInto('users').values({ username }).returning('id').executeTakeFirstOrThrow()).id;

test('tables are brought up to date, once', async () => {
  await lab.connection.db.transaction().execute(async (trx) => {
    await sql`drop schema public cascade`.execute(trx);
    await sql`create schema public`.execute(trx);
  });
  expect(await manage('showmigrations', '--plan')).toMatch(/^\[ \] 0001-first\n/);
  expect(await manage('migrate', '--noinput', '--fake-initial')).toMatch(/^Running migrations:\n {2}Applying 0001-first\.\.\. OK\n/);
  expect(await manage('migrate', '--no-input')).toBe('Running migrations:\n  No migrations to apply.\n');
  expect(await manage('showmigrations')).toMatch(/^(\[X\] \S+\n)+$/);
  expect(await manage('wait', 'migrations')).toBe('Waiting for migrations:\n[done]\n');
});

test('superusers and passwords, by variables and by what somebody types', async () => {
  vi.stubEnv('DJANGO_SUPERUSER_USERNAME', 'chief');
  vi.stubEnv('DJANGO_SUPERUSER_PASSWORD', 'of-the-script');
  vi.stubEnv('DJANGO_SUPERUSER_EMAIL', 'chief@example.org');
  expect(await manage('createsuperuser', '--noinput')).toBe('Superuser created successfully.\n');
  expect(await manage('createsuperuser', '--noinput')).toBe('CommandError: Error: That username is already taken.\n');
  for (const name of ['USERNAME', 'PASSWORD', 'EMAIL']) vi.stubEnv(`DJANGO_SUPERUSER_${name}`, '');
  expect(await manage('createsuperuser', '--noinput')).toBe('CommandError: You must use --username with --noinput.\n');
  expect(await manage('createsuperuser', '--no-input', '--username', 'locked')).toBe('Superuser created successfully.\n');
  expect(await typing(['ada', 'ada@example.org', 'typed', 'typed'], 'createsuperuser')).toBe('Superuser created successfully.\n');
  expect(await typing(['x@example.org', 'one', 'two'], 'createsuperuser', '--username', 'eve')).toBe('CommandError: The two passwords are not the same\n');
  expect(await typing([], 'createsuperuser')).toMatch(/^CommandError: There is nobody to ask: /);
  const rows = await lab.connection.db.selectFrom('users').select(['username', 'email', 'is_staff', 'is_superuser']).orderBy('id').execute();
  const powers = { is_staff: true, is_superuser: true };
  expect(rows).toEqual([{ username: 'chief', email: 'chief@example.org', ...powers }, { username: 'locked', email: '', ...powers }, { username: 'ada', email: 'ada@example.org', ...powers }]);
  expect(await userByPassword(lab.connection.db, 'chief', 'of-the-script')).toBeDefined();
  expect(await userByPassword(lab.connection.db, 'locked', '')).toBeUndefined();

  expect(await typing(['new one'], 'changepassword', 'ada')).toBe("Changing password for user 'ada'\nPassword changed successfully for user 'ada'\n");
  expect([await userByPassword(lab.connection.db, 'ada', 'typed'), (await userByPassword(lab.connection.db, 'ada', 'new one'))?.username]).toEqual([undefined, 'ada']);
  expect(await typing([], 'changepassword', 'ada')).toMatch(/CommandError: There is no password/);
  expect(await manage('changepassword', 'nobody')).toBe("CommandError: user 'nobody' does not exist\n");
  // Who did it stands in the audit log.
  const { actor } = await lab.connection.db.selectFrom('audit_log').select('actor').orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow();
  expect(actor).toMatch(/^lava-server manage \(.+\)$/);
});

test('jobs and transitions of some days as JSON', async () => {
  const submitter = await addUser('bob');
  const { db } = lab.connection;
  await db.insertInto('device_types').values({ name: 'qemu' }).execute();
  await db.insertInto('devices').values({ hostname: 'q1', device_type: 'qemu', health: 3 }).execute();
  await sql`insert into jobs (submitter, description, definition, original_definition, requested_device_type, actual_device, state, health, submit_time, start_time, end_time) values
    (${submitter}, 'é', 'job_name: é', '', 'qemu', 'q1', 5, 1, '2026-02-28T23:59:59.25Z', '2026-03-01T00:00:00Z', '2026-03-01T00:01:00.000001Z'),
    (${submitter}, 'later', '', '', 'qemu', null, 0, 0, '2026-03-01T00:00:00Z', null, null)`.execute(db);
  await sql`insert into tags (name) values ('usb')`.execute(db);
  await sql`insert into job_tags (job, tag_id) select jobs.id, tags.id from jobs, tags where jobs.description = 'é'`.execute(db);
  const out = join(lab.root, 'export/monthly');
  expect(await manage('testjob_exporter', '--output-dir', out, '--start-date', '2026-02-01', '--end-date', '2026-02-28')).toBe(`Exported 1 jobs from 2026-02-01 to 2026-02-28 to ${out}/testjobs_2026-02-01_2026-02-28.json\n`);
  expect(JSON.parse(await readFile(join(out, 'testjobs_2026-02-01_2026-02-28.json'), 'utf8'))).toEqual([{
    id: expect.any(Number), submitter: 'bob', description: 'é', health_check: false, requested_device_type: 'qemu', tags: ['usb'], actual_device: 'q1', submit_time: '2026-02-28T23:59:59.250000+00:00',
    start_time: '2026-03-01T00:00:00+00:00', end_time: '2026-03-01T00:01:00.000001+00:00', state: 'Finished', health: 'Complete', priority: 50, definition: 'job_name: é', failure_comment: null,
  }]);
  expect(await manage('testjob_exporter', '--output-dir', out)).toMatch(/^Exported 0 jobs from \d{4}-\d\d-01 to /);
  expect(await manage('testjob_exporter', '--output-dir', out, '--start-date', '2026-02-30')).toBe("CommandError: '2026-02-30' is no day: write YYYY-MM-DD\n");
  expect(await manage('testjob_exporter', '--output-dir', out, '--start-date', '2026-03-01', '--end-date', '2026-02-01')).toMatch(/^CommandError: 2026-02-01 is before 2026-03-01/);
  expect(await manage('testjob_exporter', '--output-dir', join(out, 'testjobs_2026-02-01_2026-02-28.json/more'))).toMatch(/^CommandError: Cannot write .*: ENOTDIR/);

  await sql`insert into audit_log (at, actor, kind, object, message) values ('2026-02-01Z', 'bob', 'device', 'q1', 'Unknown → Good (looks well)'), ('2026-02-02Z', 'bob', 'device', 'q1', 'Good → Bad (broken)'),
    ('2026-02-03Z', 'bob', 'device', 'q1', 'changed description'), ('2026-02-03Z', 'bob', 'worker', 'q1', 'Offline → Online'), ('2026-01-31T23:59:59Z', 'bob', 'device', 'q1', 'Bad → Unknown')`.execute(db);
  expect(await manage('transition_exporter', '--output-dir', out, '--start-date', '2026-02-01', '--end-date', '2026-02-02')).toContain('Exported 2 transitions since 2026-02-01');
  expect(JSON.parse(await readFile(join(out, 'transitions_2026-02-01.json'), 'utf8'))).toEqual([
    { id: expect.any(Number), action_time: '2026-02-02T00:00:00+00:00', change_message: 'Good → Bad (broken)', device_name: 'q1', old_health: 'Good', new_health: 'Bad' },
    { id: expect.any(Number), action_time: '2026-02-01T00:00:00+00:00', change_message: 'Unknown → Good (looks well)', device_name: 'q1', old_health: 'Unknown', new_health: 'Good' },
  ]);
});

test('what a broken index let in twice is found and removed', async () => {
  const { db } = lab.connection;
  expect(await manage('check_uniqueness')).toMatch(/^(.+: each once\n){4}$/);
  const { id } = await db.selectFrom('jobs').select('id').where('state', '=', 5).executeTakeFirstOrThrow();
  // An index that does not know of a row: what is in the table is not in it.
  await sql`update pg_index set indisready = false, indislive = false, indisvalid = false where indexrelid = 'test_suites_job_name_key'::regclass`.execute(db);
  await sql`insert into test_suites (job, name) values (${id}, 'twice'), (${id}, 'twice')`.execute(db);
  await sql`update pg_index set indisready = true, indislive = true, indisvalid = true where indexrelid = 'test_suites_job_name_key'::regclass`.execute(db);
  expect(await manage('check_uniqueness', '--dry-run')).toMatch(new RegExp(`names of test suites in a job: more than once in 1 jobs\nAn index .*\n\\* job ${id}\n`));
  expect(await typing(['no'], 'check_uniqueness')).toContain('CommandError: 1 jobs and 0 indexes have to be put right');
  expect(await typing(['yes'], 'check_uniqueness')).toContain(`* job ${id}\n  -> removed\n`);
  expect(await manage('check_uniqueness', '--yes')).toMatch(/^(.+: each once\n){4}$/);
});

test('logs are copied to the storage of several servers, and back', async () => {
  const { db } = lab.connection;
  expect(await manage('copy-logs')).toBe('CommandError: There is no STORAGE in settings.yaml: all logs are on this disk\n');
  for (const name of ['LogsMongo', 'LogsElasticsearch']) expect(await manage('copy-logs', name)).toMatch(/^CommandError: Logs are not kept in \w+ here: say STORAGE: /);
  await mkdir(join(lab.root, 'etc/lava-server'), { recursive: true });
  await writeFile(join(lab.root, 'etc/lava-server/settings.yaml'), JSON.stringify({ STORAGE: { folder: join(lab.root, 'shared') } }));
  const bob = await db.selectFrom('users').select('id').where('username', '=', 'bob').executeTakeFirstOrThrow();
  const add = async () => (await db.insertInto('jobs').values({ submitter: bob.id, description: 'x', definition: '', original_definition: '', state: 5, health: 1 }).returning('id').executeTakeFirstOrThrow()).id;
  const [job, empty] = [await add(), await add()];
  const folder = (await new JobFolders(lavaPaths(lab.root), db).of(job))!;
  await mkdir(folder, { recursive: true });
  const log = Array.from({ length: 50 }, (_, n) => formatRecord('target', `line ${n}`)).join('');
  await writeFile(join(folder, 'output.yaml'), log);
  await writeFile(join(folder, 'device.yaml'), 'a: b\n');
  expect(await manage('copy-logs', '--dry-run')).toContain(`* ${job}\n* ${empty} [SKIP] - it has no files on this disk\nDone.\n`);
  expect((await db.selectFrom('stored_logs').selectAll().execute())).toEqual([]);
  expect(await manage('copy-logs')).toContain(`* ${job}\n`);
  expect(await db.selectFrom('stored_logs').select(['job', 'lines']).execute()).toEqual([{ job, lines: 50 }]);
  expect(await readFile(join(folder, 'output.yaml'), 'utf8')).toBe(log);
  expect(await manage('copy-logs')).toContain(`* ${job} [SKIP] - its log is there\n`);
  await rm(folder, { recursive: true });
  expect(await manage('copy-logs', 'disk')).toContain(`* ${job}\n* ${empty} [SKIP] - it has no files there\nDone.\n`);
  await rm(join(lab.root, 'etc/lava-server/settings.yaml'));
  expect(await readFile((await new JobFolders(lavaPaths(lab.root), db).log(job))!, 'utf8')).toBe(log);
  expect(await readFile(join(folder, 'device.yaml'), 'utf8')).toBe('a: b\n');
});

test('what saved queries found is forgotten', async () => {
  const bob = await lab.connection.db.selectFrom('users').select('id').where('username', '=', 'bob').executeTakeFirstOrThrow();
  await lab.connection.db.insertInto('queries').values({ owner: bob.id, name: 'all', entity: 'testjob' }).execute();
  await manage('refresh_queries', '--all');
  expect(await manage('drop_materialized_views')).toBe('Forgot what 1 queries had found\n');
  expect(await manage('drop_materialized_views')).toBe('Forgot what 0 queries had found\n');
});

test('commands that mean nothing here say what is done instead; those before a start succeed', async () => {
  expect(await manage('collectstatic', '--noinput', '--clear', '-l')).toBe(`${commandsElsewhere['collectstatic']}\n`);
  expect(await manage('lava-publisher', '--host', '*', '--port', '8001')).toMatch(/^CommandError: There is no publisher by itself: lava-server run /);
  expect(await manage('lava-master', '--level', 'DEBUG', '--encrypt')).toMatch(/^CommandError: Use: lava-server run/);
  expect(await manage('add-device', 'q9', '--device-type', 'qemu')).toMatch(/^CommandError: Use: lava-server manage devices add /);
  expect(await manage('device-dictionary', '--hostname', 'q1', '--export')).toMatch(/devices update HOSTNAME --dictionary FILE/);
});

test('options of Django that change nothing are passed over', () => {
  const program = ['node', 'lava-server', '--root', '/x', 'manage'];
  expect(withoutDjangoOptions([...program, 'migrate', '--no-color', '-v', '0', '--verbosity=2', '--settings', 'x', '--noinput'])).toEqual([...program, 'migrate', '--noinput']);
  expect(withoutDjangoOptions([...program, 'groups', 'list', '-v'])).toEqual([...program, 'groups', 'list', '-v']);
  expect(withoutDjangoOptions([...program, 'dbshell', '--', '-v', '1'])).toEqual([...program, 'dbshell', '--', '-v', '1']);
  expect(withoutDjangoOptions(['node', 'lava-server', 'run', '-v', '1'])).toEqual(['node', 'lava-server', 'run', '-v', '1']);
});
