import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { JobCanceled } from '@lava/base';
import type { LogRecord, Mapping } from '@lava/job';
import { runTestAction, testAction } from '../testing/test-action.ts';
import { Transfer, transferName } from './transfer.ts';

let folder: string;
let server: Server;
let base: string;
/** What the server has been asked, and how it answers: by path. */
let asked: { method: string; path: string; headers: IncomingMessage['headers'] }[] = [];
const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
const content = randomBytes(3 << 20);
const sum = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lava-transfer-'));
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ method: request.method ?? '', path, headers: request.headers });
    const answer = answers.get(path);
    if (answer) answer(request, response);
    else response.writeHead(404).end('not here');
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => { asked = []; answers.clear(); });

const send = (bytes: Buffer) => (_request: IncomingMessage, response: ServerResponse) => { response.writeHead(200, { 'content-length': bytes.length }).end(bytes); };

/** Fetches as the action does. */
async function fetch(block: Mapping, options: { label?: string; dispatcher?: Mapping; device?: Mapping; ahead?: boolean } = {}) {
  const records: LogRecord[] = [];
  const transfer = new Transfer({ label: options.label ?? 'image', block });
  const file = join(folder, 'target', 'file');
  rmSync(join(folder, 'target'), { recursive: true, force: true });
  const a = testAction(folder, {
    records, context: { ...(options.dispatcher && { dispatcher: options.dispatcher }), ...(options.device && { device: options.device }) },
    spec: { name: 'http-download', summary: 'download', validate: (action) => transfer.validate(action), run: async (action) => { await transfer.run(action, file); } },
  });
  await a.spec.validate?.(a);
  if (options.ahead) transfer.start(a.job, file, a.signal);
  const problems = [...a.errors];
  const failure = problems.length > 0 ? undefined : await runTestAction(a).then(() => undefined, (error: unknown) => error);
  return { file, problems, failure, results: a.results, lines: records.filter((record) => typeof record.msg === 'string').map((record) => record.msg as string) };
}

