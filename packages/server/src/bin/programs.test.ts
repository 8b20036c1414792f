import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { version } from '@lava/base';
import { formatRecord } from '@lava/job';
import { createCertificate, readCertificate, readSecretCertificate } from '@lava/link';
import { freePort } from '@lava/testbed';
import { FakeWorker, until } from '../link/fake-worker.ts';
import { findPostmaster } from '../store/managed/postmaster.ts';

// Many programs are started, on machines that may be busy.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
let root: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp('/tmp/lava-test-');
  await chmod(root, 0o711);
});

afterEach(async () => {
  for (const child of children.splice(0)) await stop(child, 'SIGTERM');
  // A database that a killed server left behind is taken over, and ended, by a management command.
  await manage('users', 'list');
  await rm(root, { recursive: true, force: true });
});

async function run(program: string, ...args: string[]): Promise<{ status: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(dist, program), '--root', root, ...args], { env: environment }, (error, out, err) => resolve({ status: Number(error?.code ?? 0), out, err }));
  });
}

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'DATABASE_URL' && !name.startsWith('LAVA_')));
const manage = (...args: string[]) => run('lava-server.js', 'manage', ...args);

/** Starts a server and waits until it says that it has started; the addresses of its sockets are taken from `ports`. */
async function start(program: string, args: readonly string[], logFile: string): Promise<ChildProcess> {
  const before = (await readFile(logFile, 'utf8').catch(() => '')).length;
  const child = spawn(process.execPath, [join(dist, program), ...args], { stdio: 'inherit', env: environment });
  children.push(child);
  await until(async () => {
    const text = (await readFile(logFile, 'utf8').catch(() => '')).slice(before);
    if (child.exitCode !== null) throw new Error(`${program} ended: ${text}`);
    return text.includes('LAVA dispatcher-master has started.');
  }, `${program} to start`, 30);
  return child;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill(signal);
  await ended;
}

