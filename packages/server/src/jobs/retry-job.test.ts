import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttemptRef, Order } from '@lava/link';
import { withLab, type TestLab } from '../core/core.testing.ts';
import { record, until, type FakeWorker } from '../link/fake-worker.ts';
import { change } from '../store/change.ts';
import { deviceHealth, deviceState, jobHealth, jobState } from '../store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { finishJob, startJob } from './job-changes.ts';
import { cancelGroup } from './group-changes.ts';
import { placeJobs } from './place-jobs.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const inLab = (work: (lab: TestLab) => Promise<void>) => withLab(databases, work);

type Start = Extract<Order, { type: 'START' }>;
const startOf = (worker: FakeWorker, job: number, fence: number) =>
  until(() => worker.orders.find((o): o is Start => o.type === 'START' && o.job === job && o.fence === fence), `START of attempt ${fence} of job ${job}`);
const inState = (lab: TestLab, job: number, state: number) => until(async () => (await lab.job(job)).state === state, `job ${job} in state ${state}`);
const states = (lab: TestLab, job: number) => lab.events.flatMap((e) => (e.type === 'job' && e.id === job ? [e.state] : []));
const audit = async (lab: TestLab, object: string | number) => (await lab.connection.db.selectFrom('audit_log').select('message').where('object', '=', String(object)).orderBy('id').execute()).map((r) => r.message);
const logOf = async (lab: TestLab, job: number) => (await lab.core.services.logs.read(job, 0)).toString();

const noPower = { result: 'fail', errorType: 'Infrastructure', errorMessage: 'no PDU' } as const;
const verdict = (msg: object) => record('results', { definition: 'lava', case: 'job', ...msg });

async function runs(lab: TestLab, worker: FakeWorker, attempt: AttemptRef): Promise<void> {
  worker.accept(attempt);
  await inState(lab, attempt.job, jobState.Running);
}

