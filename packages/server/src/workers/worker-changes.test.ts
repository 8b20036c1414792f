import { deviceHealths, type WorkerHealth } from '@lava/job';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventBus } from '../event-bus.ts';
import { change, type Stored } from '../store/change.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { workerHealth } from '../store/numbers.ts';
import { changeWorkerHealth } from './worker-changes.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

/** Healths of a worker's devices, which had each health there is, after the worker went from one health to another. */
async function devicesAfter({ db, events }: Stored, from: WorkerHealth, to: WorkerHealth): Promise<string[]> {
  const hostname = `${from}-${to}`;
  await db.insertInto('workers').values({ hostname, health: workerHealth[from] }).execute();
  await db.insertInto('devices').values(deviceHealths.map((name, health) => ({ hostname: `${hostname}-${name}`, device_type: 'qemu', worker: hostname, health }))).execute();
  expect(await change({ db, events }, 'ada', (c) => changeWorkerHealth(c, hostname, to, 'a reason'))).toBe(true);
  const rows = await db.selectFrom('devices').select(['hostname', 'health']).where('worker', '=', hostname).execute();
  return deviceHealths.map((name) => deviceHealths[rows.find((d) => d.hostname === `${hostname}-${name}`)!.health]!);
}

test('devices follow their worker out of service and back', async () => {
  const connection = await databases.fresh();
  const stored = { db: connection.db, events: eventBus(quietLog) };
  await stored.db.insertInto('device_types').values({ name: 'qemu' }).execute();
  expect(await devicesAfter(stored, 'Maintenance', 'Active')).toEqual(['Unknown', 'Unknown', 'Looping', 'Bad', 'Maintenance', 'Retired']);
  expect(await devicesAfter(stored, 'Retired', 'Active')).toEqual([...deviceHealths]);
  expect(await devicesAfter(stored, 'Active', 'Retired')).toEqual(['Retired', 'Retired', 'Retired', 'Bad', 'Retired', 'Retired']);
  expect(await devicesAfter(stored, 'Active', 'Maintenance')).toEqual([...deviceHealths]);
  expect(await change(stored, 'ada', (c) => changeWorkerHealth(c, 'nobody', 'Retired'))).toBe(false);
  const notes = await stored.db.selectFrom('audit_log').select('message').where('object', '=', 'Active-Retired').execute();
  expect(notes).toEqual([{ message: 'Active → Retired (a reason)' }]);
  await connection.close();
});
