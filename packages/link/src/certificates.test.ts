import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCertificate, parseCertificate, readCertificate, readSecretCertificate } from './certificates.ts';
import { decodeZ85, encodeZ85 } from './z85.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'lava-certificates-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A Python with pyzmq (Debian: python3-zmq), or undefined. */
const python = ['/usr/bin/python3', 'python3'].find((program) => {
  try { execFileSync(program, ['-c', 'import zmq.auth'], { stdio: 'ignore' }); return true; } catch { return false; }
});

test('a new certificate is a pair of files, the secret one for its owner only', async () => {
  const dir = join(folder(), 'certificates.d');
  const made = await createCertificate(dir, 'worker-1', { site: 'lab "A"' });
  expect(made).toEqual({ publicFile: join(dir, 'worker-1.key'), secretFile: join(dir, 'worker-1.key_secret') });
  expect(statSync(made.secretFile).mode & 0o777).toBe(0o600);
  expect(statSync(made.publicFile).mode & 0o777).toBe(0o644);
  expect((await readdir(dir)).sort()).toEqual(['worker-1.key', 'worker-1.key_secret']);
  const own = await readSecretCertificate(made.secretFile);
  const shared = await readCertificate(made.publicFile);
  expect(shared.publicKey).toBe(own.publicKey);
  expect(shared.secretKey).toBeUndefined();
  expect(shared.metadata).toEqual({ site: "lab 'A'" });
  expect(readFileSync(made.publicFile, 'utf8')).not.toContain(own.secretKey);
});

test('a certificate is never overwritten, and a bad name is refused', async () => {
  const dir = folder();
  const { secretFile } = await createCertificate(dir, 'worker');
  const before = readFileSync(secretFile, 'utf8');
  await expect(createCertificate(dir, 'worker')).rejects.toThrow('exists already');
  expect(readFileSync(secretFile, 'utf8')).toBe(before);
  for (const name of ['../x', '', '.hidden', 'a b', 'a/b']) await expect(createCertificate(dir, name)).rejects.toThrow('cannot name');
  expect((await readdir(dir)).sort()).toEqual(['worker.key', 'worker.key_secret']);
});

test('what is wrong with a certificate is said with its path', async () => {
  const dir = folder();
  await expect(readCertificate(join(dir, 'none.key'))).rejects.toMatchObject({ code: 'certificate-missing' });
  expect(() => parseCertificate('hello', 'x.key')).toThrow('x.key: no public-key');
  expect(() => parseCertificate('curve\n    public-key = "short"\n', 'x.key')).toThrow('40 Z85 characters');
  const { publicFile } = await createCertificate(dir, 'w');
  await expect(readSecretCertificate(publicFile)).rejects.toThrow('holds no secret key');
});

test('Z85 of the specification', () => {
  const bytes = Buffer.from('864fd26fb559f75b', 'hex');
  expect(encodeZ85(bytes)).toBe('HelloWorld');
  expect(decodeZ85('HelloWorld')).toEqual(bytes);
  expect(decodeZ85('Hello World')).toBeUndefined();
  expect(decodeZ85('#####')).toBeUndefined();
});

test.skipIf(!python)('pyzmq reads our certificates and we read those of pyzmq', async () => {
  const dir = folder();
  const made = await createCertificate(dir, 'ours', { site: 'here' });
  const ours = await readSecretCertificate(made.secretFile);
  const run = (code: string) => execFileSync(python ?? '', ['-c', `import zmq.auth, json, sys\n${code}`], { encoding: 'utf8' });
  const read = (path: string) => JSON.parse(run(`print(json.dumps([k and k.decode() for k in zmq.auth.load_certificate(${JSON.stringify(path)})]))`)) as string[];
  expect(read(made.secretFile)).toEqual([ours.publicKey, ours.secretKey]);
  expect(read(made.publicFile)).toEqual([ours.publicKey, null]);
  expect(run(`print(len(zmq.auth.load_certificates(${JSON.stringify(dir)})))`).trim()).toBe('1');

  run(`zmq.auth.create_certificates(${JSON.stringify(dir)}, 'theirs', metadata={'site': 'there'})`);
  const theirs = await readSecretCertificate(join(dir, 'theirs.key_secret'));
  expect([theirs.publicKey, theirs.secretKey]).toEqual(read(join(dir, 'theirs.key_secret')));
  expect(theirs.metadata).toEqual({ site: 'there' });
  expect((await readCertificate(join(dir, 'theirs.key'))).publicKey).toBe(theirs.publicKey);
});

test('a certificate with tabs, single quotes and comments is read too', () => {
  const key = '0123456789012345678901234567890123456789';
  expect(parseCertificate(`# c\r\nmetadata\r\n\tname='x'\r\ncurve\r\n\tpublic-key = '${key}'\r\n`, 'x')).toMatchObject({ publicKey: key, metadata: { name: 'x' } });
});