describe('a job that asks for it', () => {
  test('runs again on another device; its log goes on and its results are those of the last attempt', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1', 'q2']);
    const job = await lab.submit('retry: {}\n');
    const first = await startOf(worker, job, 1);
    await runs(lab, worker, first);
    const failed = await lab.job(job);
    const lines = [
      record('debug', 'start: 1 power-on (timeout 00:01:00)'), record('results', { definition: 's', case: 'first', result: 'pass', starttc: 0, endtc: 1 }),
      verdict({ result: 'fail', error_type: 'Infrastructure', error_msg: 'no PDU', error_code: 'power-failed' }),
    ];
    await worker.log(first, 0, lines);
    await worker.end(first, { ...noPower, logLines: 3 });

    const second = await startOf(worker, job, 2);
    const { actual_device: device } = await lab.job(job);
    expect([failed.actual_device, device].sort()).toEqual(['q1', 'q2']);
    expect(await lab.device(failed.actual_device!)).toEqual({ state: deviceState.Idle, health: deviceHealth.Unknown });
    await runs(lab, worker, second);
    // What the first attempt still has to say changes nothing.
    expect(await worker.log(first, 3, [record('info', 'too late')])).toMatchObject({ type: 'LOG_REFUSED' });
    worker.endpoint.send({ type: 'END', job, fence: 1, result: 'pass', errorType: '', errorMessage: '', errors: '', description: '', logLines: 3, poweredOff: true });

    const more = [record('info', 'once more'), record('results', { definition: 's', case: 'second', result: 'pass', starttc: 0, endtc: 1 }), verdict({ result: 'pass' })];
    expect(await worker.log(second, 0, more)).toMatchObject({ type: 'LOG_OK', lines: 3 });
    await worker.end(second, { logLines: 3 });
    expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete, error_type: null, error_code: null });

    const text = await logOf(lab, job);
    const separator = text.split('\n')[3]!;
    expect(text).toBe([...lines, `${separator}\n`, ...more].join(''));
    expect(separator).toContain(`"lvl": "warning", "msg": "Attempt 1 on ${failed.actual_device} ended (power-failed: no PDU). Attempt 2 runs on ${device} of worker w1."`);
    const { db } = lab.connection;
    expect(await db.selectFrom('test_cases').select(['name', 'start_log_line', 'end_log_line', 'log_line']).orderBy('id').execute()).toEqual([
      { name: 'second', start_log_line: 4, end_log_line: 5, log_line: 5 }, { name: 'job', start_log_line: null, end_log_line: null, log_line: 6 },
    ]);
    expect(await db.selectFrom('job_actions').select('name').execute()).toEqual([]);
    expect(states(lab, job)).toEqual(['Submitted', 'Scheduled', 'Running', 'Submitted', 'Scheduled', 'Running', 'Finished']);
    expect(await audit(lab, job)).toContain('Running → Submitted, attempt 2 of at most 2 (power-failed: no PDU)');
    expect(await db.selectFrom('attempts').select(['fence', 'error_type', 'error_code']).orderBy('fence').execute())
      .toEqual([{ fence: 1, error_type: 'Infrastructure', error_code: 'power-failed' }, { fence: 2, error_type: null, error_code: null }]);
  }));

  test('ends when its attempts are used up, with the error of the last', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit('retry: {count: 2, reasons: [Job]}\n');
    for (const fence of [1, 2, 3]) {
      const start = await startOf(worker, job, fence);
      await runs(lab, worker, start);
      await worker.end(start, { result: 'fail', errorType: 'Job', errorMessage: `failure ${fence}`, errors: `trace ${fence}` });
    }
    expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Incomplete, error_msg: 'failure 3', failure_comment: 'trace 3' });
  }));

  test('ends at once for a reason that it does not name, and when it has passed', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    for (const end of [{ result: 'fail', errorType: 'Job', errorMessage: 'no prompt' }, { result: 'pass' }] as const) {
      const job = await lab.submit('retry: {count: 3}\n');
      const start = await startOf(worker, job, 1);
      worker.accept(start);
      await worker.end(start, end);
      expect((await lab.job(job)).state).toBe(jobState.Finished);
    }
  }));

  test('gets another worker when its own is silent', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit('retry: {reasons: [lease-expired]}\n');
    const start = await startOf(worker, job, 1);
    await runs(lab, worker, start);
    await worker.log(start, 0, [record('info', 'I run')]);
    const other = await lab.worker('w2', ['q2']);
    await lab.core.link.leases.look();
    await lab.connection.db.updateTable('attempts').set({ lease_expires: new Date(Date.now() - 1000) }).where('job', '=', job).execute();
    await lab.core.link.leases.look();
    const again = await startOf(other, job, 2);
    await runs(lab, other, again);
    await other.log(again, 0, [record('info', 'I run, too')]);
    // The first worker is back.
    await worker.end(start, { result: 'pass' });
    await other.end(again, { logLines: 1 });
    expect(await lab.job(job)).toMatchObject({ health: jobHealth.Complete, actual_device: 'q2' });
    expect((await logOf(lab, job)).split('\n')).toHaveLength(4);
  }));

  test('can be canceled while it waits for its delay', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit('retry: {delay: {hours: 1}}\n');
    const start = await startOf(worker, job, 1);
    await runs(lab, worker, start);
    await worker.log(start, 0, [record('debug', 'start: 1 power-on (timeout 00:01:00)'), record('results', { definition: 's', case: 'first', result: 'pass' })]);
    await worker.end(start, { ...noPower, logLines: 2 });
    await inState(lab, job, jobState.Submitted);
    expect(await lab.core.services.jobs.waiting(job)).toMatchObject({ reason: 'It is tried again when its delay is over.' });
    // Others have the device meanwhile.
    const other = await lab.submit();
    const others = await startOf(worker, other, 1);
    worker.accept(others);
    await worker.end(others);
    await lab.core.services.jobs.cancel(job, 'ada');
    expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });
    expect(states(lab, job).filter((s) => s === 'Finished')).toHaveLength(1);
    // It had one attempt only: what that gave is what it has.
    const { db } = lab.connection;
    expect(await db.selectFrom('test_cases').select(['name', 'log_line']).where('job', '=', job).execute()).toEqual([{ name: 'first', log_line: 1 }]);
    expect(await db.selectFrom('job_actions').select('name').where('job', '=', job).execute()).toEqual([{ name: 'power-on' }]);
  }));

  test('starts when its delay is over', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit('retry: {delay: {seconds: 1}}\n');
    const start = await startOf(worker, job, 1);
    await runs(lab, worker, start);
    await worker.end(start, noPower);
    const again = await startOf(worker, job, 2);
    const [first, second] = await lab.connection.db.selectFrom('attempts').select(['created_at', 'ended_at']).orderBy('fence').execute();
    expect(second!.created_at.getTime() - first!.ended_at!.getTime()).toBeGreaterThanOrEqual(900);
    worker.accept(again);
    await worker.end(again);
  }));

  test('goes on where it was when the server is restarted between two lines of its second attempt', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit('retry: {}\n');
    const start = await startOf(worker, job, 1);
    await runs(lab, worker, start);
    await worker.log(start, 0, [record('info', 'one'), record('info', 'two')]);
    await worker.end(start, noPower);
    const again = await startOf(worker, job, 2);
    await runs(lab, worker, again);
    await worker.log(again, 0, [record('info', 'three')]);
    await lab.restart();
    expect(await worker.log(again, 1, [record('results', { definition: 's', case: 'a', result: 'pass', starttc: 0 })])).toMatchObject({ lines: 2 });
    await worker.end(again, { logLines: 2 });
    const lines = (await logOf(lab, job)).split('\n').map((line) => /"msg": "?(\w+)/.exec(line)?.[1]);
    expect(lines).toEqual(['one', 'two', 'Attempt', 'three', undefined, undefined]);
    expect(await lab.connection.db.selectFrom('test_cases').select(['name', 'start_log_line', 'log_line']).execute()).toEqual([{ name: 'a', start_log_line: 3, log_line: 4 }]);
  }));

  test('is ended for good by an admin', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1']);
    const job = await lab.submit('retry: {}\n');
    await runs(lab, worker, await startOf(worker, job, 1));
    await change({ db: lab.connection.db, events: lab.core.services.events }, 'root', (c) => finishJob(c, job, undefined, { result: 'fail', errorType: 'Infrastructure', errorCode: 'ended-by-admin' }));
    expect((await lab.job(job)).state).toBe(jobState.Finished);
  }));
});