test('a file comes, hashed, with LAVA\'s lines', async () => {
  answers.set('/dir/kernel.bin?x=1', send(content));
  const { file, failure, results, lines } = await fetch({ url: `${base}/dir/kernel.bin?x=1`, headers: { 'PRIVATE-TOKEN': 'tok' } });
  expect(failure).toBeUndefined();
  expect(readFileSync(file).equals(content)).toBe(true);
  expect(results).toEqual({ label: 'image', size: content.length, sha256sum: sum('sha256', content) });
  expect(asked.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  expect(asked[1]?.headers).toMatchObject({ 'private-token': 'tok', 'accept-encoding': 'identity' });
  expect(lines.filter((line) => !/^(start|end|progress)/.test(line))).toEqual([
    `Validating that ${base}/dir/kernel.bin?x=1 exists`, `downloading ${base}/dir/kernel.bin?x=1`, `saving as ${file}`, 'total size: 3145728 (3 MB)', 'No compression specified',
    expect.stringMatching(/^3 MB downloaded in \d+\.\d\d s \(\d+\.\d\d MB\/s\)$/),
  ]);
  expect(lines).toContain('progress 100 % (3 MB)');
});

test('checksums are compared with the bytes as they came', async () => {
  const packed = gzipSync(content);
  answers.set('/image.gz', send(packed));
  const good = await fetch({ url: `${base}/image.gz`, compression: 'gz', md5sum: sum('md5', packed), sha512sum: sum('sha512', packed).toUpperCase() });
  expect(good.failure).toBeUndefined();
  expect(good.results).toEqual({ label: 'image', size: packed.length, md5sum: sum('md5', packed), sha256sum: sum('sha256', packed), sha512sum: sum('sha512', packed) });
  expect(readFileSync(good.file).equals(content)).toBe(true);

  const bad = await fetch({ url: `${base}/image.gz`, compression: 'gz', sha256sum: sum('sha256', content) });
  expect(bad.failure).toMatchObject({ type: 'Job', code: 'download-checksum', message: `sha256sum for '${base}/image.gz' does not match.` });
});

test.each([['gz', 'gzip', 'gunzip'], ['bz2', 'bzip2', 'bunzip2'], ['xz', 'xz -0', 'unxz'], ['zstd', 'zstd -q', 'unzstd']])('%s is undone on the way', async (compression, program, name) => {
  const packed = execFileSync('sh', ['-c', program], { input: content, maxBuffer: 1 << 28 });
  answers.set('/image', send(packed));
  const { file, failure, lines } = await fetch({ url: `${base}/image`, compression });
  expect(failure).toBeUndefined();
  expect(readFileSync(file).equals(content)).toBe(true);
  expect(lines).toContain(`Using ${name} to decompress ${compression}`);

  answers.set('/wrong', send(content));
  const wrong = await fetch({ url: `${base}/wrong`, compression });
  expect(wrong.failure).toMatchObject({ type: 'Job', code: 'decompression', message: expect.stringMatching(/^Decompression subprocess exited with non-zero code: ./) });
  expect(wrong.lines.some((line) => line.includes("'compression' of 'image' must match the file"))).toBe(true);
});

test('a ramdisk stays as it is', async () => {
  const packed = gzipSync(content);
  answers.set('/r.gz', send(packed));
  const { file, lines } = await fetch({ url: `${base}/r.gz`, compression: 'gz' }, { label: 'ramdisk' });
  expect(readFileSync(file).equals(packed)).toBe(true);
  expect(lines).toContain('Not decompressing ramdisk as can be used compressed.');
});

test('what is not there is told before the job starts', async () => {
  expect((await fetch({ url: `${base}/missing` })).problems).toEqual([`Resource unavailable at '${base}/missing' (404)`]);
  expect((await fetch({ url: `file://${folder}/missing` })).problems).toEqual([`Image file '${folder}/missing' does not exist or is not readable`]);
  expect((await fetch({ url: 'http://127.0.0.1:1/x' })).problems).toEqual(["Unable to get 'http://127.0.0.1:1/x': connect ECONNREFUSED 127.0.0.1:1"]);
  await expect(fetch({ url: 'ftp://host/file' })).rejects.toMatchObject({ type: 'Job', message: 'Unsupported url protocol scheme: ftp' });
  await expect(fetch({ url: `${base}/folder/` })).rejects.toThrow('Cannot download a directory for image');
  answers.set('/x', send(content));
  expect((await fetch({ url: `${base}/x`, compression: 'rar', archive: 'zip' })).problems).toEqual(["Unknown 'compression' format 'rar'", "Unknown 'archive' format 'zip'"]);
}, 120_000);

test('it disappears between the check and the download', async () => {
  answers.set('/x', (request, response) => { response.writeHead(request.method === 'HEAD' ? 200 : 403).end(); });
  expect((await fetch({ url: `${base}/x` })).failure).toMatchObject({ type: 'Infrastructure', code: 'download-403', message: `Unable to download '${base}/x'` });
});

test('a server that knows no HEAD, one that is busy, and one that sends elsewhere', async () => {
  answers.set('/nohead', (request, response) => { if (request.method === 'HEAD') response.writeHead(405).end(); else send(content)(request, response); });
  const noHead = await fetch({ url: `${base}/nohead` });
  expect(noHead.failure).toBeUndefined();
  expect(noHead.lines).toContain('Using GET because HEAD is not supported properly');

  let busy = 2;
  answers.set('/busy', (request, response) => {
    busy -= 1;
    if (busy >= 0) response.writeHead(503).end();
    else send(content)(request, response);
  });
  expect((await fetch({ url: `${base}/busy` })).failure).toBeUndefined();

  answers.set('/moved', (_request, response) => { response.writeHead(302, { location: '/nohead' }).end(); });
  const moved = await fetch({ url: `${base}/moved` });
  expect(moved.failure).toBeUndefined();
  expect(readFileSync(moved.file).equals(content)).toBe(true);
});

test.each([undefined, 'gz', 'xz'])('a download that is cut off (compression %s)', async (compression) => {
  const start = (compression === 'gz' ? gzipSync(content) : compression === 'xz' ? execFileSync('sh', ['-c', 'xz -0'], { input: content, maxBuffer: 1 << 28 }) : content).subarray(0, 1000);
  answers.set('/short', (request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    if (request.method === 'HEAD') response.end();
    else response.write(start, () => response.destroy());
  });
  expect((await fetch({ url: `${base}/short`, compression })).failure).toMatchObject({
    type: 'Infrastructure', message: `Download finished (1000 bytes) but was not expected size (${content.length} bytes), check your networking.`,
  });
});

test('a size that nobody tells', async () => {
  answers.set('/unknown', (_request, response) => { response.writeHead(200); response.write(content); response.end(); });
  const { failure, lines, results } = await fetch({ url: `${base}/unknown` });
  expect(failure).toBeUndefined();
  expect(lines).toContain('total size: unknown');
  expect(results['size']).toBe(content.length);
});

test('a caching proxy of the worker', async () => {
  const dispatcher = { http_url_format_string: `${base}/cache?uri=%s`, http_cache_fallback_origin_url: true };
  answers.set('/origin', send(content));
  const cached = `/cache?uri=${encodeURIComponent(`${base}/origin`)}`;
  answers.set(cached, send(content));
  const used = await fetch({ url: `${base}/origin` }, { dispatcher });
  expect(used.failure).toBeUndefined();
  expect(new Set(asked.map(({ path }) => path))).toEqual(new Set([cached]));
  expect(used.lines).toContain(`Using caching service: '${base}/cache?uri=%s'`);

  answers.delete(cached);
  asked = [];
  const fallback = await fetch({ url: `${base}/origin` }, { dispatcher });
  expect(fallback.failure).toBeUndefined();
  expect(asked.at(-1)?.path).toBe('/origin');

  asked = [];
  await fetch({ url: `${base}/origin`, use_cache: false }, { dispatcher });
  await fetch({ url: `${base}/origin` }, { dispatcher: { ...dispatcher, http_cache_exclude_rules: ['/orig.n$'] } });
  expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(['/origin']));
  expect((await fetch({ url: `${base}/origin` }, { dispatcher: { http_url_format_string: 'http://cache/' } })).problems).toEqual(["Invalid http_url_format_string: 'http://cache/'"]);
});

