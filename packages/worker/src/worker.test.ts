import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assetFolder } from '@lava/base';
import { createCertificate } from '@lava/link';
import { FakeServer, freePort, programFile, TcpProxy, waitUntil, type FakeServerOptions } from '@lava/testbed';
import { afterEach, expect, test } from 'vitest';
import { isAlive, processesWith, type ProcessIdentity } from './process-identity.ts';

const fakeRun = join(assetFolder(import.meta.url, 'testbed'), 'assets/fake-run/lava-run.mjs');
const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => { for (const close of closing.splice(0).toReversed()) await close(); });

/** A worker daemon as a real process, dialling a fake server through proxies. */
async function setup(options: Partial<FakeServerOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'lava-worker-'));
  const folder = join(root, 'stored');
  const certificates = join(root, 'etc/lava-dispatcher/certificates.d');
  const admitted = join(root, 'server');
  await createCertificate(admitted, 'master');
  mkdirSync(certificates, { recursive: true });
  await copyFile(join(admitted, 'master.key'), join(certificates, 'master.key'));
  const { publicFile } = await createCertificate(certificates, 'w1');
  await copyFile(publicFile, join(admitted, 'w1.key'));
  const [control, log] = [await freePort(), await freePort()];
  const proxies = [await TcpProxy.to(control), await TcpProxy.to(log)] as const;
  const attempts = join(root, 'var/lib/lava/dispatcher/worker/attempts');
  const context = {
    root, attempts, admitted, publicFile, proxies, server: undefined as unknown as FakeServer, worker: undefined as unknown as ChildProcess,
    async startServer() {
      context.server = await waitUntil('the sockets to be free', () => FakeServer.open({
        folder, control: `tcp://127.0.0.1:${control}`, log: `tcp://127.0.0.1:${log}`,
        encryption: { certificate: join(admitted, 'master.key_secret'), directory: admitted }, ...options,
      }));
    },
    startWorker(extra: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
      context.worker = spawn(process.execPath, [
        programFile({ package: 'worker', name: 'lava-worker' }), '--root', root, '--hostname', 'w1', '--level', 'DEBUG', '--lava-run', fakeRun,
        '--master', `tcp://127.0.0.1:${proxies[0].port}`, '--socket-addr', `tcp://127.0.0.1:${proxies[1].port}`, ...extra,
      ], { stdio: 'ignore', env: { ...process.env, ...env } });
      return context.worker;
    },
    workerLog: () => readFileSync(join(root, 'var/log/lava-dispatcher/lava-worker.log'), 'utf8'),
    start(job: number, plan: object, files: Record<string, string> = {}) {
      const ref = { job, fence: 1 };
      if (!context.server.start('w1', ref, { 'job.yaml': JSON.stringify(plan), 'device.yaml': '{}', ...files })) throw new Error('no session');
      return ref;
    },
    process: (job: number) => JSON.parse(readFileSync(join(attempts, `${job}-1`, 'process.json'), 'utf8')) as ProcessIdentity,
    online: () => waitUntil('the worker to be online', () => context.server.connected('w1')),
    ended: (ref: { job: number; fence: number }) => waitUntil(`the end of ${ref.job}`, () => context.server.end(ref)),
    forgotten: () => waitUntil('the folders to be removed', () => readdirSync(attempts).length === 0),
  };
  closing.push(async () => {
    await end(context.worker, 'SIGTERM');
    for (const name of existsSync(attempts) ? readdirSync(attempts) : []) {
      for (const { pid } of await processesWith('LAVA_ATTEMPT', (path) => path === join(attempts, name))) process.kill(pid, 'SIGKILL');
    }
    await context.server.close();
    for (const proxy of proxies) await proxy.close();
    rmSync(root, { recursive: true, force: true });
  });
  await context.startServer();
  context.startWorker();
  await context.online();
  return context;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill(signal);
  await exited;
}

/** Numbers of the lines of the fake run, in the order in which the server has them. */
const numbers = (records: readonly string[]) => records.flatMap((r) => (/"msg": "line (\d+)"/.exec(r)?.[1] ?? []));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => String(i));

