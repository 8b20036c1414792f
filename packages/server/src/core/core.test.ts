import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { sleep } from '@lava/base';
import { loadYaml } from '@lava/yaml';
import { cancelJob } from '../jobs/cancel-job.ts';
import { replaceDefinition } from '../jobs/hide-secrets.ts';
import { finishJob, startJob } from '../jobs/job-changes.ts';
import { placeJobs } from '../jobs/place-jobs.ts';
import { change } from '../store/change.ts';
import { findPostmaster } from '../store/managed/postmaster.ts';
import { deviceHealth, deviceState, jobHealth, jobState } from '../store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { withLab, type TestLab } from './core.testing.ts';
import { FakeWorker, record, until } from '../link/fake-worker.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const inLab = (work: (lab: TestLab) => Promise<void>, options?: Parameters<typeof withLab>[2]) => withLab(databases, work, options);

const state = (lab: TestLab, job: number, wanted: number) => until(async () => (await lab.job(job)).state === wanted, `job ${job} in state ${wanted}`);

test('the way of a job: submitted, assigned, started, logged, ended', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit('context: {arch: amd64}\n');
  const start = await worker.started(job);
  expect(start.files['device.yaml']).toBe('hostname: q1\ntype: qemu\ncontext: {"arch":"amd64"}\n');
  expect(start.files['job.yaml']).toContain('job_name: a test\n');
  expect(await lab.device('q1')).toMatchObject({ state: deviceState.Reserved });
  worker.accept(start);
  await state(lab, job, jobState.Running);
  expect(await lab.device('q1')).toMatchObject({ state: deviceState.Running });

  const lines = [
    record('info', 'start: 1 deploy-images (timeout 00:03:00) [common]'),
    record('target', 'Linux version 6.1 ★'),
    record('event', 'hello'),
    record('results', { definition: '0_smoke', case: 'uname', result: 'pass', measurement: 2.5, units: 's', starttc: 1, endtc: 2 }),
    record('info', 'end: 1 deploy-images (duration 00:00:02) [common]'),
    record('results', { definition: 'lava', case: 'job', result: 'pass' }),
  ];
  expect(await worker.log(start, 0, lines)).toMatchObject({ type: 'LOG_OK', lines: 6 });
  await worker.end(start, { logLines: 6, description: 'pipeline: []\n' });

  expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete, error_type: null });
  expect(await lab.device('q1')).toEqual({ state: deviceState.Idle, health: deviceHealth.Good });
  const { logs } = lab.core.services;
  expect((await logs.read(job, 0)).toString()).toBe(lines.join('').replace('"lvl": "event"', '"lvl": "debug"'));
  expect((await logs.read(job, 1, 2)).toString()).toBe(lines[1]);
  expect(await logs.file(job, 'description.yaml')).toBe('pipeline: []\n');
  const { db } = lab.connection;
  expect(await db.selectFrom('test_cases').innerJoin('test_suites', 'test_suites.id', 'suite_id')
    .select(['test_suites.name as suite', 'test_cases.name', 'result', 'measurement', 'units', 'start_log_line', 'end_log_line', 'log_line']).orderBy('test_cases.id').execute()).toEqual([
    { suite: '0_smoke', name: 'uname', result: 0, measurement: '2.5000000000', units: 's', start_log_line: 1, end_log_line: 2, log_line: 3 },
    { suite: 'lava', name: 'job', result: 0, measurement: null, units: '', start_log_line: null, end_log_line: null, log_line: 5 },
  ]);
  expect(await db.selectFrom('job_actions').select(['level', 'name', 'namespace', 'timeout', 'start_line', 'end_line', 'failed']).execute()).toEqual([
    { level: '1', name: 'deploy-images', namespace: 'common', timeout: 180, start_line: 0, end_line: 4, failed: false },
  ]);
  expect(lab.events.filter((e) => e.type === 'job').map((e) => e.state)).toEqual(['Submitted', 'Scheduled', 'Running', 'Finished']);
  expect(lab.events.find((e) => e.type === 'test-event')).toEqual({ type: 'test-event', job, message: 'hello' });
  expect(lab.events.findLast((e) => e.type === 'log')).toMatchObject({ lines: 6 });
  const timed = await lab.core.services.timings.registry.metrics();
  for (const name of ['lava_scheduler_round_seconds', 'lava_link_log_lag_seconds']) expect(timed).toMatch(new RegExp(`^${name}_count [1-9]`, 'm'));
}));

