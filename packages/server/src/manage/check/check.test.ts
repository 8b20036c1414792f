import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCertificate } from '@lava/link';
import { manage, startInstallation, type Installation } from '../testing.ts';

let lab: Installation;
const config = (...path: string[]) => join(lab.root, 'etc/lava-server', ...path);
const certificates = () => join(lab.root, 'etc/lava-dispatcher/certificates.d');
const none = 'System check identified no issues (0 silenced).\n';

/** Writes a file of the installation as the Debian package would have it. */
async function write(path: string, text: string, mode = 0o640): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  await chmod(path, mode);
}
const settings = (values: object) => write(config('settings.yaml'), JSON.stringify(values));

beforeAll(async () => { lab = await startInstallation(); });
afterAll(() => lab.stop());
afterEach(() => rm(join(lab.root, 'etc'), { recursive: true, force: true }));

/** What is found about one topic: severity, text and hint a line. */
async function found(topic: string): Promise<string> {
  return manage('check', '--tag', topic);
}

describe('settings', () => {
  test('that are right need no word; wrong ones are named with file and key', async () => {
    await settings({ SITE_URL: 'https://lava.example.org', QUEUE_LIMIT: 5 });
    expect(await manage('check')).toBe(none);
    await write(config('settings.d/50-mail.yaml'), 'EMAIL_PORT: high\nTRUSTED_PROXIES: [nowhere]\n');
    const report = await manage('check');
    expect(report).toContain(`settings: ${config('settings.d/50-mail.yaml')}: EMAIL_PORT is "high"\n\tHINT: `);
    expect(report).toContain(`settings: ${config('settings.d/50-mail.yaml')}: TRUSTED_PROXIES has "nowhere"\n\tHINT: Write networks as 192.0.2.0/24.`);
    expect(report).toMatch(/^System check identified some issues:\n\nERRORS:\n[^]*identified 2 issues \(0 silenced\)\.\nCommandError: 2 things have to be put right\n$/);
  });

  test('files that hold none, or cannot be read as YAML, are named', async () => {
    await write(config('settings.yaml'), '{broken\n');
    await write(config('settings.d/1.yaml'), '- a\n');
    await write(config('settings.d/2.yaml'), '');
    const report = await found('settings');
    expect(report).toContain(`settings: ${config('settings.yaml')} is not YAML`);
    expect(report).toContain(`settings: ${config('settings.d/1.yaml')} holds no settings`);
    expect(report).not.toContain('2.yaml');
  });

  test('names that nothing reads are warned of, with what is meant', async () => {
    await settings({ SITE_URL: 'https://lava.example.org', QUEUE_LIMITT: 5, DATABASES: {}, ALLOWED_HOSTS: ['*'] });
    await write(config('secret_key.conf'), 'x');
    const report = await found('settings');
    expect(report).toContain('nothing reads QUEUE_LIMITT\n\tHINT: Did you mean "QUEUE_LIMIT"?');
    expect(report).toContain('nothing reads DATABASES\n\tHINT: Name another database in DATABASE_URL');
    expect(report).toContain('secret_key.conf is not read');
    expect(report).not.toContain('CommandError');
    expect(await manage('check', '--fail-level', 'WARNING')).toContain('CommandError: 4 things');
  });
});

test('a database that is away, and tables of another release', async () => {
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', now()::text)`.execute(lab.connection.db);
  expect(await manage('check', '--deploy')).toContain('database: the tables are of a newer release (9999-later)');
  await sql`delete from kysely_migration where name = '9999-later'`.execute(lab.connection.db);
  const { rows: [removed] } = await sql<{ timestamp: string }>`delete from kysely_migration where name = '0013-queries' returning timestamp`.execute(lab.connection.db);
  expect(await found('database')).toContain('database: 1 migrations have not been applied: 0013-queries\n\tHINT: Start the server, or: lava-server manage migrate');
  // It only looked.
  expect((await sql`select from kysely_migration where name like '0013%'`.execute(lab.connection.db)).rows).toHaveLength(0);
  await sql`insert into kysely_migration (name, timestamp) values ('0013-queries', ${removed!.timestamp})`.execute(lab.connection.db);
  expect(await found('database')).toBe(none);
});

