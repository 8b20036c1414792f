import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withLab, type TestLab } from '../core/core.testing.ts';
import { until } from '../link/fake-worker.ts';
import { deviceHealth, jobHealth, jobState } from '../store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const inLab = (work: (lab: TestLab) => Promise<void>) => withLab(databases, async (lab) => {
  await lab.connection.db.insertInto('users').values({ username: 'lava-health', is_active: false }).execute();
  await work(lab);
});

async function writeCheck(lab: TestLab, name: string, text: string): Promise<void> {
  const path = join(lab.core.services.paths.dispatcherConfig, 'health-checks', `${name}.yaml`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const check = 'job_name: look\nvisibility: public\ntimeouts: {job: {minutes: 1}}\ncontext: {factor: 1.0}\nactions: []\n';

test('a device is checked before it runs anything, by the definition of the template that it extends', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const { db } = lab.connection;
  await writeCheck(lab, 'board', check);
  await lab.core.services.devices.setHealth('q1', 'Maintenance', 'ada');
  await lab.core.services.devices.setDictionary('q1', "{% extends 'board.jinja2' %}\n", 'ada');
  const waiting = await lab.submit();
  await lab.core.services.devices.setHealth('q1', 'Unknown', 'ada');
  const made = await until(() => db.selectFrom('jobs').selectAll().where('health_check', '=', true).executeTakeFirst(), 'a health check');
  expect(made).toMatchObject({ description: 'look', actual_device: 'q1', requested_device: 'q1', is_public: true, definition: check.replace('{job: {minutes: 1}}', '\n  job:\n    minutes: 1').replace('{factor: 1.0}', '\n  factor: 1.0').replaceAll(': \n', ':\n') });
  const start = await worker.started(made.id);
  worker.accept(start);
  expect((await lab.job(waiting)).state).toBe(jobState.Submitted);
  await worker.end(start);
  expect(await lab.job(made.id)).toMatchObject({ health: jobHealth.Complete });
  expect((await lab.device('q1')).health).toBe(deviceHealth.Good);
  // Checked: now the job has it, and no further check is made.
  const next = await worker.started(waiting);
  worker.accept(next);
  await worker.end(next);
  expect(await db.selectFrom('jobs').select('id').where('health_check', '=', true).execute()).toHaveLength(1);
  // What somebody used counts, the server's own checks do not.
  const users = await db.selectFrom('device_use').innerJoin('users', 'users.id', 'submitter').select('username').execute();
  expect(users).toEqual([{ username: 'ada' }]);
}));

test('a health check that is no job takes the device out of service and says why', () => inLab(async (lab) => {
  await lab.worker('w1', ['q1']);
  await writeCheck(lab, 'board', 'job_name: [\n');
  await lab.core.services.devices.setHealth('q1', 'Maintenance', 'ada');
  await lab.core.services.devices.setDictionary('q1', "{% extends 'board.jinja2' %}\n", 'ada');
  await lab.core.services.devices.setHealth('q1', 'Unknown', 'ada');
  await until(async () => (await lab.device('q1')).health === deviceHealth.Bad, 'a Bad device');
  const notes = await lab.connection.db.selectFrom('audit_log').select('message').where('object', '=', 'q1').orderBy('id').execute();
  expect(notes.at(-1)).toEqual({ message: 'Unknown → Bad (Invalid health check)' });
  expect(await lab.connection.db.selectFrom('jobs').select('id').execute()).toEqual([]);
}));

test('a member of a group may queue as many jobs as the group is allowed, and reads why not more', () => inLab(async (lab) => {
  await lab.worker('w1', ['q1']);
  const { db } = lab.connection;
  await lab.core.services.devices.setHealth('q1', 'Maintenance', 'ada');
  const { id } = await db.insertInto('groups').values({ name: 'kernel' }).returning('id').executeTakeFirstOrThrow();
  await db.insertInto('user_groups').values({ user_id: lab.user.id, group_id: id }).execute();
  await db.insertInto('group_shares').values({ group_id: id, queue_limit: 2 }).execute();
  const ends = await Promise.allSettled(Array.from({ length: 5 }, () => lab.submit()));
  expect(ends.filter((e) => e.status === 'fulfilled')).toHaveLength(2);
  await expect(lab.submit()).rejects.toMatchObject({ code: 'queue-limit', message: 'You have 2 jobs in the queue and may have 2; this submission would add 1' });
}));
