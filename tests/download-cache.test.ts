import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clear } from '@lava/dispatcher/cache';
import { programFile, project, waitUntil, type GuestImage, type LavaSystem } from '@lava/testbed';
import type { OneFetch } from '../packages/dispatcher/src/testing/fetch-once.ts';
import { FileServer } from '../packages/dispatcher/src/testing/file-server.ts';
import { guest, ramdiskJob } from './support/jobs.ts';
import { finished, log, startSystem, stopSystem, submit } from './support/system.ts';

// Downloads that the jobs of a worker share: whole jobs, and processes that are killed at any time.

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('a second job with the same files', () => {
  let system: LavaSystem;
  let server: FileServer;
  let image: GuestImage;
  beforeAll(async () => {
    image = await guest();
    server = await FileServer.start();
    for (const file of [image.kernel, image.ramdisk]) server.files.set(`/${basename(file)}`, { bytes: readFileSync(file) });
    system = await startSystem();
    system.startWorker('w1');
  }, 120_000);
  afterAll(async () => {
    await server.stop();
    await stopSystem(system);
  });

  async function run(): Promise<string[]> {
    server.asked = [];
    // The kernel by its checksum, the ramdisk by its address. Files are put into the ramdisk where it lies.
    const definition = ramdiskJob(image, ['true']).replaceAll(`file://${image.folder}`, server.url)
      .replace(`"url": "${server.url}/${basename(image.kernel)}"`, (url) => `${url}, "sha256sum": "${sha256(readFileSync(image.kernel))}"`);
    const id = await submit(system, definition);
    expect(await finished(system, id)).toMatchObject({ health: 'Complete', error_msg: null });
    return (await log(system, id)).map(({ msg }) => String(msg));
  }

  test('downloads nothing, and passes', async () => {
    expect((await run()).filter((line) => line.includes('taken from the cache'))).toEqual([]);
    expect(server.bodies).toBe(2);
    const lines = await run();
    expect(lines.filter((line) => /^\d+ MB taken from the cache of this worker in /.test(line))).toHaveLength(2);
    expect(server.bodies).toBe(0);
    expect(server.asked.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([`HEAD /${basename(image.ramdisk)} 200`, `GET /${basename(image.ramdisk)} 304`]);
  }, 300_000);

  test('lava-worker cache shows and clears it', async () => {
    const cache = (...args: string[]) => output(programFile({ package: 'worker', name: 'lava-worker' }), 'cache', '--root', system.root, ...args);
    const shown = await cache('--cache-size', '2G');
    expect(shown).toMatch(/^\S+\/var\/lib\/lava\/dispatcher\/download-cache: \d+\.\d MiB of 2\.0 GiB, 2 files\n/);
    expect(shown).toContain(`${server.url}/${basename(image.kernel)}`);
    expect(await cache('--clear')).toMatch(/: \d+\.\d MiB removed, 0 B in use\n$/);
    expect(await cache()).toMatch(/: 0 B of \d+\.\d GiB, 0 files\n$/);
    expect(await cache('--help')).toContain('--clear');
  });
});

async function output(...argv: string[]): Promise<string> {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => { text += more; });
  await once(child, 'close');
  return text;
}

describe('many processes', () => {
  const plain = Array.from({ length: 4 }, (_, n) => randomBytes(700_000 + n * 400_000));
  let root: string;
  let server: FileServer;
  let program: string;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'lava-cache-'));
    server = await FileServer.start();
    for (const [n, bytes] of plain.entries()) server.files.set(`/${n}`, { bytes: n % 2 === 0 ? bytes : gzipSync(bytes), cut: { after: 300_000, times: 5 }, pauseMs: 15 });
    // Beside the packages: so it finds what they need.
    program = join(project, 'packages/testbed/dist/fetch-once.mjs');
    await build({
      stdin: { contents: "import { fetchOnce } from './fetch-once.ts'; const { failure, problems } = await fetchOnce(JSON.parse(process.argv[2])); process.exit(failure || problems.length ? 1 : 0);", resolveDir: join(project, 'packages/dispatcher/src/testing') },
      outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning',
      plugins: [{ name: 'packages', setup: (b) => b.onResolve({ filter: /^[^./]/ }, ({ path }) => (path.startsWith('@lava/') ? undefined : { path, external: true })) }],
    });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });

  /** Fetches in a process of its own; killed as soon as the web server has been asked for so many bodies. */
  async function run(id: number, killedAt?: number): Promise<number | null> {
    const n = id % plain.length;
    const wish: OneFetch = { root, file: join(root, `file-${id}`), block: { url: `${server.url}/${n}`, ...(n % 2 === 1 && { compression: 'gz' }) }, reads: id % 3 === 0, size: '3M' };
    const child = spawn(process.execPath, [program, JSON.stringify(wish)], { stdio: 'inherit' });
    const closed = once(child, 'close');
    let over = false;
    void closed.then(() => { over = true; });
    if (killedAt !== undefined) await waitUntil('the moment to kill', async () => over || server.bodies >= killedAt || undefined, 60);
    if (killedAt !== undefined) child.kill('SIGKILL');
    const [status] = (await closed) as [number | null];
    if (status === 0) expect(readFileSync(wish.file).equals(plain[n]!), `file ${n}`).toBe(true);
    rmSync(wish.file, { force: true });
    return status;
  }

  test('that write, evict and are killed never see half a file, and leave nothing behind', async () => {
    let killed = 0;
    for (let round = 0; round < 3; round += 1) {
      const statuses = await Promise.all(Array.from({ length: 6 }, (_, k) => run(round * 6 + k, k % 2 === 0 ? server.bodies + 1 + k : undefined)));
      expect(statuses.filter((_, k) => k % 2 === 1)).toEqual([0, 0, 0]);
      killed += statuses.filter((status) => status === null).length;
    }
    expect(killed).toBeGreaterThan(3);
    for (const [n] of plain.entries()) expect(await run(n)).toBe(0);
    const cache = join(root, 'var/lib/lava/dispatcher/download-cache');
    for (const name of readdirSync(join(cache, 'files'))) {
      const bytes = readFileSync(join(cache, 'files', name));
      const n = plain.findIndex((one) => one.equals(bytes));
      expect(n, name).not.toBe(-1);
      expect(lstatSync(join(cache, 'files', name)).mtimeMs).toBe(1e12);
    }
    await clear(cache);
    for (const place of ['files', 'names', 'parts']) expect(readdirSync(join(cache, place)), place).toEqual([]);
  }, 120_000);
});