test('management without a server: users, tokens, types, workers, devices, with the outputs scripts rely on', async () => {
  expect(await manage('pipeline-worker', '--hostname', 'w1', '--description', 'first')).toMatchObject({ status: 0, out: 'Worker w1 created\n' });
  expect(await manage('pipeline-worker', '--hostname', 'w1')).toMatchObject({ status: 2, err: 'CommandError: Worker w1 already exists\n' });
  expect(await manage('workers', 'add', 'w2', '--no-display')).toMatchObject({ status: 0 });
  expect(await manage('workers', 'add', 'w1')).toMatchObject({ status: 1, err: 'CommandError: Worker already exists with hostname w1\n' });
  const added = await manage('users', 'add', 'bob', '--email', 'b@example.org');
  expect(added.out).toMatch(/^[a-z0-9]{12}\n$/);
  expect(await manage('users', 'add', 'bob')).toMatchObject({ status: 1 });
  expect((await manage('users', 'list', '--csv')).out).toBe('username,fullname,email,staff,superuser\nbob,,b@example.org,False,False\n');
  expect((await manage('tokens', 'add', '-u', 'bob', '-d', 'ci')).out).toMatch(/^\S{32,128}\n$/);
  expect((await manage('tokens', 'list', '-u', 'bob')).out).toBe("Tokens for user 'bob':\n* 1 (ci)\n");
  await manage('device-types', 'add', 'qemu', '--alias', 'vm');
  const dictionary = join(root, 'q1.jinja2');
  await writeFile(dictionary, "{% extends 'qemu.jinja2' %}\n");
  expect(await manage('devices', 'add', 'q1', '--device-type', 'qemu', '--worker', 'w1', '--tags', 'usb', '--dictionary', dictionary)).toMatchObject({ status: 0, err: '' });
  expect(await manage('devices', 'add', 'q2', '--device-type', 'nothing', '--worker', 'w1')).toMatchObject({ status: 1, err: "CommandError: Device type 'nothing' does not exist\n" });
  expect(await manage('devices', 'check', 'q1')).toMatchObject({ status: 0, out: '* q1\n' });
  // What is odd is told, and does not fail.
  await writeFile(dictionary, "{% extends 'qemu.jinja2' %}\n{% block body %}\n{{ super() }}\nmistyped_key: 1\n{% endblock %}\n");
  await manage('devices', 'update', 'q1', '--dictionary', dictionary);
  expect(await manage('devices', 'check', 'q1')).toMatchObject({ status: 0, out: expect.stringMatching(/^\* q1\n {2}-> warning: .*mistyped_key/) });
  await writeFile(dictionary, "{% extends 'qemu.jinja2' %}\n{% if %}\n");
  await manage('devices', 'update', 'q1', '--dictionary', dictionary);
  const broken = await manage('devices', 'check', '--all');
  expect(broken.status).toBe(1);
  expect(broken.out).toMatch(/^\* q1\n {2}-> .*line 2/);
  expect(await manage('device-types', 'check', 'qemu', 'beaglebone-black')).toMatchObject({ status: 0, out: '* qemu\n* beaglebone-black\n' });
  const types = join(root, 'etc/lava-server/dispatcher-config/device-types');
  await mkdir(types, { recursive: true });
  await writeFile(join(types, 'board.jinja2'), "{% extends 'base-uboot.jinja2' %}\n{% set power_off_command = 4711 %}\n");
  expect(await manage('device-types', 'check')).toMatchObject({ status: 1, err: 'CommandError: 1 of 1 device types cannot be used\n', out: expect.stringMatching(/^\* board\n {2}-> .*commands\.power_off must be a command.*\n {5}at board\.jinja2:2:\d+\n/) });
  await rm(join(types, 'board.jinja2'));
  expect((await manage('devices', 'list')).out).toBe('Available devices:\n* q1 (qemu) Idle, Good\n');
  expect((await manage('workers', 'maintenance', 'w1')).out).toContain('* q1');
  expect((await manage('devices', 'list', '--csv')).out).toBe('hostname,device-type,state,health\nq1,qemu,Idle,Maintenance\n');
  expect((await manage('workers', 'active', 'w1')).out).toContain('* q1');
  expect((await manage('devices', 'list', '--csv')).out).toContain('q1,qemu,Idle,Unknown');
  expect((await manage('workers', 'list')).out).toBe('Workers:\n* w1 (1 devices)\n* w2 (0 devices) disabled\n');
  expect(await findPostmaster(join(root, 'var/lib/lava-server/postgresql/data'))).toBeUndefined();
});

test('lava-master reads its file of shell variables, makes its certificate and logs what admins look for', async () => {
  const [control, log, http] = await Promise.all([freePort(), freePort(), freePort()]);
  await mkdir(join(root, 'etc/lava-server'), { recursive: true });
  await writeFile(join(root, 'etc/lava-server/lava-master'), `# classic\nMASTER_SOCKET="--master-socket tcp://127.0.0.1:${control}"\nLOG_SOCKET="--log-socket tcp://127.0.0.1:${log}"\nLOGLEVEL="DEBUG"\nENCRYPT="--encrypt"\nHTTP="--http 127.0.0.1:${http}"\n`);
  const logFile = join(root, 'var/log/lava-server/lava-master.log');
  const master = await start('lava-master.js', ['--root', root], logFile);
  const certificates = join(root, 'etc/lava-dispatcher/certificates.d');
  const text = await readFile(logFile, 'utf8');
  expect(text.match(/(Starting encryption|Opening master certificate: .*|Using slaves certificates from: .*|\[INIT\] LAVA dispatcher-master has started\.)$/gm)).toEqual([
    'Starting encryption', `Opening master certificate: ${certificates}/master.key_secret`, `Using slaves certificates from: ${certificates}`, '[INIT] LAVA dispatcher-master has started.',
  ]);
  expect(await (await fetch(`http://127.0.0.1:${http}/healthz`)).json()).toEqual({ health: 'good' });
  // Management works beside the running server, and its database stays.
  expect(await manage('workers', 'add', 'w1')).toMatchObject({ status: 0 });
  expect(await (await fetch(`http://127.0.0.1:${http}/healthz`)).json()).toEqual({ health: 'good' });
  await stop(master, 'SIGTERM');
  expect(master.exitCode).toBe(0);
  expect(await findPostmaster(join(root, 'var/lib/lava-server/postgresql/data'))).toBeUndefined();
});