test('a queued job is canceled at once; a running one when its worker has ended it', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  await lab.core.services.devices.setHealth('q1', 'Bad', 'ada');
  const waiting = await lab.submit();
  expect(await lab.core.services.jobs.waiting(waiting)).toMatchObject({ reason: 'The only device of type qemu, q1, is in health Bad.', position: 1, estimate: null });
  await lab.core.services.jobs.cancel(waiting, 'ada');
  expect(await lab.job(waiting)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });

  await lab.core.services.devices.setHealth('q1', 'Good', 'ada');
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await state(lab, job, jobState.Running);
  await lab.core.services.jobs.cancel(job, 'ada');
  await worker.order('CANCEL', job);
  expect((await lab.job(job)).state).toBe(jobState.Canceling);
  await worker.end(start, { result: 'fail', errorType: 'Canceled', errorMessage: 'The job was canceled' });
  expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled, error_type: 'Canceled' });
  expect(await lab.device('q1')).toEqual({ state: deviceState.Idle, health: deviceHealth.Good });
  expect((await lab.connection.db.selectFrom('audit_log').select(['actor', 'message']).where('object', '=', String(job)).orderBy('id').execute())).toEqual([
    { actor: 'lava-health', message: 'Submitted → Scheduled (q1 on w1)' },
    { actor: 'lava-health', message: 'Scheduled → Running' },
    { actor: 'ada', message: 'Running → Canceling (Cancel requested)' },
    { actor: 'lava-health', message: 'Canceling → Finished, Canceled (The job was canceled)' },
  ]);
}));

test('a job that is canceled before its worker began it leaves the device as it was', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit();
  await lab.core.services.jobs.cancel((await worker.started(job)).job, 'ada');
  const { fence } = await worker.order('CANCEL', job);
  worker.endpoint.send({ type: 'UNKNOWN', job, fence });
  await state(lab, job, jobState.Finished);
  expect(await lab.job(job)).toMatchObject({ health: jobHealth.Canceled, error_type: 'Canceled' });
  expect(await lab.device('q1')).toEqual({ state: deviceState.Idle, health: deviceHealth.Good });
}));

test('a worker that lost a running job says so, and the job ends', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.endpoint.send({ type: 'START_OK', job, fence: start.fence });
  await state(lab, job, jobState.Running);
  // It holds nothing: at its next session it is asked.
  await lab.restart();
  const { fence } = await worker.order('STATUS', job);
  worker.endpoint.send({ type: 'UNKNOWN', job, fence });
  await state(lab, job, jobState.Finished);
  expect(await lab.job(job)).toMatchObject({ health: jobHealth.Incomplete, error_type: 'Infrastructure', error_msg: expect.stringContaining('lost the job') });
  // Nobody has switched the device off.
  expect((await lab.device('q1')).health).toBe(deviceHealth.Bad);
}));

test('canceled at the moment it starts: the worker never gets a START after the CANCEL', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  for (let n = 0; n < 15; n++) {
    const job = await lab.submit();
    await until(async () => (await lab.job(job)).state === jobState.Scheduled || worker.orders.some((o) => o.job === job), 'the job to be scheduled');
    await lab.core.services.jobs.cancel(job, 'ada');
    const { fence } = await worker.order('CANCEL', job);
    const orders = () => worker.orders.filter((o) => o.job === job).map((o) => o.type);
    const began = orders().includes('START');
    if (began) await worker.end({ job, fence }, { result: 'fail', errorType: 'Canceled', errorMessage: 'The job was canceled' });
    else worker.endpoint.send({ type: 'UNKNOWN', job, fence });
    await state(lab, job, jobState.Finished);
    expect(orders().lastIndexOf('START')).toBeLessThan(orders().indexOf('CANCEL'));
  }
}));