const group = `job_name: a group
visibility: public
timeouts: {job: {minutes: 5}}
retry: {}
protocols:
  lava-multinode:
    roles:
      server: {device_type: qemu, count: 1}
      client: {device_type: qemu, count: 1}
actions:
- deploy: {to: overlay, role: [server, client]}
`;

describe('a multinode group that asks for it', () => {
  const started = async (lab: TestLab, worker: FakeWorker) => {
    const { ids } = await lab.core.services.jobs.submit(group, lab.user);
    const starts = await Promise.all(ids.map((id) => startOf(worker, id, 1)));
    for (const start of starts) await runs(lab, worker, start);
    return { ids, starts };
  };

  test('runs again as a whole, and what it said before is forgotten', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1', 'q2', 'q3']);
    const { ids: [a, b], starts: [sa, sb] } = await started(lab, worker);
    worker.endpoint.send({ type: 'CALL', job: b!, fence: 1, call: 0, request: { request: 'group_data', role: 'client', group_size: 2 } });
    const calls = async () => (await sql`select from group_calls`.execute(lab.connection.db)).rows.length;
    await until(async () => (await calls()) === 1, 'the call');
    const before = (await lab.job(a!)).actual_device;
    await worker.end(sa!, noPower);
    await worker.order('CANCEL', b!);
    expect((await lab.job(a!)).state).toBe(jobState.Submitted);
    expect((await lab.job(b!)).state).toBe(jobState.Canceling);
    await worker.end(sb!, { result: 'fail', errorType: 'Canceled', errorMessage: 'The job was canceled' });
    const again = await Promise.all([startOf(worker, a!, 2), startOf(worker, b!, 2)]);
    expect((await lab.job(a!)).actual_device).not.toBe(before);
    expect(await calls()).toBe(0);
    for (const start of again) { await runs(lab, worker, start); await worker.end(start); }
    for (const id of [a!, b!]) expect(await lab.job(id)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
    expect(await audit(lab, b!)).toContain(`Running → Canceling (job ${a} of its group is tried again)`);
  }));

  test('is canceled as a whole while some of it still runs', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1', 'q2']);
    const { ids: [a, b], starts: [sa, sb] } = await started(lab, worker);
    await worker.end(sa!, noPower);
    await inState(lab, b!, jobState.Canceling);
    await lab.core.services.jobs.cancel(b!, 'ada');
    expect(await lab.job(a!)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });
    await worker.end(sb!, { result: 'fail', errorType: 'Canceled', errorMessage: 'The job was canceled' });
    expect(await lab.job(b!)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });
  }));

  test('does not run again when one of it has ended', () => inLab(async (lab) => {
    const worker = await lab.worker('w1', ['q1', 'q2']);
    const { ids: [a, b], starts: [sa, sb] } = await started(lab, worker);
    await worker.end(sb!);
    await worker.end(sa!, noPower);
    expect(await lab.job(a!)).toMatchObject({ state: jobState.Finished, health: jobHealth.Incomplete });
    expect(await lab.job(b!)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
  }));
});

test('of an end, a lost lease and a cancel at the same time the job has one outcome, and nothing is held', () => inLab(async (lab) => {
  const { connection: { db }, core } = lab;
  const stored = { db, events: core.services.events };
  await db.insertInto('workers').values({ hostname: 'w9' }).execute();
  const outcomes = await Promise.all(Array.from({ length: 12 }, async (_, n) => {
    await db.insertInto('devices').values({ hostname: `r${n}`, device_type: 'qemu', worker: 'w9', health: deviceHealth.Good }).execute();
    const job = await lab.submit('retry: {delay: {hours: 1}}\n');
    const [attempt] = await change(stored, 'test', (c) => placeJobs(c, [{ jobs: [{ job, device: `r${n}`, worker: 'w9' }] }], 90));
    await change(stored, 'test', (c) => startJob(c, attempt!));
    const end = () => change(stored, 'test', (c) => finishJob(c, job, 1, noPower));
    const [one, canceled, two] = await Promise.all([end(), change(stored, 'ada', (c) => cancelGroup(c, job)), end()]);
    expect([one, two].filter(Boolean)).toHaveLength(1);
    expect(canceled).toBe(true);
    expect(await lab.device(`r${n}`)).toMatchObject({ state: deviceState.Idle });
    // Canceled before the end came, or while it waited for the next attempt.
    expect(await lab.job(job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });
    expect(states(lab, job).filter((s) => s === 'Finished')).toHaveLength(1);
    return one || two;
  }));
  expect(outcomes).toHaveLength(12);
}));
