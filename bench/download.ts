import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { project } from '@lava/testbed';
import { fetchOnce } from '../packages/dispatcher/src/testing/fetch-once.ts';

// A file of 500 MB, compressed with xz, from a web server of this machine, a process of its own: fetched, hashed and
// decompressed, over what `xz -d` takes for the same file, which lies on the disk, with the same options and output. Then the
// same by a second job. The file holds real programs and texts: the begin of a tar of /usr/lib and /usr/share (LAVA_BENCH_MB
// makes it smaller). It is one block, as nearly all published images are, so that only one processor can
// decompress it.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

const megabytes = Number(process.env['LAVA_BENCH_MB'] ?? 500);
const rounds = Number(process.env['LAVA_BENCH_ROUNDS'] ?? 3);

/** The compressed file, made once. */
function data(): string {
  const file = join(project, `.cache/bench-download/usr-${megabytes}.xz`);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  // Cut where the compressed size is reached, then made whole by compressing as much as came.
  const fresh = `${file}.new`;
  const ratio = 3.85;
  execFileSync('bash', ['-c', `tar -C / --sort=name --one-file-system -c usr/lib usr/share 2>/dev/null | head -c ${Math.round(megabytes * ratio)}M | nice xz -1 -T1 > ${fresh}`], { stdio: 'inherit' });
  renameSync(fresh, file);
  return file;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function unxz(file: string, target: string): Promise<void> {
  const output = openSync(target, 'w');
  const [status] = await once(spawn('xz', ['-d', '-c', '-T0', file], { stdio: ['ignore', output, 'inherit'] }), 'exit') as [number];
  closeSync(output);
  if (status !== 0) throw new Error('xz failed');
}

/** It ends with who started it. */
const server = `
process.stdin.resume().on('end', () => process.exit());
const { createServer } = require('node:http'), { createReadStream, statSync } = require('node:fs');
const file = process.argv[1];
createServer((request, response) => {
  if (request.headers['if-none-match'] === '"1"') return response.writeHead(304).end();
  response.writeHead(200, { etag: '"1"', 'content-length': statSync(file).size });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file, { highWaterMark: 1 << 20 }).pipe(response);
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

export async function run(): Promise<Row[]> {
  const file = data();
  const web = spawn(process.execPath, ['-e', server, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(web.stdout.setEncoding('utf8'), 'data') as [string];
  const folder = mkdtempSync(join(dirname(file), 'run-'));
  const url = `http://127.0.0.1:${port.trim()}/usr.xz`;
  const job = async (n: number, more: object = {}) => {
    const { failure, lines } = await fetchOnce({ root: join(folder, String(n)), file: join(folder, 'image'), block: { url, compression: 'xz', ...more }, reads: true });
    if (failure !== undefined) throw failure;
    // What the job waits for: what is written to the disk afterwards is not its business.
    return Number(/^\d+ MB .* in (\d+\.\d\d) s/m.exec(lines.join('\n'))?.[1]);
  };
  try {
    const plain: number[] = [];
    const ours: number[] = [];
    const uncached: number[] = [];
    const again: number[] = [];
    /** Seconds of a processor that this process takes, beside those of xz. */
    const own: number[] = [];
    let expanded = 0;
    for (let n = 0; n < rounds; n += 1) {
      plain.push(await seconds(() => unxz(file, join(folder, 'plain'))));
      expanded = statSync(join(folder, 'plain')).size;
      rmSync(join(folder, 'plain'));
      const before = process.cpuUsage();
      ours.push(await job(n));
      const { user, system } = process.cpuUsage(before);
      own.push((user + system) / 1e6);
      rmSync(join(folder, 'image'));
      again.push(await job(n));
      rmSync(join(folder, 'image'));
      uncached.push(await job(n, { use_cache: false }));
      rmSync(join(folder, String(n)), { recursive: true });
      rmSync(join(folder, 'image'));
    }
    const size = (statSync(file).size / 1e6).toFixed(0);
    const ratio = (values: readonly number[]) => median(values.map((value, n) => value / plain[n]!)).toFixed(2);
    return [
      { name: `xz -d of ${size} MB to ${(expanded / 1e6).toFixed(0)} MB`, value: median(plain).toFixed(2), unit: 's' },
      { name: 'download, hash, decompress and keep it, over that', value: ratio(ours), unit: '×', goal: '≤ 1.15' },
      { name: 'processor time for that beside xz', value: median(own).toFixed(2), unit: 's' },
      { name: 'the same without the cache', value: ratio(uncached), unit: '×', goal: '≤ 1.15' },
      { name: 'a second job with the same file', value: median(again).toFixed(2), unit: 's' },
    ];
  } finally {
    web.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