test('an error of the lab makes the device Unknown, a missing power-off makes it Bad, an error of the job nothing', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const run = async (end: Parameters<typeof worker.end>[1]) => {
    await lab.connection.db.updateTable('devices').set({ health: deviceHealth.Good }).execute();
    const job = await lab.submit();
    const start = await worker.started(job);
    worker.accept(start);
    await worker.end(start, end);
    return { ...await lab.job(job), device: (await lab.device('q1')).health };
  };
  expect(await run({ result: 'fail', errorType: 'Job', errorMessage: 'boot failed', errors: 'trace\n' }))
    .toMatchObject({ health: jobHealth.Incomplete, error_type: 'Job', error_msg: 'boot failed', failure_comment: 'trace\n', device: deviceHealth.Good });
  expect(await run({ result: 'fail', errorType: 'Infrastructure', errorMessage: 'no PDU' })).toMatchObject({ device: deviceHealth.Unknown });
  expect(await run({ result: 'fail' })).toMatchObject({ error_type: 'Bug', device: deviceHealth.Unknown });
  expect(await run({ result: 'pass', poweredOff: false })).toMatchObject({ health: jobHealth.Complete, device: deviceHealth.Bad });
}));

test('what the log says of an error counts more than the report', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await worker.log(start, 0, [record('results', { definition: 'lava', case: 'job', result: 'fail', error_msg: 'auto-login-action timed out', error_type: 'Job', error_code: 'kernel-not-started' })]);
  await worker.end(start, { result: 'fail', errorType: 'Bug', errorMessage: '', logLines: 1 });
  expect(await lab.job(job)).toMatchObject({ error_type: 'Job', error_msg: 'auto-login-action timed out', error_code: 'kernel-not-started' });
}));

test('a device that cannot be rendered ends the job at once with a Configuration error', () => inLab(async (lab) => {
  await lab.worker('w1', ['broken1']);
  const job = await lab.submit();
  await state(lab, job, jobState.Finished);
  expect(await lab.job(job)).toMatchObject({ health: jobHealth.Incomplete, error_type: 'Configuration', error_msg: 'line 3: unexpected end of template' });
  // No further job is burnt on it.
  expect(await lab.device('broken1')).toEqual({ state: deviceState.Idle, health: deviceHealth.Bad });
  expect((await lab.connection.db.selectFrom('audit_log').select('message').where('object', '=', 'broken1').execute()).at(-1)).toEqual({ message: 'Good → Bad (Invalid device configuration)' });
}));

test('jobs of a disabled worker fail with the reason', () => inLab(async (lab) => {
  await lab.worker('w1', ['q1']);
  await lab.connection.db.updateTable('workers').set({ display: false }).execute();
  const job = await lab.submit();
  await state(lab, job, jobState.Finished);
  expect(await lab.job(job)).toMatchObject({ health: jobHealth.Incomplete, error_type: 'Infrastructure', failure_comment: expect.stringContaining('worker w1 of q1 is disabled') });
}));

test('a worker that nobody made known is refused and told why', () => inLab(async (lab) => {
  const worker = new FakeWorker('stranger', lab.core.link.addresses);
  try {
    await until(() => worker.refusals[0], 'a refusal');
    expect(worker.refusals[0]).toContain('lava-server manage workers add stranger');
    expect(worker.endpoint.connected).toBe(false);
  } finally {
    await worker.close();
  }
}));