test('a job runs, its records arrive byte for byte, its end is told once and the folder goes', async () => {
  const w = await setup();
  const ref = w.start(1, { lines: 500, text: 'line', stderr: 'careful' });
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', errorType: '', errors: 'careful', logLines: 501, poweredOff: true, description: expect.stringContaining('pipeline') as string });
  const records = w.server.records(ref);
  expect(numbers(records)).toEqual(upTo(500));
  expect(records[0]).toMatch(/^- \{"dt": "\S+", "lvl": "target", "msg": "line 0"\}$/);
  expect(w.server.received('START_OK').length).toBeGreaterThan(0);
  await w.forgotten();
  w.server.endpoint.send('w1', { type: 'STATUS', ...ref });
  await waitUntil('UNKNOWN', () => w.server.received('UNKNOWN').length === 1);
});

test('START is carried out once, however often it comes', async () => {
  const w = await setup();
  const ref = w.start(2, { lines: 3, hang: true });
  w.start(2, { lines: 3, hang: true });
  await waitUntil('records', () => w.server.count(ref) === 3);
  w.start(2, { lines: 3, hang: true });
  await waitUntil('START_OK again', () => w.server.received('START_OK').length >= 2);
  expect(await processesWith('LAVA_ATTEMPT', (path) => path === join(w.attempts, '2-1'))).toHaveLength(1);
  await waitUntil('PING names it', () => w.server.received('PING').some((p) => p.attempts.some((a) => a.job === 2)));
  w.server.endpoint.send('w1', { type: 'CANCEL', ...ref });
  expect(await w.ended(ref)).toMatchObject({ result: 'fail', errorType: 'Canceled', errorMessage: 'The job was canceled' });
  expect(w.server.records(ref).filter((r) => r.includes('got SIGTERM'))).toHaveLength(1);
});

test('a lava-run that dies is Infrastructure, its leftovers are ended and its torn record is left out', async () => {
  const w = await setup();
  const ref = w.start(3, { lines: 5, orphan: true, crash: true });
  expect(await w.ended(ref)).toMatchObject({ result: 'fail', errorType: 'Infrastructure', poweredOff: true });
  const records = w.server.records(ref);
  expect(numbers(records)).toEqual(upTo(5));
  expect(records.some((r) => r.includes('torn'))).toBe(false);
  expect(records.at(-1)).toContain('"error_type": "Infrastructure"');
  const orphan = Number(/orphan (\d+)/.exec(records.join('\n'))?.[1]);
  expect(orphan).toBeGreaterThan(0);
  await waitUntil('the orphan to be gone', () => !existsSync(`/proc/${orphan}`) || /\) Z /.test(readFileSync(`/proc/${orphan}/stat`, 'latin1')));
});

test('a killed daemon is followed by one that takes over: no line lost or doubled', async () => {
  const w = await setup();
  const ref = w.start(4, { lines: 600, pause: 5 });
  for (const [line, signal] of [[50, 'SIGKILL'], [200, 'SIGTERM'], [350, 'SIGKILL']] as const) {
    await waitUntil(`${line} records`, () => w.server.count(ref) >= line);
    const run = w.process(4);
    await end(w.worker, signal);
    expect(isAlive(run)).toBe(true);
    w.startWorker();
  }
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', logLines: 601 });
  expect(numbers(w.server.records(ref))).toEqual(upTo(600));
  await w.forgotten();
});

test('a run that ends while no daemon is there is reported by the next', async () => {
  const w = await setup();
  const ref = w.start(5, { lines: 100, pause: 5 });
  await waitUntil('records', () => w.server.count(ref) > 10);
  const run = w.process(5);
  await end(w.worker, 'SIGKILL');
  await waitUntil('the run to end', () => !isAlive(run));
  w.startWorker();
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', logLines: 101 });
  expect(numbers(w.server.records(ref))).toEqual(upTo(100));
});

test('a job that passed and whose log is gone in part has failed: nobody knows all its results', async () => {
  const w = await setup();
  const ref = w.start(16, { lines: 300, pause: 5 });
  await waitUntil('records', () => w.server.count(ref) > 50);
  await end(w.worker, 'SIGKILL');
  rmSync(join(w.attempts, '16-1/logs.yaml'));
  w.startWorker();
  const { result, errorType, errorMessage } = await w.ended(ref);
  expect([result, errorType]).toEqual(['fail', 'Infrastructure']);
  expect(errorMessage).toMatch(new RegExp(`^The job passed, but ${301 - w.server.count(ref)} records of its log were lost on the worker: .*/16-1 were`));
});