test('credentials of an address go into a header', async () => {
  answers.set('/private', (request, response) => {
    if (request.headers.authorization === `Basic ${Buffer.from('us er:p@ss').toString('base64')}`) send(content)(request, response);
    else response.writeHead(401).end();
  });
  expect((await fetch({ url: `${base.replace('//', '//us%20er:p%40ss@')}/private` })).failure).toBeUndefined();
  expect((await fetch({ url: 'http://:80:80/x' })).problems).toEqual([expect.stringMatching(/^Unable to get 'http:\/\/:80:80\/x'/)]);
});

test('files of the worker, with values of the device in the address', async () => {
  writeFileSync(join(folder, 'rootfs-board7'), content);
  const { file, failure } = await fetch({ url: `file://${folder}/rootfs-{name}` }, { device: { static_info: [{ name: 'board7' }] }, ahead: true });
  expect(failure).toBeUndefined();
  expect(readFileSync(file).equals(content)).toBe(true);
});

test('the end of the action ends the download', async () => {
  answers.set('/endless', (request, response) => { response.writeHead(200); if (request.method === 'HEAD') response.end(); else response.write('x'); });
  const transfer = new Transfer({ label: 'image', block: { url: `${base}/endless` } });
  const file = join(folder, 'endless');
  const a = testAction(folder, { spec: { name: 'http-download', summary: 'download', run: async (action) => { await transfer.run(action, file); } } });
  const running = runTestAction(a);
  const closed = new Promise((resolve) => { server.once('request', (_request, response: ServerResponse) => response.once('close', resolve)); });
  while (!existsSync(file)) await new Promise((resolve) => { setTimeout(resolve, 20); });
  a.abort(new JobCanceled('The job was canceled'));
  await expect(running).rejects.toThrow('The job was canceled');
  await closed;
});

test('names of files', () => {
  expect(transferName('http://h/a/foo.tar.gz?x=/y', 'gz')).toBe('foo.tar');
  expect(transferName('http://h/a/foo.tar.gz#z', undefined)).toBe('foo.tar.gz');
  expect(transferName('file:///a/Image', 'gz')).toBe('Image');
});
