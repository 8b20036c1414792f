import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lavaPaths, monotonicMs } from '@lava/base';
import { freePort, waitUntil, type LavaSystem } from '@lava/testbed';
import { fromDebianPackage } from './support/upstream-packages.ts';
import { groupJob } from './support/group-job.ts';
import { guest, numberedLines, qemuDictionary, ramdiskJob } from './support/jobs.ts';
import { finished, log, numbersSeen, seen, startSystem, stopSystem, submit, upTo } from './support/system.ts';

// LAVA's own worker, as Debian 12 packs it (lava-dispatcher 2023.01), unchanged: it speaks the HTTP protocol.

const python = '/usr/bin/python3';
const program = fromDebianPackage('lava-dispatcher', '/usr/bin/lava-worker');
const environment = program === undefined ? undefined : findEnvironment(program);
if (!environment) process.stderr.write("tests: nothing is run on LAVA's own worker: Debian's packages lava-dispatcher and what it needs are not here, or this is not root\n");

/** Environment in which the worker runs, installed or unpacked; undefined where it does not. */
function findEnvironment(worker: string): NodeJS.ProcessEnv | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const modules = [['lava-dispatcher', 'lava_dispatcher'], ['lava-common', 'lava_common'], ['lava-dispatcher-host', 'lava_dispatcher_host']]
    .map(([name, module]) => fromDebianPackage(name!, `/usr/lib/python3/dist-packages/${module}`));
  if (modules.includes(undefined)) return undefined;
  const folders = new Set(modules.map((path) => dirname(path!)));
  // npm puts our programs first, one of which has the name of its `lava-run`.
  const paths = { ...process.env, PATH: `${dirname(worker)}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin` };
  const imports = (what: string, more: readonly string[] = []) => {
    const env = { ...paths, PYTHONPATH: [...folders, ...more].join(':') };
    return spawnSync(python, ['-c', `import ${what}`], { env }).status === 0 ? env : undefined;
  };
  // libguestfs is large, always loaded, and nothing to these jobs: an empty module does where it is not installed.
  const all = 'lava_dispatcher.worker, lava_dispatcher.parser, setproctitle';
  return imports(all) ?? imports(all, [fileURLToPath(new URL('support/python', import.meta.url))]);
}

/** Its jobs look here for the coordinator, wherever they run: this worker sees a folder of ours in its place. */
const coordinatorFolder = '/etc/lava-coordinator';
const noMounts = spawnSync('unshare', ['--mount', 'true']).status === 0 ? undefined : 'this machine does not let us mount';
if (environment && noMounts) process.stderr.write(`tests: no multinode job is run on LAVA's own worker: ${noMounts}\n`);
let madeFolder = false;

let system: LavaSystem;
let workerDir: string;
let worker: ChildProcess | undefined;
/** Monotonic milliseconds. */
let workerStarted = 0;
let token: string;

/** Starts LAVA's worker with the shortest times that it takes. */
function startWorker(): void {
  const output = openSync(join(system.root, 'upstream-worker.log'), 'a');
  workerStarted = monotonicMs();
  const command = [python, program!, '--name', 'debian', '--url', `${system.url}/`, '--worker-dir', workerDir, '--token', token,
    '--ping-interval', '5', '--job-log-interval', '1', '--log-file', '-', '--level', 'DEBUG'];
  const [file, ...args] = noMounts ? command : ['unshare', '--mount', 'sh', '-ec', `mount --bind "$0" ${coordinatorFolder}; exec "$@"`, join(system.root, 'lava-coordinator'), ...command];
  worker = spawn(file!, args, { env: environment!, stdio: ['ignore', output, output] });
  closeSync(output);
}

async function stopWorker(): Promise<void> {
  if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = new Promise((resolve) => { worker!.once('exit', resolve); });
  worker.kill('SIGTERM');
  await ended;
}

