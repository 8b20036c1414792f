import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withLab, type TestLab } from '../core/core.testing.ts';
import { until } from '../link/fake-worker.ts';
import { deviceHealth, deviceState, jobHealth, jobState } from '../store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';

// An attempt ends without its worker when the lease is over. When the worker is back it says how the device was left.

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const leftOn = { result: 'fail', errorType: 'Infrastructure', errorMessage: 'no answer from the PDU', poweredOff: false } as const;
const health = async (lab: TestLab) => (await lab.device('q1')).health;
const setGood = (lab: TestLab) => lab.core.services.devices.setHealth('q1', 'Good', 'ada');
const expire = async (lab: TestLab) => {
  await lab.core.link.leases.look();
  await lab.connection.db.updateTable('attempts').set({ lease_expires: new Date(Date.now() - 1000) }).execute();
  await lab.core.link.leases.look();
};

async function running(lab: TestLab, worker: Awaited<ReturnType<TestLab['worker']>>) {
  const job = await lab.submit();
  const start = await worker.started(job);
  worker.accept(start);
  await until(async () => (await lab.job(job)).state === jobState.Running, `job ${job} to run`);
  return start;
}

test('a device that was left on is quarantined, also when the attempt was over; the same report counts once', () => withLab(databases, async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const start = await running(lab, worker);
  await expire(lab);
  expect(await health(lab)).toBe(deviceHealth.Unknown);
  await worker.end(start, leftOn);
  expect(await health(lab)).toBe(deviceHealth.Bad);
  expect((await lab.job(start.job))).toMatchObject({ health: jobHealth.Incomplete, error_msg: expect.stringContaining('was silent') });
  const { db } = lab.connection;
  expect((await db.selectFrom('audit_log').select('message').where('kind', '=', 'device').orderBy('id').execute()).map((r) => r.message))
    .toContain(`Unknown → Bad (power-off after job ${start.job} was not done)`);
  // Somebody looks at it, and the worker, which never heard the answer, reports once more.
  await setGood(lab);
  await worker.end(start, leftOn);
  expect(await health(lab)).toBe(deviceHealth.Good);
}));

test('so does a report in time whose answer was lost', () => withLab(databases, async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const start = await running(lab, worker);
  await worker.end(start, leftOn);
  expect(await health(lab)).toBe(deviceHealth.Bad);
  await setGood(lab);
  await worker.end(start, leftOn);
  expect(await health(lab)).toBe(deviceHealth.Good);
}));

test('the job that has the device by then keeps it, and nobody gets it afterwards', () => withLab(databases, async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const old = await running(lab, worker);
  await expire(lab);
  const next = await running(lab, worker);
  await worker.end(old, leftOn);
  expect(await lab.device('q1')).toEqual({ state: deviceState.Running, health: deviceHealth.Bad });
  await worker.end(next);
  expect(await lab.job(next.job)).toMatchObject({ state: jobState.Finished, health: jobHealth.Complete });
  expect(await lab.device('q1')).toEqual({ state: deviceState.Idle, health: deviceHealth.Bad });
}));

test('no effect: it was switched off, a device under maintenance, another worker, a worker that knows nothing of it any more', () => withLab(databases, async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const other = await lab.worker('w2', []);
  const start = await running(lab, worker);
  await expire(lab);
  await worker.end(start, { ...leftOn, poweredOff: true });
  await other.end(start, leftOn);
  const from = worker.orders.length;
  worker.endpoint.send({ type: 'UNKNOWN', job: start.job, fence: start.fence });
  await until(() => worker.orders.slice(from).some((o) => o.type === 'END_OK'), 'the answer');
  expect(await health(lab)).toBe(deviceHealth.Unknown);
  await lab.core.services.devices.setHealth('q1', 'Maintenance', 'ada');
  await worker.end(start, leftOn);
  expect(await health(lab)).toBe(deviceHealth.Maintenance);
}));

test('a worker that speaks while the jobs of others are given up keeps its own', () => withLab(databases, async (lab) => {
  const { db } = lab.connection;
  const [silent, other] = [await running(lab, await lab.worker('w1', ['q1'])), await running(lab, await lab.worker('w2', ['q2']))];
  await lab.core.link.leases.look();
  await db.updateTable('attempts').set({ lease_expires: new Date(Date.now() - 1000) }).execute();
  let looking: Promise<void> | undefined;
  await db.transaction().execute(async (trx) => {
    await sql`select from jobs where id = ${silent.job} for update`.execute(trx);
    looking = lab.core.link.leases.look();
    await until(async () => (await sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(db)).rows.length > 0, 'the first to be given up');
    await db.updateTable('attempts').set({ lease_expires: new Date(Date.now() + 60_000) }).where('job', '=', other.job).execute();
  });
  await looking;
  expect((await lab.job(silent.job)).state).toBe(jobState.Finished);
  expect((await lab.job(other.job)).state).toBe(jobState.Running);
}));