test('devices, templates and health checks', async () => {
  const { db } = lab.connection;
  await db.insertInto('workers').values({ hostname: 'w1' }).execute();
  await db.insertInto('device_types').values([{ name: 'qemu' }, { name: 'board' }, { name: 'nothing' }, { name: 'hidden', display: false }]).execute();
  await db.insertInto('devices').values([
    { hostname: 'q1', device_type: 'qemu', worker: 'w1', health: 0 }, { hostname: 'q2', device_type: 'qemu', health: 0 }, { hostname: 'gone', device_type: 'qemu', health: 5 },
  ]).execute();
  await write(config('dispatcher-config/devices/q1.jinja2'), "{% extends 'qemu.jinja2' %}\n");
  await write(config('dispatcher-config/devices/q2.jinja2'), "{% extends 'qemu.jinja2' %}\n{% if %}\n");
  await write(config('dispatcher-config/device-types/board.jinja2'), "{% extends 'base-uboot.jinja2' %}\n{% set power_off_command = 4711 %}\n");
  const devices = await found('devices');
  expect(devices).toMatch(/devices: q2: .*line 2/);
  expect(devices).toContain('devices: q2 has no worker\n\tHINT: lava-server manage devices update q2 --worker');
  expect(devices).not.toMatch(/gone|q1/);
  const types = await found('device-types');
  expect(types).toMatch(/device-types: board: .*commands\.power_off must be a command.*\n +at board\.jinja2:2:/);
  expect(types).toContain('device-types: nothing has no template');
  expect(types).not.toMatch(/qemu|hidden/);

  expect(await found('health-checks')).toContain('health-checks: qemu has no health check, so nobody checks q1, q2\n');
  await write(config('dispatcher-config/health-checks/qemu.yaml'), 'job_name: health\ntimeouts: {job: {minutes: 5}}\nactions: []\ndevice_type: qemu\n');
  expect(await found('health-checks')).toMatch(/health-checks: qemu.*visibility[^]*CommandError: 1 thing /);
  await write(config('dispatcher-config/health-checks/qemu.yaml'), 'job_name: health\ntimeouts: {job: {minutes: 5}}\nactions: []\ndevice_type: qemu\nvisibility: public\n');
  expect(await found('health-checks')).not.toMatch(/ERRORS|nobody checks/);
  await db.updateTable('device_types').set({ disable_health_check: true }).execute();
  await rm(config('dispatcher-config/health-checks/qemu.yaml'));
  expect(await found('health-checks')).toBe(none);
});

test('files with secrets that others read or write', async () => {
  await write(config('settings.yaml'), 'SITE_URL: https://lava.example.org\n');
  await write(join(lab.root, 'etc/default/lava-server'), 'LAVA_LOG_FORMAT=json\n', 0o644);
  await createCertificate(certificates(), 'master');
  expect(await found('permissions')).toBe(none);
  await chmod(config('settings.yaml'), 0o644);
  await write(join(lab.root, 'etc/default/lava-server'), 'DATABASE_URL=postgresql://lava:x@db/lava\n', 0o644);
  await write(config('dispatcher-config/devices/a.jinja2'), '', 0o644);
  await chmod(join(certificates(), 'master.key_secret'), 0o604);
  await chmod(config('dispatcher-config'), 0o777);
  const report = await found('permissions');
  expect(report).toContain(`permissions: ${config('settings.yaml')} can be read by everybody on this machine (0644)\n\tHINT: chmod 0640`);
  expect(report).toContain('etc/default/lava-server holds a secret');
  expect(report).toContain('master.key_secret can be read by everybody');
  expect(report).toContain(`everybody on this machine may put files into ${config('dispatcher-config')}`);
  expect(report).toContain('permissions: 1 dictionaries in');
});

test('accounts whose passwords anybody guesses', async () => {
  expect(await found('accounts')).toContain('accounts: there is no active superuser');
  await manage('users', 'add', 'root', '--superuser', '--passwd', 'admin');
  await manage('users', 'add', 'eve', '--staff', '--passwd', 'eve');
  await manage('users', 'add', 'ada', '--superuser', '--passwd', 'long and unlikely');
  await manage('users', 'add', 'bob', '--passwd', 'bob');
  const report = await found('accounts');
  expect(report).toContain('accounts: the password of root is "admin"\n\tHINT: lava-server manage changepassword root');
  expect(report).toContain('accounts: the password of eve is the name itself');
  expect(report).not.toMatch(/ada|bob/);
});