test('a job whose log is gone when the server has all of it has passed', async () => {
  const w = await setup();
  const ref = w.start(17, { lines: 20, pause: 5, ask: { request: 'wait' } });
  await waitUntil('records', () => w.server.count(ref) === 20);
  await end(w.worker, 'SIGKILL');
  const folder = join(w.attempts, '17-1');
  writeFileSync(join(folder, 'answers.jsonl'), '{"call": 0}\n');
  await waitUntil('the run to end', () => existsSync(join(folder, 'result.yaml')));
  // As if the last two had arrived, too.
  writeFileSync(join(folder, 'result.yaml'), JSON.stringify({ result: 'pass', log_lines: 20 }));
  rmSync(join(folder, 'logs.yaml'));
  w.startWorker();
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', errorType: '' });
});

test('a run that ended and whose process could not be noted down (disk full) is reported by the next daemon', async () => {
  const w = await setup();
  const ref = w.start(15, { lines: 100, pause: 5 });
  await waitUntil('records', () => w.server.count(ref) > 10);
  const run = w.process(15);
  await end(w.worker, 'SIGKILL');
  writeFileSync(join(w.attempts, '15-1/process.json'), '{}');
  await waitUntil('the run to end', () => !isAlive(run));
  w.startWorker();
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', logLines: 101 });
  expect(numbers(w.server.records(ref))).toEqual(upTo(100));
});

test('a restarted server gets the rest: no line lost or doubled', async () => {
  const w = await setup();
  const ref = w.start(6, { lines: 600, pause: 5 });
  for (const line of [50, 300]) {
    await waitUntil(`${line} records`, () => w.server.count(ref) >= line);
    await w.server.close();
    await w.startServer();
  }
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', logLines: 601 });
  expect(numbers(w.server.records(ref))).toEqual(upTo(600));
});

test('a bad network (reset, cut, stalled, lossy) costs time only', async () => {
  const w = await setup();
  const ref = w.start(7, { lines: 3000, pause: 5 });
  const both = (what: 'reset' | 'cut' | 'stall' | 'drop' | 'restore') => { for (const p of w.proxies) p[what](); };
  const reached = (line: number) => waitUntil(`${line} records`, () => w.server.count(ref) >= line, 90);
  await reached(100);
  both('reset');
  await reached(300);
  w.proxies[1].reset();
  await reached(500);
  both('cut');
  await waitUntil('the run to print on', () => readFileSync(join(w.attempts, '7-1/logs.yaml'), 'latin1').split('\n').length > 1000);
  both('restore');
  await reached(1000);
  both('stall');
  await waitUntil('the run to print on', () => readFileSync(join(w.attempts, '7-1/logs.yaml'), 'latin1').split('\n').length > 1500);
  both('restore');
  await reached(1500);
  both('drop');
  await waitUntil('the run to print on', () => readFileSync(join(w.attempts, '7-1/logs.yaml'), 'latin1').split('\n').length > 2000);
  both('restore');
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', logLines: 3001 });
  expect(numbers(w.server.records(ref))).toEqual(upTo(3000));
}, 180_000);

test('END is sent again until the server has stored it', async () => {
  const w = await setup({ storesEnds: false });
  const ref = w.start(8, { lines: 1 });
  await waitUntil('two ENDs', () => w.server.received('END').length >= 2);
  expect(readdirSync(w.attempts)).toEqual(['8-1']);
  await end(w.worker, 'SIGKILL');
  w.server.storesEnds = true;
  w.startWorker();
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', logLines: 2 });
  await w.forgotten();
});

test('an attempt whose records are refused is stopped', async () => {
  const w = await setup();
  const ref = w.start(9, { lines: 100_000, pause: 5 });
  await waitUntil('records', () => w.server.count(ref) > 10);
  const run = w.process(9);
  w.server.refused.add('9-1');
  await waitUntil('the run to end', () => !isAlive(run));
  await w.ended(ref);
  await w.forgotten();
});

test('what cannot be started is reported with the reason', async () => {
  const w = await setup();
  w.start(10, {}, { 'env.yaml': '- not a mapping' });
  await waitUntil('START_FAILED', () => w.server.received('START_FAILED').length === 1);
  expect(w.server.received('START_FAILED')[0]).toMatchObject({ job: 10, fence: 1, reason: expect.stringContaining('env.yaml of this worker: it must be a mapping') as string });
  await w.forgotten();
  await end(w.worker, 'SIGTERM');
  w.startWorker(['--lava-run', '/nonexistent/lava-run.js']);
  await w.online();
  await waitUntil('the START to be taken', () => { w.start(11, {}); return w.server.received('START_FAILED').length > 1; });
  expect(w.server.received('START_FAILED')[1]).toMatchObject({ reason: expect.stringContaining('there is no /nonexistent/lava-run.js') as string });
});