test('an old fence changes nothing: its log is refused, its end is only acknowledged', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await worker.log(start, 0, [record('info', 'mine')]);
  const old = { job, fence: start.fence + 1 };
  expect(await worker.log(old, 1, [record('info', 'not mine')])).toMatchObject({ type: 'LOG_REFUSED' });
  await worker.end(old, { result: 'fail', errorType: 'Bug' });
  worker.held = [start];
  expect((await lab.job(job)).state).toBe(jobState.Running);
  expect(await lab.core.services.logs.count(job)).toBe(1);
  // The live attempt goes on.
  expect(await worker.log(start, 1, [record('info', 'mine too')])).toMatchObject({ type: 'LOG_OK', lines: 2 });
  await worker.end(start, { logLines: 2 });
  expect(await worker.log(start, 2, [record('info', 'too late')])).toMatchObject({ type: 'LOG_REFUSED' });
  expect(await lab.core.services.logs.count(job)).toBe(2);
}));

test('a worker cannot speak for the job of another one', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const other = await lab.worker('w2', []);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await state(lab, job, jobState.Running);
  expect(await other.log(start, 0, [record('info', 'forged')])).toMatchObject({ type: 'LOG_REFUSED' });
  await other.end(start, { result: 'pass' });
  expect((await lab.job(job)).state).toBe(jobState.Running);
  expect(await worker.log(start, 0, [record('info', 'real')])).toMatchObject({ type: 'LOG_OK', lines: 1 });
  await worker.end(start);
}));

test('records that come twice are stored once; after a gap the worker is told where to go on', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  const lines = Array.from({ length: 6 }, (_, n) => record('results', { definition: 's', case: `c${n}`, result: 'pass' }));
  expect(await worker.log(start, 0, lines.slice(0, 3))).toMatchObject({ lines: 3 });
  expect(await worker.log(start, 5, lines.slice(5))).toMatchObject({ lines: 3 });
  expect(await worker.log(start, 0, lines.slice(0, 3))).toMatchObject({ lines: 3 });
  expect(await worker.log(start, 1, lines.slice(1, 6))).toMatchObject({ lines: 6 });
  expect(await worker.log(start, 0, [])).toMatchObject({ lines: 6 });
  await worker.end(start, { logLines: 6 });
  expect((await lab.core.services.logs.read(job, 0)).toString()).toBe(lines.join(''));
  const cases = await lab.connection.db.selectFrom('test_cases').select('name').orderBy('id').execute();
  expect(cases.map((c) => c.name)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
}));