test('certificates of workers, and workers that cannot come', async () => {
  const { db } = lab.connection;
  await createCertificate(certificates(), 'master');
  await createCertificate(certificates(), 'stranger');
  await createCertificate(certificates(), 'old');
  await write(join(certificates(), 'broken.key'), 'nothing', 0o644);
  await rm(join(certificates(), 'old.key_secret'));
  await db.insertInto('workers').values([{ hostname: 'old', health: 2 }, { hostname: 'silent', last_ping: new Date(Date.now() - 5 * 86_400_000), token_hash: 'x' }]).execute();
  const report = await found('workers');
  expect(report).toContain("stranger.key is of no worker that is known\n\tHINT: Remove it, or: lava-server manage workers add stranger");
  expect(report).toContain('stranger.key_secret is the secret half of another machine');
  expect(report).toContain('old.key still lets the retired worker old in\n\tHINT: lava-server manage workers revoke old');
  expect(report).toContain('workers: w1 has neither a certificate here nor a token');
  expect(report).toContain('workers: silent has been silent for 5 days');
  expect(report).toMatch(/ERRORS:\nworkers: .*broken\.key/);
  expect(report).not.toContain('master');
  await chmod(join(certificates(), 'master.key_secret'), 0o644);
  await createCertificate(join(lab.root, 'other'), 'master');
  await copyFile(join(lab.root, 'other/master.key'), join(certificates(), 'master.key'));
  const own = await found('workers');
  expect(own).toContain('the secret key of this server');
  expect(own).toContain('master.key is not the public half of');
});

test('doors that stand open', async () => {
  expect(await found('network')).toContain('network: SITE_URL is not set');
  await settings({ SITE_URL: 'https://lava.example.org' });
  expect(await found('network')).toBe(none);
  await settings({ SITE_URL: 'http://lava.example.org', TRUSTED_PROXIES: ['0.0.0.0/0'], WORKER_AUTO_REGISTER: true, WORKER_AUTO_REGISTER_NETMASK: ['::/0'], EVENT_NOTIFICATION: true });
  await write(config('lava-master'), 'HTTP="0.0.0.0:8000"\nENCRYPT="--no-encrypt"\nLOGLEVEL="DEBUG"\n');
  const report = await found('network');
  for (const text of ['SITE_URL is http://lava.example.org', 'TRUSTED_PROXIES holds the whole Internet', 'WORKER_AUTO_REGISTER lets workers in from everywhere', 'sees the events of all jobs', 'the web is served on 0.0.0.0:8000 without TLS', 'the log level is DEBUG']) expect(report).toContain(text);
});

test('room for logs, and a storage that does not answer', async () => {
  expect(await found('storage')).toBe(none);
  await settings({ STORAGE: { folder: join(lab.root, 'shared') } });
  expect(await found('storage')).toBe(none);
  await write(join(lab.root, 'in-the-way'), '');
  await settings({ STORAGE: { folder: join(lab.root, 'in-the-way/shared') } });
  expect(await found('storage')).toMatch(/storage: .*in-the-way\/shared cannot be written to: /);
});

test('a server that does not run, is not ready, or runs', async () => {
  let status = 503;
  const http = createServer((_, response) => { response.statusCode = status; response.end(); });
  await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve); });
  const { port } = http.address() as AddressInfo;
  await write(config('lava-master'), `HTTP="127.0.0.1:${port}"\n`);
  expect(await found('server')).toContain(`server: the server at http://127.0.0.1:${port} is not ready (503)`);
  status = 200;
  expect(await found('server')).not.toContain('ERRORS');
  await sql`update leadership set leader = 'here', since = now()`.execute(lab.connection.db);
  expect(await found('server')).toBe(none);
  await new Promise((resolve) => { http.close(resolve); });
  expect(await found('server')).toContain(`server: no server answers at http://127.0.0.1:${port}: connect ECONNREFUSED`);
});