test('env.yaml rules the environment of the run, and the attempt is private', async () => {
  const w = await setup();
  const ref = w.start(12, { environment: true, hang: true }, { 'env.yaml': 'purge: true\noverrides: {LC_ALL: C.UTF-8, N: 1, PATH: /usr/bin:/bin}\n' });
  const text = await waitUntil('the environment', () => /"msg": ("\{.*\}")/.exec(w.server.records(ref)[0] ?? '')?.[1]);
  expect(JSON.parse(JSON.parse(text) as string)).toEqual({ LC_ALL: 'C.UTF-8', N: '1', PATH: '/usr/bin:/bin', LAVA_ROOT: w.root, LAVA_ATTEMPT: join(w.attempts, '12-1') });
  expect(readdirSync(join(w.attempts, '12-1'))).not.toContain('dispatcher.json');
  w.server.endpoint.send('w1', { type: 'CANCEL', ...ref });
  await w.ended(ref);
});

test('a certificate that is removed cuts the worker off at once; the job goes on and arrives when it is back', async () => {
  const w = await setup();
  const ref = w.start(13, { lines: 400, pause: 5 });
  await waitUntil('records', () => w.server.count(ref) > 50);
  rmSync(join(w.admitted, 'w1.key'));
  await waitUntil('the end of the session', () => !w.server.connected('w1'));
  await waitUntil('the refusal in the worker log', () => w.workerLog().includes('The master refused this worker'));
  await copyFile(w.publicFile, join(w.admitted, 'w1.key'));
  expect(await w.ended(ref)).toMatchObject({ result: 'pass', logLines: 401 });
  expect(numbers(w.server.records(ref))).toEqual(upTo(400));
});

test('after a crash of the machine the records that only the server has keep their numbers', async () => {
  const w = await setup();
  const ref = w.start(14, { lines: 100, hang: true });
  await waitUntil('records', () => w.server.count(ref) === 100);
  await end(w.worker, 'SIGKILL');
  for (const { pid } of await processesWith('LAVA_ATTEMPT', (path) => path === join(w.attempts, '14-1'))) process.kill(pid, 'SIGKILL');
  // What a crash leaves: an earlier boot, the last pages of the journal never written, a record torn.
  const folder = join(w.attempts, '14-1');
  writeFileSync(join(folder, 'process.json'), JSON.stringify({ ...w.process(14), boot: 'an earlier one' }));
  const journal = readFileSync(join(folder, 'logs.yaml'), 'utf8');
  writeFileSync(join(folder, 'logs.yaml'), `${journal.split('\n').slice(0, 60).join('\n')}\n- {"dt": "to`);
  w.startWorker();
  const { logLines } = await w.ended(ref);
  const records = w.server.records(ref);
  expect(records).toHaveLength(logLines);
  expect(records.slice(0, 100).join('\n')).toBe(journal.trimEnd());
  expect(records.at(-1)).toContain('"error_type": "Infrastructure"');
  expect(w.workerLog()).toContain('40 records were lost when this machine crashed');
});

test('a device is not given to a second run while the first has its hands on it', async () => {
  const w = await setup();
  const device = { 'device.yaml': 'hostname: board1\ncommands: {}\n' };
  const first = w.start(15, { lines: 1, hang: true }, device);
  await waitUntil('the first', () => w.server.count(first) === 1);
  const run = w.process(15);
  const second = { job: 16, fence: 1 };
  await waitUntil('the second', () => {
    if (w.server.received('START_OK').some((m) => m.job === 16)) return true;
    w.start(16, { lines: 1 }, device);
    return false;
  });
  expect(isAlive(run)).toBe(false);
  expect(await w.ended(first)).toMatchObject({ errorType: 'Canceled' });
  expect(await w.ended(second)).toMatchObject({ result: 'pass' });
});

