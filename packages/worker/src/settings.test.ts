import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from '@lava/link';
import { expect, onTestFinished, test } from 'vitest';
import { runEnvironment } from './environment.ts';
import { workerEncryption } from './encryption.ts';
import { readSettings, type WorkerSettings } from './settings.ts';

function rootWith(file: string): string {
  const root = mkdtempSync(join(tmpdir(), 'lava-settings-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'etc/lava-dispatcher'), { recursive: true });
  writeFileSync(join(root, 'etc/lava-dispatcher/lava-slave'), file);
  return root;
}

async function read(root: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<WorkerSettings> {
  const settings = await readSettings('lava-slave', ['--root', root, ...args], env);
  if ('ask' in settings) throw new Error('only asked');
  return settings;
}

test('the shipped file with everything commented out gives the defaults, encrypted', async () => {
  const root = rootWith('# Configuration for lava-slave daemon\n\n# MASTER_URL="tcp://<lava-master-dns>:5556"\n# ENCRYPT="--encrypt"\n');
  expect(await read(root, ['--hostname', 'w'])).toMatchObject({
    master: 'tcp://localhost:5556', logger: 'tcp://localhost:5555', encrypt: true, masterCert: undefined, slaveCert: undefined, level: 'INFO', ipv6: false,
    logFile: join(root, 'var/log/lava-dispatcher/lava-slave.log'), workerDir: join(root, 'var/lib/lava/dispatcher/worker'),
  });
});

test('the file of the classic set-up is understood; variables win over it and options over both', async () => {
  const root = rootWith([
    'MASTER_URL="tcp://lava.example.org:5556"', "LOGGER_URL='tcp://lava.example.org:5555'", 'export LOGLEVEL=WARNING # quiet', 'ENCRYPT="--encrypt"',
    'MASTER_CERT="--master-cert /c/master.key"', 'SLAVE_CERT="--slave-cert /c/foo_slave_1.key_secret"', 'HOSTNAME="--hostname foo"',
  ].join('\n'));
  const fromFile = {
    master: 'tcp://lava.example.org:5556', logger: 'tcp://lava.example.org:5555', level: 'WARN', encrypt: true, masterCert: '/c/master.key', slaveCert: '/c/foo_slave_1.key_secret', hostname: 'foo',
  };
  expect(await read(root)).toMatchObject(fromFile);
  const env = { LAVA_MASTER_URL: 'tcp://b:1', LAVA_LOGLEVEL: 'DEBUG', LAVA_HOSTNAME: 'bar', LAVA_MASTER_CERT: '/d/master.key', LAVA_ENCRYPT: '--no-encrypt' };
  expect(await read(root, [], env)).toMatchObject({ ...fromFile, master: 'tcp://b:1', level: 'DEBUG', hostname: 'bar', masterCert: '/d/master.key', encrypt: false });
  expect(await read(root, ['--master', 'tcp://c:1', '--encrypt', '-l', 'error', '--slave-dir', '/s'], env)).toMatchObject({ master: 'tcp://c:1', encrypt: true, level: 'ERROR', workerDir: '/s' });
});

test('what is wrong is named with its place', async () => {
  await expect(read(rootWith('MASTER_URL="tcp://a:1"\nrm -rf /\n'))).rejects.toThrow(/lava-slave, line 2: expected NAME="value"/);
  await expect(read(rootWith(''), ['--unknown'])).rejects.toThrow('--unknown');
  await expect(read(rootWith('LOGLEVEL=LOUD'))).rejects.toThrow('no log level "LOUD"');
  await expect(read(rootWith('ENCRYPT=maybe'))).rejects.toThrow('ENCRYPT is "maybe"');
  for (const size of ['much', '20X', '-1', '1e9']) await expect(read(rootWith(`CACHE_SIZE=${size}`))).rejects.toMatchObject({ code: 'setting-cache-size', message: `CACHE_SIZE is "${size}"` });
  await expect(read(rootWith(''), ['--hostname', 'a/b'])).rejects.toThrow('"a/b" cannot name a worker');
});

test('certificates are found by name; what is missing says which command makes it', async () => {
  const root = rootWith('');
  const settings = await read(root, ['--hostname', 'w1']);
  const dir = settings.paths.certificates;
  await expect(workerEncryption(settings)).rejects.toMatchObject({ code: 'certificate-missing', hint: expect.stringContaining(`create_certificate w1 --directory ${dir}`) as string });
  await createCertificate(dir, 'slave');
  await expect(workerEncryption(settings)).rejects.toMatchObject({ hint: expect.stringContaining('Copy master.key') as string });
  await createCertificate(dir, 'master');
  expect(await workerEncryption(settings)).toMatchObject({ own: { path: join(dir, 'slave.key_secret') }, master: { path: join(dir, 'master.key') } });
  await createCertificate(dir, 'w1');
  expect(await workerEncryption(settings)).toMatchObject({ own: { path: join(dir, 'w1.key_secret') } });
  await expect(workerEncryption(await read(root, ['--hostname', 'w1', '--slave-cert', join(dir, 'w1.key')]))).rejects.toThrow('holds no secret key');
});

test('env.yaml: purge, removes and overrides', () => {
  const base = { PATH: '/bin', HOME: '/root', LAVA_LOGLEVEL: 'DEBUG' };
  expect(runEnvironment('', base)).toEqual({ PATH: '/bin', HOME: '/root' });
  expect(runEnvironment('removes: [HOME]\noverrides: {A: 1, B: yes}', base)).toEqual({ PATH: '/bin', A: '1', B: 'true' });
  expect(runEnvironment('purge: true\noverrides:\n  LANG: C\n', base)).toEqual({ LANG: 'C' });
  for (const bad of ['[1]', 'removes: HOME', 'overrides: [A]', 'overrides: {"A=B": 1}', '"', 'overrides: {A: "x\\0y"}']) expect(() => runEnvironment(bad, base)).toThrow('env.yaml of this worker');
});
