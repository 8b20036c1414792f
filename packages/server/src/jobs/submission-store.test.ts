import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventBus, type ServerEvent } from '../event-bus.ts';
import type { Connection } from '../store/connection.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import type { Submission } from './insert-jobs.ts';
import { SubmissionStore } from './submission-store.ts';

let databases: TestDatabases;
let connection: Connection;
const told: ServerEvent[] = [];
const events = eventBus(quietLog);

beforeAll(async () => {
  databases = await startTestDatabases();
  connection = await databases.fresh();
  await connection.db.insertInto('users').values([{ username: 'ada' }, { username: 'bob' }]).execute();
  await connection.db.insertInto('device_types').values({ name: 'qemu' }).execute();
  await connection.db.insertInto('tags').values([{ name: 'usb' }, { name: 'hdmi' }]).execute();
  events.subscribe((event) => told.push(event));
});
afterAll(() => databases.stop());

const submission = (name: string, { user = 1, device = null, tags = [] }: { user?: number; device?: string | null; tags?: number[] } = {}): Submission => ({
  accepted: {
    text: `job_name: ${name}\n`,
    wanted: {
      name, priority: 50, visibility: 'public', metadata: '{}', queueTimeout: null, retry: undefined,
      places: [{ role: undefined, count: 1, deviceType: 'qemu', device, worker: null, tags: [], path: [] }],
    },
    found: [{ type: 'qemu', device, worker: null, tags }],
  },
  submitter: { id: user, username: user === 1 ? 'ada' : 'bob' },
  defaults: { queueTimeout: 60, retry: undefined },
});

test('of submissions that come together each has its own end', async () => {
  const store = new SubmissionStore({ db: connection.db, events }, null);
  const given = [submission('first'), submission('second', { tags: [1, 2] }), submission('to a device that is gone', { device: 'gone' }), submission('last')];
  const ends = await Promise.allSettled(given.map((s) => store.store(s)));
  expect(ends.map((e) => e.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  const jobs = await connection.db.selectFrom('jobs').select(['id', 'description', 'original_definition', 'queue_timeout']).orderBy('id').execute();
  expect(jobs.map((j) => j.description)).toEqual(['first', 'second', 'last']);
  expect(jobs[1]).toMatchObject({ original_definition: 'job_name: second\n', queue_timeout: 60 });
  expect(ends.flatMap((e) => (e.status === 'fulfilled' ? e.value.map((j) => j.id) : []))).toEqual(jobs.map((j) => j.id));
  expect(await connection.db.selectFrom('job_tags').select(['job', 'tag_id']).orderBy('tag_id').execute()).toEqual([{ job: jobs[1]!.id, tag_id: 1 }, { job: jobs[1]!.id, tag_id: 2 }]);
  expect(told.flatMap((e) => (e.type === 'job' ? [e.id] : []))).toEqual(jobs.map((j) => j.id));
});

test('a limit counts what comes together, and holds nobody else up', async () => {
  const store = new SubmissionStore({ db: connection.db, events }, 5);
  const ends = await Promise.allSettled([1, 1, 2, 1, 2].map((user, n) => store.store(submission(`job ${n}`, { user }))));
  // Three of ada's are in the queue already.
  expect(ends.map((e) => e.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect((ends[3] as PromiseRejectedResult).reason).toMatchObject({ code: 'queue-limit', message: 'You have 5 jobs in the queue and may have 5; this submission would add 1' });
});