describe('leases', () => {
  const expireNow = (lab: TestLab) => lab.connection.db.updateTable('attempts').set({ lease_expires: new Date(Date.now() - 1000) }).execute();

  test('a silent worker loses its job; the device is free, and the old attempt is refused', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit();
    const start = await worker.started(job);
    worker.accept(start);
    await worker.log(start, 0, [record('results', { definition: 's', case: 'before', result: 'pass' })]);
    await lab.core.link.leases.look();
    await expireNow(lab);
    await lab.core.link.leases.look();
    expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Incomplete, error_type: 'Infrastructure', error_msg: 'Worker w1 was silent for more than 90 seconds: the job is given up' });
    expect(await lab.device('q1')).toEqual({ state: deviceState.Idle, health: deviceHealth.Unknown });
    expect(await lab.connection.db.selectFrom('test_cases').select('name').execute()).toEqual([{ name: 'before' }]);
    expect(await worker.log(start, 1, [record('info', 'too late')])).toMatchObject({ type: 'LOG_REFUSED' });
    // Another job takes the device; the old end does not touch it.
    const next = await lab.submit();
    const again = await worker.started(next);
    worker.accept(again);
    await state(lab, next, jobState.Running);
    await worker.end(start, { result: 'pass' });
    expect(await lab.device('q1')).toMatchObject({ state: deviceState.Running });
    await worker.end(again);
  }));

  test('an outage of the server or its database expires none: all start anew', async () => {
    let time = 0;
    await inLab(async (lab) => {
      const worker = await lab.worker('w1', ['q1']);
      const job = await lab.submit();
      worker.accept(await worker.started(job));
      await state(lab, job, jobState.Running);
      await lab.core.link.leases.look();
      await expireNow(lab);
      // Nobody looked for a minute: the server stood still.
      time += 60_000;
      await lab.core.link.leases.look();
      expect((await lab.job(job)).state).toBe(jobState.Running);
      await expireNow(lab);
      lab.core.link.leases.outage();
      await lab.core.link.leases.look();
      expect((await lab.job(job)).state).toBe(jobState.Running);
      await expireNow(lab);
      await lab.restart();
      expect((await lab.job(job)).state).toBe(jobState.Running);
      const { lease_expires } = await lab.connection.db.selectFrom('attempts').select('lease_expires').executeTakeFirstOrThrow();
      expect(lease_expires.getTime()).toBeGreaterThan(Date.now() + 60_000);
    }, { clock: () => time });
  });

  test('one that was written while the clock was wrong starts anew', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit();
    worker.accept(await worker.started(job));
    await state(lab, job, jobState.Running);
    await lab.core.link.leases.look();
    await lab.connection.db.updateTable('attempts').set({ lease_expires: new Date(Date.now() - 3_600_000) }).execute();
    await lab.core.link.leases.look();
    expect((await lab.job(job)).state).toBe(jobState.Running);
    const { lease_expires } = await lab.connection.db.selectFrom('attempts').select('lease_expires').executeTakeFirstOrThrow();
    expect(lease_expires.getTime()).toBeGreaterThan(Date.now());
  }));

  test('PING renews the leases it names, and only those', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1', 'q2']);
    const jobs = [await lab.submit(), await lab.submit()];
    const starts = [await worker.started(jobs[0]!), await worker.started(jobs[1]!)];
    for (const start of starts) worker.accept(start);
    await state(lab, jobs[0]!, jobState.Running);
    await state(lab, jobs[1]!, jobState.Running);
    worker.held = [{ job: jobs[0]!, fence: starts[0]!.fence }];
    // The worker pings every second; a renewed lease is one of four seconds.
    await lab.connection.db.updateTable('attempts').set({ lease_expires: new Date(Date.now() + 3_600_000) }).execute();
    const renewed = () => lab.connection.db.selectFrom('attempts').select('job').where('lease_expires', '<', new Date(Date.now() + 60_000)).execute();
    await until(async () => (await renewed()).length > 0, 'a renewed lease');
    expect(await renewed()).toEqual([{ job: jobs[0] }]);
  }, { lease: 4 }));
});

test('of a finish and a cancel at the same time exactly one wins, and the device is always free', () => inLab(async (lab) => {
  const { connection: { db }, core } = lab;
  const stored = { db, events: core.services.events };
  await db.insertInto('workers').values({ hostname: 'w9' }).execute();
  for (let n = 0; n < 10; n++) {
    await db.insertInto('devices').values({ hostname: `r${n}`, device_type: 'qemu', worker: 'w9', health: deviceHealth.Good }).execute();
  }
  const jobs = await Promise.all(Array.from({ length: 10 }, () => lab.submit()));
  await Promise.all(jobs.map(async (job, n) => {
    const [attempt] = await change(stored, 'test', (c) => placeJobs(c, [{ jobs: [{ job, device: `r${n}`, worker: 'w9' }] }], 90));
    if (!attempt) throw new Error(`job ${job} was not placed`);
    await change(stored, 'test', (c) => startJob(c, attempt));
    const finish = () => change(stored, 'test', (c) => finishJob(c, job, attempt.fence, { result: 'pass' }));
    const ended = await Promise.all([finish(), change(stored, 'test', (c) => cancelJob(c, job)), finish(), finish()]);
    expect([ended[0], ended[2], ended[3]].filter(Boolean)).toHaveLength(1);
    expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: ended[1] ? jobHealth.Canceled : jobHealth.Complete });
    expect(await lab.device(`r${n}`)).toEqual({ state: deviceState.Idle, health: deviceHealth.Good });
  }));
  expect(await db.selectFrom('attempts').select('job').where('ended_at', 'is', null).execute()).toEqual([]);
}));