/** Processes of jobs, which outlive their worker. */
const runs = (): number[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
  try { return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--output-dir=${workerDir}/`); } catch { return false; }
});

beforeAll(async () => {
  if (!environment) return;
  system = await startSystem();
  workerDir = join(system.root, 'upstream-worker');
  token = /^Token: (\w{32})$/m.exec(await system.manage('workers', 'add', 'debian'))![1]!;
  for (const device of ['deb01', 'deb02']) await system.addDevice(device, 'debian', 'qemu', qemuDictionary);
  // Its folder for downloads is always the system's: names that nothing else there has.
  const settings = join(lavaPaths(system.root).serverConfig, 'dispatcher.d/debian');
  mkdirSync(settings, { recursive: true });
  writeFileSync(join(settings, 'dispatcher.yaml'), `dispatcher_ip: 127.0.0.1\nprefix: test-${process.pid}-\n`);
  if (!noMounts) await openCoordinator();
}, 120_000);

/** The server listens for members of groups, and the worker knows where. */
async function openCoordinator(): Promise<void> {
  const port = await freePort();
  writeFileSync(join(lavaPaths(system.root).serverConfig, 'settings.yaml'), `COORDINATOR_ADDRESS: 127.0.0.1:${port}\n`);
  mkdirSync(join(system.root, 'lava-coordinator'));
  writeFileSync(join(system.root, 'lava-coordinator/lava-coordinator.conf'), JSON.stringify({ port, blocksize: 4096, poll_delay: 1, coordinator_hostname: '127.0.0.1' }));
  if (!existsSync(coordinatorFolder)) {
    mkdirSync(coordinatorFolder);
    madeFolder = true;
  }
  await system.server!.end();
  await system.startServer();
}

afterAll(async () => {
  if (!environment) return;
  await stopWorker();
  if (madeFolder) rmdirSync(coordinatorFolder);
  for (const pid of runs()) process.kill(pid, 'SIGKILL');
  await stopSystem(system);
});

const workerLog = () => readFileSync(join(system.root, 'upstream-worker.log'), 'utf8');

describe.skipIf(!environment)("LAVA's own worker", () => {
  test('runs a job through a killed server, and another that is canceled in the middle', async () => {
    const image = await guest();
    startWorker();
    await waitUntil('the worker to be online', async () => (await system.api<{ state: string }>('/api/v1/workers/debian')).state === 'Online' || undefined);
    const long = await submit(system, ramdiskJob(image, [numberedLines(40, 0.25), 'lava-test-case weight --result pass --measurement 12.5 --units kg'], { name: 'survivor' }));
    const canceled = await submit(system, ramdiskJob(image, [numberedLines(5000, 0.2)], { name: 'canceled in the middle' }));
    await seen(system, canceled, 3);
    await system.api(`/api/v1/jobs/${canceled}/cancel`, {});
    await seen(system, long, 3);
    await system.server!.end('SIGKILL');
    await system.startServer();

    expect(await finished(system, long)).toMatchObject({ health: 'Complete', error_type: null });
    process.stdout.write(`From the start of lava-worker to the end of the job: ${((monotonicMs() - workerStarted) / 1000).toFixed(1)} s\n`);
    expect(await numbersSeen(system, long)).toEqual(upTo(40));
    expect(await finished(system, canceled)).toMatchObject({ health: 'Canceled' });
    expect((await numbersSeen(system, canceled)).length).toBeLessThan(5000);

    const { suites } = await system.api<{ suites: { name: string; cases: { name: string; result: string; measurement: string | null; units: string }[] }[] }>(`/api/v1/jobs/${long}/results`);
    expect(suites.find((s) => s.name === '0_steps')?.cases).toMatchObject([{ name: 'weight', result: 'pass', measurement: expect.stringMatching(/^12\.50*$/), units: 'kg' }]);
    const lava = suites.find((s) => s.name === 'lava')!.cases;
    expect(lava.find((c) => c.name === 'job')).toMatchObject({ result: 'pass' });
    expect(lava.find((c) => c.name === 'login-action')).toMatchObject({ result: 'pass', measurement: expect.stringMatching(/^\d/) });
    const records = await log(system, long);
    expect(records.filter((r) => r.lvl === 'warning' && String(r.msg).startsWith('A record of the worker'))).toEqual([]);
    expect(await system.api(`/api/v1/devices/deb01`)).toMatchObject({ state: 'Idle', health: 'Good' });
  }, 300_000);

  test.skipIf(noMounts)('has jobs in one multinode group with jobs on a worker of the link', async () => {
    system.startWorker('w1');
    await waitUntil('the worker of the link', async () => (await system.api<{ state: string }>('/api/v1/workers/w1')).state === 'Online' || undefined);
    const definition = groupJob(await guest(), {
      server: { worker: 'debian', steps: ['lava-send address ip=192.0.2.1', 'lava-wait-all ready client', 'cat /tmp/lava_multi_node_cache.txt', 'lava-sync done'] },
      client: { worker: 'w1', steps: ['lava-wait address', 'cat /tmp/lava_multi_node_cache.txt', 'lava-send ready from=$(lava-self)', 'lava-sync done'] },
    });
    const { job_ids: subIds } = await system.api<{ job_ids: string[] }>('/api/v1/jobs', { definition });
    const ids = await Promise.all(subIds.map(async (id) => (await system.api<{ id: number }>(`/api/v1/jobs/${id}`)).id));
    for (const id of ids) expect(await finished(system, id)).toMatchObject({ health: 'Complete', error_type: null });
    const [server, client] = ids as [number, number];
    const consoleOf = async (id: number) => (await log(system, id)).filter((r) => r.lvl === 'target').map((r) => String(r.msg).trim());
    expect(await consoleOf(server)).toContain(`${client}:from=${client}`);
    expect(await consoleOf(client)).toContain(`${server}:ip=192.0.2.1`);
    const cases = async (id: number) => (await system.api<{ suites: { name: string; cases: { name: string; result: string }[] }[] }>(`/api/v1/jobs/${id}/results`)).suites
      .flatMap((s) => s.cases).filter((c) => c.name.startsWith('multinode-')).map((c) => `${c.name}=${c.result}`);
    expect(await cases(server)).toEqual(['multinode-send-address=pass', 'multinode-wait_all-ready=pass', 'multinode-sync-done=pass']);
    expect(await cases(client)).toEqual(['multinode-wait-address=pass', 'multinode-send-ready=pass', 'multinode-sync-done=pass']);
  }, 300_000);

  test('runs a job again that asks for it', async () => {
    const missing = { ...JSON.parse(ramdiskJob({ ...await guest(), kernel: '/nowhere/vmlinuz' }, ['true'])) as object, worker: 'debian', retry: { reasons: ['Infrastructure', 'Job'] } };
    const id = await submit(system, JSON.stringify(missing));
    expect(await finished(system, id)).toMatchObject({ health: 'Incomplete' });
    const { attempts } = await system.api<{ attempts: { device: string; start_line: number }[] }>(`/api/v1/jobs/${id}`);
    expect(attempts.map((a) => a.device).sort()).toEqual(['deb01', 'deb02']);
    const records = await log(system, id);
    expect(records[attempts[1]!.start_line - 1]).toMatchObject({ lvl: 'warning', msg: expect.stringContaining('Attempt 2 runs on') as string });
    expect(records.filter((r) => r.lvl === 'results' && (r.msg as { case: string }).case === 'job')).toHaveLength(2);
  }, 120_000);

  test('was woken by events, has ended its jobs, and is refused with a token that was replaced', async () => {
    expect(workerLog()).toContain('[EVENT] Worker mentioned');
    await waitUntil('the processes of the jobs to end', () => runs().length === 0 || undefined);
    await system.manage('workers', 'token', 'debian');
    await waitUntil('the old token to be refused', () => workerLog().includes("--> {\"error\":\"Invalid 'token'\"}") || undefined);
  });
});
