import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeServer, project, waitUntil } from '@lava/testbed';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A worker needs the worker part only: its packed tarball, installed into an empty folder, runs a job.

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lava-packed-')));
const bin = (name: string) => join(folder, 'node_modules/.bin', name);

/** Environment without what npm set for the project's own test run. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && name !== 'NODE_PATH'));
const npm = (args: readonly string[], cwd: string) => execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  const packed = JSON.parse(npm(['pack', '--json', '--silent', '--pack-destination', folder], join(project, 'packages/worker'))) as { filename: string }[];
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, packed[0]?.filename ?? '')], folder);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package brings everything its programs import, and no part of the server', () => {
  const installed = join(folder, 'node_modules/@lava/worker');
  const { dependencies, bin: bins } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<'dependencies' | 'bin', Record<string, string>>;
  // Only what the programs reach: a development tree may hold chunks of earlier builds.
  const imported = new Set<string>();
  const reached = new Set(Object.values(bins).map((file) => join(installed, file)));
  for (const file of reached) {
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/(?:^import|\bfrom) "([^"]+)";$/gm)) {
      if (name.startsWith('.')) reached.add(join(file, '..', name)); else imported.add(name);
    }
  }
  const packages = [...imported].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  expect(packages.length).toBeGreaterThan(0);
  expect(Object.keys(dependencies).sort()).toEqual(expect.arrayContaining(packages.map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/'))));
  expect(readdirSync(join(folder, 'node_modules/@lava'))).toEqual(['worker']);
  for (const name of ['pg', 'kysely', 'fastify', 'react']) expect(readdirSync(join(folder, 'node_modules'))).not.toContain(name);
});

test('its programs run', () => {
  for (const name of ['lava-worker', 'lava-slave', 'lava-run', 'create_certificate']) {
    expect(execFileSync(bin(name), ['--help'], { env, encoding: 'utf8' })).toContain(`usage: ${name}`);
  }
});

const device = `
hostname: local
commands: {connect: sh -i, hard_reset: 'true', power_off: 'true'}
constants: {failure_retry: 1, boot_retry: 1, deploy_retry: 1, shutdown-message: x, kernel-start-message: '', default-shell-prompt: '# '}
timeouts: {actions: {}, connections: {}}
actions:
  deploy: {methods: {}}
  boot: {methods: {minimal: {}}, connections: {serial: null}}
`;
const definition = `
job_name: a shell as the device
device_type: local
priority: medium
visibility: public
timeouts: {job: {minutes: 2}, action: {minutes: 1}, connection: {minutes: 1}}
actions:
- boot: {method: minimal, prompts: ['# ']}
- test:
    interactive:
    - {name: hello, prompts: ['# '], script: [{command: echo alone, name: one}]}
`;

test('it runs a job', async () => {
  const root = join(folder, 'root');
  const certificates = join(root, 'etc/lava-dispatcher/certificates.d');
  const admitted = join(folder, 'server');
  execFileSync(bin('create_certificate'), ['--directory', admitted, 'master'], { env });
  execFileSync(bin('create_certificate'), ['--root', root, 'packed'], { env });
  copyFileSync(join(admitted, 'master.key'), join(certificates, 'master.key'));
  copyFileSync(join(certificates, 'packed.key'), join(admitted, 'packed.key'));
  mkdirSync(join(folder, 'stored'));
  const server = await FakeServer.open({ folder: join(folder, 'stored'), encryption: { certificate: join(admitted, 'master.key_secret'), directory: admitted } });
  const { control, log } = server.endpoint.addresses;
  writeFileSync(join(root, 'etc/lava-dispatcher/lava-slave'), `# Settings as LAVA's own\nMASTER_URL="${control}"\nLOGGER_URL="${log}"\nHOSTNAME="--hostname packed"\nLOGLEVEL=DEBUG\n`);
  const worker = spawn(bin('lava-slave'), ['--root', root], { env, stdio: 'ignore', cwd: folder });
  try {
    await waitUntil('the worker to be online', () => server.connected('packed'));
    const ref = { job: 1, fence: 1 };
    server.start('packed', ref, { 'job.yaml': definition, 'device.yaml': device });
    expect(await waitUntil('the end of the job', () => server.end(ref))).toMatchObject({ result: 'pass', errorType: '', poweredOff: true });
    expect(server.records(ref).filter((r) => r.includes('"definition": "0_hello", "case": "one", "result": "pass"'))).toHaveLength(1);
    expect(readFileSync(join(root, 'var/log/lava-dispatcher/lava-slave.log'), 'utf8')).toContain('Connection with the master established');
  } finally {
    const gone = new Promise((resolve) => { worker.once('exit', resolve); });
    worker.kill('SIGTERM');
    await gone;
    await server.close();
  }
});