test('of many who want one device only one gets it', () => inLab(async (lab) => {
  const { connection: { db }, core } = lab;
  const stored = { db, events: core.services.events };
  await db.insertInto('workers').values({ hostname: 'w9' }).execute();
  await db.insertInto('devices').values({ hostname: 'r0', device_type: 'qemu', worker: 'w9', health: deviceHealth.Good }).execute();
  const jobs = await Promise.all(Array.from({ length: 8 }, () => lab.submit()));
  const taken = await Promise.all(jobs.map((job) => change(stored, 'test', (c) => placeJobs(c, [{ jobs: [{ job, device: 'r0', worker: 'w9' }] }], 90))));
  expect(taken.flat()).toHaveLength(1);
  expect(await db.selectFrom('jobs').select('id').where('state', '=', jobState.Scheduled).execute()).toHaveLength(1);
}));

test('two restarts of the server in the middle of a log: every line once, in order', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await state(lab, job, jobState.Running);
  const lines = Array.from({ length: 300 }, (_, n) => record(n % 10 ? 'target' : 'results', n % 10 ? `line ${n}` : { definition: 's', case: `c${n}`, result: 'pass' }));
  for (let n = 0; n < 300; n += 100) {
    expect(await worker.log(start, n, lines.slice(n, n + 100))).toMatchObject({ lines: n + 100 });
    if (n === 200) break;
    const { sessions } = worker;
    await lab.restart();
    await until(() => worker.sessions > sessions && worker.endpoint.connected, 'a new session');
    // The worker asks where to go on.
    expect(await worker.log(start, 0, [])).toMatchObject({ lines: n + 100 });
  }
  await worker.end(start, { logLines: 300 });
  expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
  expect((await lab.core.services.logs.read(job, 0)).toString()).toBe(lines.join(''));
  expect(await lab.connection.db.selectFrom('test_cases').select('log_line').orderBy('id').execute()).toEqual(Array.from({ length: 30 }, (_, n) => ({ log_line: n * 10 })));
}));

test('secrets of a definition are for its worker, and for who submitted it when it is submitted again', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const { db } = lab.connection;
  const other = await db.insertInto('users').values({ username: 'bob' }).returning(['id', 'username']).executeTakeFirstOrThrow();
  const job = await lab.submit('secrets: {TOKEN: hunter2} # of ada\n');
  const start = await worker.started(job);
  expect(start.files['job.yaml']).toContain('TOKEN: hunter2');
  const { definition, original_definition, multinode_definition } = await db.selectFrom('jobs').selectAll().where('id', '=', job).executeTakeFirstOrThrow();
  expect(original_definition).toContain("secrets: {TOKEN: '[MASKED]'} # of ada\n");
  expect(definition + multinode_definition + await lab.core.services.logs.file(job, 'job.yaml')).not.toContain('hunter2');
  worker.accept(start);
  await worker.end(start);

  const again = await lab.core.services.jobs.resubmit(job, lab.user);
  const second = await worker.started(again!.ids[0]!);
  expect(second.files['job.yaml']).toContain('TOKEN: hunter2');
  worker.accept(second);
  await worker.end(second);
  await expect(lab.core.services.jobs.resubmit(job, other)).rejects.toMatchObject({ problems: expect.arrayContaining([expect.objectContaining({ code: 'masked-secret', path: ['secrets', 'TOKEN'] })]) as unknown });
}));

