import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchOnce, type OneFetch } from '../testing/fetch-once.ts';
import { FileServer } from '../testing/file-server.ts';
import { clearTally, readTally } from './tally.ts';

// The cache as jobs meet it, with a real web server that counts what it is asked.

const content = randomBytes(2 << 20);
const other = randomBytes(1 << 20);
const sum = (bytes: Buffer, algorithm = 'sha256') => createHash(algorithm).update(bytes).digest('hex');
const fromCache = expect.stringMatching(/^\d+ MB taken from the cache of this worker in \d+\.\d\d s$/);

let root: string;
let server: FileServer;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'lava-cache-'));
  server = await FileServer.start();
});
afterEach(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const file = () => join(root, 'file');
const fetched = () => readFileSync(file());
const inCache = () => join(root, 'var/lib/lava/dispatcher/download-cache');
const kept = () => readdirSync(join(inCache(), 'files'));
const job = (path: string, block: OneFetch['block'] = {}, options: Partial<OneFetch> = {}) => fetchOnce({ root, file: file(), block: { url: `${server.url}${path}`, ...block }, ...options });

test('a checksum in the definition needs no second request, even when the server is gone', async () => {
  server.files.set('/image', { bytes: content, etag: null });
  const sums = { sha256sum: sum(content).toUpperCase() };
  expect(await job('/image', sums)).toMatchObject({ problems: [], failure: undefined });
  await server.stop();
  const again = await job('/image', sums);
  expect(again).toMatchObject({ problems: [], failure: undefined, results: { size: content.length, sha256sum: sum(content) } });
  expect(again.lines).toContainEqual(fromCache);
  expect(again.lines).toContain(`'${server.url}/image' is in the cache of this worker`);
  expect(fetched().equals(content)).toBe(true);
  // The content counts, wherever it is.
  expect(await job('/elsewhere', sums)).toMatchObject({ problems: [], failure: undefined });
  expect(await readTally(inCache())).toEqual({ hits: 2, misses: 1 });
  await clearTally(inCache());
  expect(await readTally(inCache())).toEqual({ hits: 0, misses: 0 });
});

test('without a checksum the server is asked whether the file has changed', async () => {
  server.files.set('/image', { bytes: content });
  await job('/image');
  const again = await job('/image');
  expect(again.failure).toBeUndefined();
  expect(again.lines).toContain('Using the cache of this worker: its server says that it is unchanged');
  expect(server.bodies).toBe(1);
  expect(server.asked.at(-1)?.status).toBe(304);

  server.files.set('/image', { bytes: other });
  await job('/image');
  expect(fetched().equals(other)).toBe(true);
  expect(server.bodies).toBe(2);

  // What the job says of the content is stronger than what a server says of its file.
  server.files.set('/image', { bytes: content, etag: `"${sum(other, 'md5')}"` });
  const stronger = await job('/image', { sha512sum: sum(content, 'sha512') });
  expect(stronger.failure).toBeUndefined();
  expect(fetched().equals(content)).toBe(true);
});

test('a time of change will do; without either, or if the server forbids it, nothing is kept', async () => {
  const modified = 'Sun, 06 Nov 1994 08:49:37 GMT';
  server.files.set('/dated', { bytes: content, etag: null, modified });
  await job('/dated');
  expect((await job('/dated')).lines).toContainEqual(fromCache);
  for (const more of [{ etag: null }, { headers: { 'cache-control': 'private, no-store' } }]) {
    server.files.set('/never', { bytes: other, ...more });
    server.asked = [];
    await job('/never');
    await job('/never');
    expect(server.bodies).toBe(2);
    expect(fetched().equals(other)).toBe(true);
  }
  expect(kept()).toEqual([`${sum(content)}.raw`]);
  expect(readdirSync(join(inCache(), 'parts'))).toEqual([]);
});

test.each([['gz', 'gzip'], ['bz2', 'bzip2'], ['xz', 'xz -0'], ['zstd', 'zstd -q']])('%s is neither fetched nor decompressed twice', async (compression, program) => {
  const plain = Buffer.concat([content, Buffer.alloc(1 << 20)]);
  const packed = execFileSync('sh', ['-c', program], { input: plain, maxBuffer: 1 << 28 });
  server.files.set('/image.x', { bytes: packed });
  for (const way of ['', 'cached']) {
    const { failure, results, lines } = await job('/image.x', { compression });
    expect(failure).toBeUndefined();
    expect(results).toMatchObject({ size: packed.length, sha256sum: sum(packed) });
    expect(lines.some((line) => line.includes('taken from the cache'))).toBe(way === 'cached');
    expect(fetched().equals(plain)).toBe(true);
  }
  expect(kept()).toEqual([`${sum(packed)}.${compression}`]);
  // The same file as it comes is another one.
  await job('/image.x', { compression }, { label: 'ramdisk' });
  expect(fetched().equals(packed)).toBe(true);
});

test('a compressed file of the worker is decompressed once, and one that is used as it is not copied into the cache', async () => {
  const source = join(root, 'source.gz');
  writeFileSync(source, gzipSync(content));
  await job('', { url: `file://${source}`, compression: 'gz' });
  expect((await job('', { url: `file://${source}`, compression: 'gz' })).lines).toContainEqual(fromCache);
  writeFileSync(source, gzipSync(other));
  await job('', { url: `file://${source}`, compression: 'gz' });
  expect(fetched().equals(other)).toBe(true);
  const before = kept();
  await job('', { url: `file://${source}` });
  expect(kept()).toEqual(before);
});

test('files that were asked for with secrets are given to nobody without them', async () => {
  server.files.set('/private', { bytes: content, secret: 'open' });
  const block = { sha256sum: sum(content) };
  const open = { headers: { 'X-Secret': 'open' } };
  expect((await job('/private', { ...block, ...open })).failure).toBeUndefined();
  server.asked = [];
  expect((await job('/private', block)).problems).toEqual([`Resource unavailable at '${server.url}/private' (401)`]);
  expect((await job('/private', { ...block, headers: { 'X-Secret': 'guess' } })).problems).toHaveLength(1);
  server.asked = [];
  expect((await job('/private', { ...block, ...open })).lines).toContainEqual(fromCache);
  expect(server.asked).toEqual([]);
  // What anybody may have, also who has secrets may have.
  server.files.set('/public', { bytes: other });
  await job('/public', { sha256sum: sum(other) });
  expect((await job('/public', { sha256sum: sum(other), ...open })).lines).toContainEqual(fromCache);
  // A secret of the job within the address counts, too.
  const key = { secrets: { key: 'k3y' } };
  server.files.set('/by-key?k3y', { bytes: Buffer.from('mine') });
  await job('/by-key?k3y', { sha256sum: sum(Buffer.from('mine')) }, key);
  expect((await job('/by-key?none', { sha256sum: sum(Buffer.from('mine')) })).problems).toHaveLength(1);
  expect((await job('/by-key?k3y', { sha256sum: sum(Buffer.from('mine')) }, key)).lines).toContainEqual(fromCache);
  for (const name of readdirSync(join(inCache(), 'names'))) expect(readFileSync(join(inCache(), 'names', name), 'utf8')).not.toMatch(/open|k3y/);
  expect(statSync(inCache()).mode & 0o777).toBe(0o700);
});

test('what a job does to its copy stays there; what it does to a file that it said to read is noticed', async () => {
  server.files.set('/image', { bytes: content });
  await job('/image');
  appendFileSync(file(), 'mine');
  expect(statSync(file()).nlink).toBe(1);
  await job('/image');
  expect(fetched().equals(content)).toBe(true);

  await job('/image', {}, { reads: true });
  expect(statSync(file()).nlink).toBe(2);
  appendFileSync(file(), 'broken');
  server.asked = [];
  await job('/image');
  expect(fetched().equals(content)).toBe(true);
  expect(server.bodies).toBe(1);
});

test('a file with another checksum than the job says is not kept', async () => {
  server.files.set('/image', { bytes: content });
  expect((await job('/image', { sha256sum: sum(other) })).failure).toMatchObject({ type: 'Job', code: 'download-checksum' });
  expect(kept()).toEqual([]);
  server.asked = [];
  expect((await job('/image')).failure).toBeUndefined();
  expect(server.bodies).toBe(1);
});

test('what was not used for longest goes first, and never what a job uses', async () => {
  const files = Array.from({ length: 5 }, () => randomBytes(1 << 20));
  for (const [n, bytes] of files.entries()) server.files.set(`/${n}`, { bytes });
  const names = (...numbers: number[]) => numbers.map((n) => `${sum(files[n]!)}.raw`).sort();
  for (const n of [0, 1, 2]) await job(`/${n}`, {}, { size: '3500K' });
  expect(kept().sort()).toEqual(names(0, 1, 2));
  await job('/0', {}, { size: '3500K' });
  const used = join(root, 'used');
  linkSync(join(inCache(), 'files', names(1)[0]!), used);
  await job('/3', {}, { size: '3500K' });
  expect(kept().sort()).toEqual(names(0, 1, 3));
  rmSync(used);
  await job('/4', {}, { size: '3500K' });
  expect(kept().sort()).toEqual(names(0, 3, 4));
  // One that is bigger than all of the cache drives nothing out.
  server.files.set('/big', { bytes: Buffer.concat(files) });
  expect((await job('/big', {}, { size: '3500K' })).failure).toBeUndefined();
  expect(kept().sort()).toEqual(names(0, 3, 4));
});

test('without a cache nothing is kept, and a broken download goes on in the next try all the same', async () => {
  server.files.set('/image', { bytes: content });
  for (let n = 0; n < 2; n += 1) expect((await job('/image', {}, { size: '0' })).failure).toBeUndefined();
  expect(server.bodies).toBe(2);
  expect(existsSync(inCache())).toBe(false);
  await job('/image');
  server.asked = [];
  await job('/image', { use_cache: false });
  expect(server.bodies).toBe(1);
});
