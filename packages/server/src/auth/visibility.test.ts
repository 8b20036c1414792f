import * as fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Connection } from '../store/connection.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { may, permissionsOf, type Guarded, type ObjectKind } from './permissions.ts';
import type { User } from './users.ts';
import { guardedDevice, guardedType, grantsColumn, jobAccess, maySeeJob, permissionTable, visibleDevices, visibleDeviceTypes, visibleJobs, visibleWorkers, type JobAccess } from './visibility.ts';

/* The conditions of queries and the checks in the program are one rule written twice: they must agree in every lab. */

let databases: TestDatabases;
let connection: Connection;
beforeAll(async () => {
  databases = await startTestDatabases();
  connection = await databases.fresh();
  const { db } = connection;
  await db.insertInto('groups').values([{ name: 'a' }, { name: 'b' }]).execute();
  await db.insertInto('users').values([{ username: 'one' }, { username: 'two' }]).execute();
  await db.insertInto('device_types').values([{ name: 't1' }, { name: 't2' }]).execute();
  await db.insertInto('workers').values([{ hostname: 'w1' }]).execute();
  await db.insertInto('devices').values([{ hostname: 'd1', device_type: 't1' }, { hostname: 'd2', device_type: 't1' }, { hostname: 'd3', device_type: 't2' }]).execute();
});
afterAll(() => databases.stop());

const names: Record<ObjectKind, string[]> = { device: ['d1', 'd2', 'd3'], devicetype: ['t1', 't2'], worker: ['w1'] };
const row = fc.oneof(...(Object.keys(names) as ObjectKind[]).map((kind) =>
  fc.record({ kind: fc.constant(kind), name: fc.constantFrom(...names[kind]), group: fc.constantFrom(1, 2), permission: fc.constantFrom(...permissionsOf(kind)) })));
const job = fc.record({
  submitter: fc.constantFrom(1, 2), is_public: fc.boolean(), actual_device: fc.option(fc.constantFrom(...names.device)), requested_device_type: fc.option(fc.constantFrom(...names.devicetype)),
  target_group: fc.option(fc.constant('multinode')), groups: fc.constantFrom([], [], [1], [1, 2]),
});
const user = fc.option(fc.record({
  id: fc.constantFrom(1, 2, 3), isSuperuser: fc.boolean(), groups: fc.subarray([1, 2]),
  permissions: fc.subarray(['lava_scheduler_app.view_device', 'lava_scheduler_app.view_devicetype', 'lava_scheduler_app.submit_to_device', 'lava_scheduler_app.change_devicetype', 'lava_scheduler_app.view_worker']),
}).map((u): User => ({ ...u, username: 'somebody', isActive: true, isStaff: false })));

test('the conditions let through what the checks allow', async () => {
  const { db } = connection;
  await fc.assert(fc.asyncProperty(fc.uniqueArray(row, { maxLength: 8, selector: (r) => JSON.stringify(r) }), fc.array(job, { maxLength: 5 }), fc.array(user, { minLength: 1, maxLength: 5 }), async (rows, jobs, users) => {
    await db.transaction().execute(async (trx) => {
      for (const { kind, name, group, permission } of rows) {
        const { table, key } = permissionTable(kind);
        await sql`insert into ${sql.table(table)} (${sql.ref(key)}, group_id, permission) values (${name}, ${group}, ${permission})`.execute(trx);
      }
      for (const { groups, actual_device, ...columns } of jobs) {
        // A finished job: only one that runs holds its device alone.
        const { id } = await trx.insertInto('jobs').values({ ...columns, actual_device, state: 5, description: '', definition: '', original_definition: '' }).returning('id').executeTakeFirstOrThrow();
        for (const group_id of groups) await trx.insertInto('job_groups').values({ job: id, group_id }).execute();
      }
      for (const who of users) {
        const devices = await sql<{ of: Guarded; shown: boolean }>`select ${guardedDevice('devices.hostname', 'devices.device_type')} as of, ${visibleDevices(who)} as shown from devices`.execute(trx);
        const types = await sql<{ of: Guarded; shown: boolean }>`select ${guardedType('device_types.name')} as of, ${visibleDeviceTypes(who)} as shown from device_types`.execute(trx);
        const workers = await sql<{ of: Guarded; shown: boolean }>`select json_build_object('kind', 'worker', 'grants', ${grantsColumn('worker', 'workers.hostname')}) as of, ${visibleWorkers(who)} as shown from workers`.execute(trx);
        for (const { of, shown } of [...devices.rows, ...types.rows, ...workers.rows]) expect(shown).toBe(may(who, 'view', of));
        const all = await sql<{ access: JobAccess; shown: boolean }>`select ${jobAccess} as access, ${visibleJobs(who)} as shown from jobs`.execute(trx);
        expect(all.rows).toHaveLength(jobs.length);
        for (const { access, shown } of all.rows) expect(shown).toBe(maySeeJob(who, access));
      }
      throw new Undo();
    }).catch((error: unknown) => { if (!(error instanceof Undo)) throw error; });
  }), { numRuns: 150 });
});

/** Leaves the database as it was. */
class Undo extends Error {}