test('a job that is given another definition keeps the secrets that are hidden in it, and no other', () => inLab(async (lab) => {
  const { db } = lab.connection;
  const worker = await lab.worker('w1', ['q1']);
  const before = await worker.started(await lab.submit());
  worker.accept(before);
  const job = await lab.submit('secrets: {TOKEN: hunter2, OLD: fishes}\n');
  const { definition } = await db.selectFrom('jobs').select('definition').where('id', '=', job).executeTakeFirstOrThrow();
  const replace = (text: string) => db.transaction().execute((trx) => replaceDefinition(trx, job, text));
  await replace(definition.replace(/^( +)OLD: .*/m, '$1NEW: birds'));
  await worker.end(before);
  const start = await worker.started(job);
  expect((loadYaml(start.files['job.yaml']!) as { secrets: object }).secrets).toEqual({ TOKEN: 'hunter2', NEW: 'birds' });
  const kept = await db.selectFrom('jobs').select('definition').where('id', '=', job).executeTakeFirstOrThrow();
  expect((loadYaml(kept.definition) as { secrets: object }).secrets).toEqual({ TOKEN: '[MASKED]', NEW: '[MASKED]' });
  await replace(definition.replace(/^secrets:(\n .*)+/m, ''));
  expect(await db.selectFrom('job_secrets').selectAll().where('job', '=', job).execute()).toEqual([]);
}));

describe('the end of an attempt whose log was cut off on the server', () => {
  const begun = async (lab: TestLab, worker: FakeWorker) => {
    const job = await lab.submit();
    const start = await worker.started(job);
    worker.accept(start);
    await state(lab, job, jobState.Running);
    const result = (name: string) => record('results', { definition: 's', case: name, result: 'pass' });
    const lines = [record('target', 'line 0'), result('kept'), record('debug', 'start: 1 boot (timeout 00:01:00)'), record('target', 'line 3'), record('debug', 'end: 1 boot (duration 00:00:01)'), result('lost')];
    await worker.log(start, 0, lines);
    await until(async () => (await results(lab)).length === 2, 'results');
    const path = (await lab.core.services.logs.path(job))!;
    const { sessions } = worker;
    await lab.restart(0, () => writeFile(path, lines.slice(0, 4).join('')));
    await until(() => worker.sessions > sessions && worker.endpoint.connected, 'a new session');
    return { job, start, lines };
  };
  const results = (lab: TestLab) => lab.connection.db.selectFrom('test_cases').select(['id', 'name', 'log_line']).orderBy('id').execute();
  const actions = (lab: TestLab) => lab.connection.db.selectFrom('job_actions').select(['start_line', 'end_line']).execute();

  test('waits for the lines that the worker sends again', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const { job, start, lines } = await begun(lab, worker);
    let ended = false;
    const end = worker.end(start, { logLines: 6 }).then(() => { ended = true; });
    expect(await worker.log(start, 0, [])).toMatchObject({ lines: 4 });
    await sleep(1500);
    expect([ended, (await lab.job(job)).state]).toEqual([false, jobState.Running]);
    await worker.log(start, 4, lines.slice(4));
    await end;
    expect((await lab.job(job)).state).toBe(jobState.Finished);
    expect((await lab.core.services.logs.read(job, 0)).toString()).toBe(lines.join(''));
    expect([await results(lab), await actions(lab)]).toEqual([[{ id: 1, name: 'kept', log_line: 1 }, { id: 2, name: 'lost', log_line: 5 }], [{ start_line: 2, end_line: 4 }]]);
  }));

  test('is that of another run when the worker was set back, too; what was seen stays without a line', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const { job, start, lines } = await begun(lab, worker);
    const others = [record('error', 'the run is gone'), record('results', { definition: 'lava', case: 'job', result: 'fail', error_type: 'Infrastructure', error_msg: 'gone' })];
    await worker.log(start, 4, others);
    await worker.end(start, { result: 'fail', logLines: 6 });
    expect((await lab.core.services.logs.read(job, 0)).toString()).toBe([...lines.slice(0, 4), ...others].join(''));
    expect([await results(lab), await actions(lab)]).toEqual([[{ id: 1, name: 'kept', log_line: 1 }, { id: 2, name: 'lost', log_line: null }, { id: 3, name: 'job', log_line: 5 }], [{ start_line: 2, end_line: null }]]);
    expect(await lab.job(job)).toMatchObject({ error_type: 'Infrastructure', error_msg: 'gone' });
  }));

  test('does not wait for lines that nobody has any more', () => withLab(databases, async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const { job, start, lines } = await begun(lab, worker);
    await worker.end(start, { logLines: 6 });
    expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
    expect((await lab.core.services.logs.read(job, 0)).toString()).toBe(lines.slice(0, 4).join(''));
  }, { lease: 3 }));
});