test('plain connections are taken from this machine only', async () => {
  const refused = await run('lava-master.js', '--no-encrypt', '--master-socket', 'tcp://*:0', '--http', 'none', '--log-file', '-');
  expect(refused.status).toBe(1);
  expect(refused.out).toContain('not a loopback address');
});

test('the server is killed in the middle of a job: the next one takes over the database and every line is there once', async () => {
  const [control, log] = await Promise.all([freePort(), freePort()]);
  const addresses = { control: `tcp://127.0.0.1:${control}`, log: `tcp://127.0.0.1:${log}` };
  const certificates = join(root, 'etc/lava-dispatcher/certificates.d');
  const worker1 = await createCertificate(join(root, 'worker'), 'w1');
  await mkdir(certificates, { recursive: true });
  await copyFile(worker1.publicFile, join(certificates, 'w1.key'));
  await manage('users', 'add', 'bob', '--superuser');
  const token = (await manage('tokens', 'add', '-u', 'bob')).out.trim();
  await manage('workers', 'add', 'w1');
  await manage('device-types', 'add', 'qemu');
  const dictionary = join(root, 'q1.jinja2');
  await writeFile(dictionary, "{% extends 'qemu.jinja2' %}\n");
  await manage('devices', 'add', 'q1', '--device-type', 'qemu', '--worker', 'w1', '--dictionary', dictionary);

  const http = await freePort();
  const logFile = join(root, 'server.log');
  const args = ['--root', root, 'run', '--master-socket', addresses.control, '--log-socket', addresses.log, '--http', `127.0.0.1:${http}`, '--log-file', logFile];
  const ask = (path: string, definition?: string) => fetch(`http://127.0.0.1:${http}/api/v1${path}`, {
    headers: { authorization: `Token ${token}`, ...(definition && { 'content-type': 'application/json' }) }, ...(definition && { method: 'POST', body: JSON.stringify({ definition }) }),
  });
  const first = await start('lava-server.js', args, logFile);
  const worker = new FakeWorker('w1', addresses, { own: await readSecretCertificate(worker1.secretFile), master: await readCertificate(join(certificates, 'master.key')) });
  try {
    await worker.connected();
    const submitted = await ask('/jobs', 'job_name: a test\ndevice_type: qemu\nvisibility: public\ntimeouts: {job: {minutes: 5}}\ncontext: {arch: amd64}\nactions: []\n');
    const { job_ids: [job] } = await submitted.json() as { job_ids: number[] };
    const begun = await worker.started(job!);
    expect(begun.files['device.yaml']).toContain('qemu-system-x86_64');
    worker.accept(begun);
    const lines = Array.from({ length: 200 }, (_, n) => formatRecord('target', `line ${n} of ${version}`));
    await worker.log(begun, 0, lines.slice(0, 100));
    const database = (await findPostmaster(join(root, 'var/lib/lava-server/postgresql/data')))!.pid;
    const { sessions } = worker;
    await stop(first, 'SIGKILL');
    await start('lava-server.js', args, logFile);
    expect((await findPostmaster(join(root, 'var/lib/lava-server/postgresql/data')))!.pid).toBe(database);
    await until(() => worker.sessions > sessions, 'a new session', 40);
    expect(await worker.log(begun, 0, lines)).toMatchObject({ type: 'LOG_OK', lines: 200 });
    await worker.end(begun, { logLines: 200 });
    const shown = await (await ask(`/jobs/${job}`)).json() as { state: string; health: string; log_lines: number };
    expect(shown).toMatchObject({ state: 'Finished', health: 'Complete', log_lines: 200 });
    const records = (await (await ask(`/jobs/${job}/log`)).text()).trim().split('\n').map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(records).toEqual(lines.map((_, n) => `line ${n} of ${version}`));
  } finally {
    await worker.close();
  }
});
