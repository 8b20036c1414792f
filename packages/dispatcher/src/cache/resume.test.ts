import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchOnce, type OneFetch } from '../testing/fetch-once.ts';
import { FileServer } from '../testing/file-server.ts';

// Downloads that break off, from a real web server that cuts connections.

const content = randomBytes(2 << 20);
const packed = execFileSync('sh', ['-c', 'xz -0'], { input: content, maxBuffer: 1 << 28 });
const after = 600_000;

let root: string;
let server: FileServer;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'lava-resume-'));
  server = await FileServer.start();
});
afterEach(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const file = () => join(root, 'file');
const job = (block: OneFetch['block'] = {}, options: Partial<OneFetch> = {}) => fetchOnce({ root, file: file(), block: { url: `${server.url}/image`, ...block }, ...options });
const isWhole = () => expect(readFileSync(file()).equals(content)).toBe(true);
/** What was asked for in ranges, and the bytes that were sent. */
const gets = () => server.asked.filter(({ method }) => method === 'GET');
const ranges = () => gets().map(({ headers }) => headers.range);
const sent = () => gets().reduce((sum, { bytes }) => sum + bytes, 0);

test.each([undefined, 'xz'])('a download that breaks goes on from there, again and again (compression %s)', async (compression) => {
  const bytes = compression ? packed : content;
  server.files.set('/image', { bytes, cut: { after, times: 3 } });
  const { failure, lines, results } = await job({ compression });
  expect(failure).toBeUndefined();
  isWhole();
  expect(results['sha256sum']).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(sent()).toBe(bytes.length);
  expect(ranges()).toEqual([undefined, `bytes=${after}-`, `bytes=${2 * after}-`, `bytes=${3 * after}-`]);
  expect(gets()[1]?.headers['if-range']).toMatch(/^".+"$/);
  expect(lines).toContain(`The connection broke after ${after} bytes; going on from there`);
});

test.each([[undefined, '1G'], ['xz', '1G'], [undefined, '0']])('the next try of the action goes on (compression %s, cache %s)', async (compression, size) => {
  const bytes = compression ? packed : content;
  server.files.set('/image', { bytes, cut: { after, times: 1 }, refuseRanges: 1 });
  const { failure, lines, results } = await job({ compression }, { tries: 2, size });
  expect(failure).toBeUndefined();
  isWhole();
  expect(results['sha256sum']).toBe(createHash('sha256').update(bytes).digest('hex'));
  // One byte is asked for twice: so there is always something to ask for.
  expect(ranges()).toEqual([undefined, `bytes=${after}-`, `bytes=${after - 1}-`]);
  expect(lines).toContain(`Going on after ${after - 1} bytes that an earlier download got`);
});

test('the next job goes on, and from the begin when the file is another by now', async () => {
  const broken = { bytes: content, refuseRanges: 1 };
  server.files.set('/image', { ...broken, cut: { after, times: 1 } });
  expect((await job()).failure).toMatchObject({ type: 'Infrastructure', code: 'download-size' });
  expect((await job()).failure).toBeUndefined();
  isWhole();
  expect(sent()).toBe(content.length + 1);

  const other = randomBytes(1 << 20);
  server.files.set('/image', { bytes: other, cut: { after, times: 1 }, refuseRanges: 1 });
  await job();
  server.asked = [];
  server.files.set('/image', { bytes: content });
  expect((await job()).failure).toBeUndefined();
  isWhole();
  expect(ranges()).toEqual([`bytes=${after - 1}-`]);
  expect(gets()[0]?.status).toBe(200);
});

test.each([
  ['a server that knows no ranges', { plain: true }],
  ['a weak ETag', { etag: 'W/"1"' }],
  ['a server that says nothing of the version', { etag: null }],
])('%s: the next try starts anew', async (_, how) => {
  server.files.set('/image', { bytes: content, cut: { after, times: 1 }, ...how });
  const { failure } = await job({}, { tries: 2 });
  expect(failure).toBeUndefined();
  isWhole();
  expect(gets().at(-1)).toMatchObject({ status: 200, bytes: content.length });
  expect(readdirSync(join(root, 'var/lib/lava/dispatcher/download-cache/parts'))).toEqual([]);
});

test('what cannot be decompressed is fetched anew', async () => {
  server.files.set('/image', { bytes: content, etag: '"same"' });
  expect((await job({ compression: 'xz' })).failure).toMatchObject({ type: 'Job', code: 'decompression' });
  server.files.set('/image', { bytes: packed, etag: '"same"' });
  expect((await job({ compression: 'xz' })).failure).toBeUndefined();
  isWhole();
});

test('two that want the same at once fetch it once', async () => {
  let go: () => void = () => undefined;
  server.files.set('/image', { bytes: content, hold: new Promise<void>((resolve) => { go = resolve; }) });
  const first = job();
  const second = job({}, { file: join(root, 'second') });
  const both = Promise.all([first, second]);
  while (server.asked.filter(({ method }) => method === 'HEAD').length < 2 || server.bodies === 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
  go();
  for (const { failure } of await both) expect(failure).toBeUndefined();
  expect(server.bodies).toBe(1);
  isWhole();
  expect(readFileSync(join(root, 'second')).equals(content)).toBe(true);
});