test('a session that breaks while a result of a new suite is being stored loses nothing', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const { db } = lab.connection;
  // A sequence counts on whatever becomes of the transaction.
  await sql`create sequence tries`.execute(db);
  await sql`create function break_once() returns trigger language plpgsql as $$ begin
    if nextval('tries') = 1 then perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); end if; return new; end $$`.execute(db);
  await sql`create trigger break_once before insert on test_cases for each row execute function break_once()`.execute(db);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await worker.log(start, 0, [record('results', { definition: 's', case: 'a', result: 'pass', set: 'x' })]);
  await worker.end(start, { logLines: 1 });
  expect(await db.selectFrom('test_cases').select(['name', 'log_line']).execute()).toEqual([{ name: 'a', log_line: 0 }]);
  expect((await sql<{ tries: number }>`select last_value::int as tries from tries`.execute(db)).rows).toEqual([{ tries: 2 }]);
}));

test('PostgreSQL killed while records flow: nothing lost, nothing doubled, the job passes', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await state(lab, job, jobState.Running);
  const lines = Array.from({ length: 400 }, (_, n) => record(n % 4 ? 'target' : 'results', n % 4 ? `line ${n}` : { definition: 's', case: `c${n}`, result: 'pass' }));
  for (let n = 0; n < 400; n += 20) {
    if (n % 100 === 60) process.kill((await until(() => findPostmaster(`${databases.folder}/postgresql/data`), 'PostgreSQL')).pid, 'SIGKILL');
    await until(async () => ((await worker.log(start, n, lines.slice(n, n + 20))) as { lines?: number }).lines === n + 20, `records from ${n}`);
  }
  await worker.end(start, { logLines: 400 });
  expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
  expect((await lab.core.services.logs.read(job, 0)).toString()).toBe(lines.join(''));
  expect(await lab.connection.db.selectFrom('test_cases').select('log_line').orderBy('id').execute()).toEqual(Array.from({ length: 100 }, (_, n) => ({ log_line: n * 4 })));
}));

test('forty jobs on six devices of three workers: a device runs one at a time, all jobs end, nothing idles at the end', () => inLab(async (lab) => {
  const workers = await Promise.all(['a', 'b', 'c'].map((name) => lab.worker(name, [`${name}1`, `${name}2`])));
  const jobs = await Promise.all(Array.from({ length: 40 }, (_, n) => lab.submit(n % 8 === 0 ? 'device: a1\n' : `priority: ${n}\n`)));
  let left = jobs.length;
  await Promise.all(workers.map(async (worker) => {
    const seen = new Set<number>();
    while (left > 0) {
      const start = await until(() => left === 0 ? 'done' : worker.orders.find((o) => o.type === 'START' && !seen.has(o.job)), 'another START');
      if (start === 'done') return;
      seen.add(start.job);
      worker.accept(start);
      void worker.log(start, 0, [record('results', { definition: 's', case: 'x', result: 'pass' })]).then(() => worker.end(start, { logLines: 1 })).then(() => { left--; });
    }
  }));
  const { db } = lab.connection;
  expect(await db.selectFrom('jobs').select('health').where('state', '=', jobState.Finished).where('health', '=', jobHealth.Complete).execute()).toHaveLength(40);
  expect(await db.selectFrom('test_cases').select('job').distinct().execute()).toHaveLength(40);
  expect(await db.selectFrom('attempts').select('job').execute()).toHaveLength(40);
  expect((await db.selectFrom('devices').select('hostname').where('state', '=', deviceState.Idle).execute())).toHaveLength(6);
  const pinned = await db.selectFrom('jobs').select('actual_device').where('requested_device', '=', 'a1').execute();
  expect(new Set(pinned.map((j) => j.actual_device))).toEqual(new Set(['a1']));
}));