test('a job that shares the device of its host does not end it', async () => {
  const w = await setup();
  const host = w.start(17, { lines: 1, hang: true }, { 'device.yaml': 'hostname: board1\ncommands: {}\n' });
  await waitUntil('the host', () => w.server.count(host) === 1);
  const guest = w.start(18, { lines: 1 }, { 'device.yaml': 'hostname: board1\nguest: true\n' });
  expect(await w.ended(guest)).toMatchObject({ result: 'pass' });
  expect(isAlive(w.process(17))).toBe(true);
});

test('runs of a state that was lost are ended: they may hold devices', async () => {
  const w = await setup();
  const ref = w.start(19, { lines: 1, hang: true });
  await waitUntil('the run', () => w.server.count(ref) === 1);
  const run = w.process(19);
  await end(w.worker, 'SIGKILL');
  rmSync(w.attempts, { recursive: true });
  expect(isAlive(run)).toBe(true);
  w.startWorker();
  await waitUntil('the run to end', () => !isAlive(run));
});

test('an old attempt that comes back does not switch the device off that another one uses', async () => {
  const w = await setup();
  const off = join(w.root, 'off');
  const device = { 'device.yaml': `hostname: board1\ncommands: {power_off: touch ${off}}\n` };
  const ref = w.start(20, { lines: 1, hang: true }, device);
  await waitUntil('the run', () => w.server.count(ref) === 1);
  await end(w.worker, 'SIGKILL');
  cpSync(join(w.attempts, '20-1'), join(w.attempts, '12-1'), { recursive: true });
  writeFileSync(join(w.attempts, '12-1/process.json'), JSON.stringify({ ...w.process(20), started: '1' }));
  w.startWorker();
  await waitUntil('the old one to go', () => readdirSync(w.attempts).join() === '20-1');
  expect(isAlive(w.process(20))).toBe(true);
  expect(existsSync(off)).toBe(false);
});

test('one daemon a state folder', async () => {
  const w = await setup();
  const first = w.worker;
  const second = w.startWorker();
  const status = await new Promise((resolve) => { second.once('exit', resolve); });
  w.worker = first;
  expect(status).toBe(1);
  expect(w.workerLog()).toContain(`another worker, process ${first.pid}, uses ${join(w.attempts, '..')}`);
  expect(w.server.connected('w1')).toBe(true);
});

test('a call of a run reaches the server and its answer the run, over a crash of the daemon', async () => {
  const w = await setup();
  const ask = { request: 'lava_wait', messageID: 'ip' };
  const ref = w.start(1, { ask });
  const calls = () => w.server.messages.filter((m) => m.type === 'CALL');
  await waitUntil('the call', () => calls().length === 1);
  expect(calls()[0]).toMatchObject({ ...ref, call: 0, request: ask });
  await end(w.worker, 'SIGKILL');
  w.startWorker();
  await waitUntil('the call again', () => calls().length === 2);
  const answer = { response: 'ack', message: [{ sender: '7', data: { ip: '192.0.2.7' } }] };
  w.server.endpoint.send('w1', { type: 'ANSWER', ...ref, call: 0, answer });
  // An answer that comes twice is heard once.
  w.server.endpoint.send('w1', { type: 'ANSWER', ...ref, call: 0, answer });
  expect(await w.ended(ref)).toMatchObject({ result: 'pass' });
  const heard = w.server.records(ref).filter((r) => r.includes('"msg": "answer '));
  expect(heard).toHaveLength(1);
  expect(heard[0]).toContain('192.0.2.7');
});

test('the servers that the server has named are known after a restart, and how the worker is comes once', async () => {
  const [master, logger] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`];
  const w = await setup({ servers: [{ master, logger }] });
  await waitUntil('the servers to be kept', () => existsSync(join(w.root, 'var/lib/lava/dispatcher/worker/servers.json')));
  // First without the difference of the clocks, which the answers tell.
  const told = () => w.server.received('PING').filter(({ status }) => status !== undefined).map(({ status }) => status!.clockAhead !== undefined);
  await waitUntil('the clocks to be compared', () => told().includes(true));
  const before = w.server.received('PING').length;
  await waitUntil('two more PINGs', () => w.server.received('PING').length >= before + 2);
  expect(told()).toEqual([false, true]);
  await end(w.worker, 'SIGTERM');
  await w.server.close();
  const second = await FakeServer.open({ folder: join(w.root, 'second'), control: master, log: logger, encryption: { certificate: join(w.admitted, 'master.key_secret'), directory: w.admitted } });
  closing.push(() => second.close());
  w.startWorker();
  await waitUntil('the worker at the other server', () => second.connected('w1'));
});
