import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventBus } from '../event-bus.ts';
import { SubmitError } from '../services.ts';
import { deviceHealth } from '../store/numbers.ts';
import type { Connection } from '../store/connection.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { jobService } from '../core/job-service.ts';

let databases: TestDatabases;
let connection: Connection;
let jobs: ReturnType<typeof jobService>;
const ada = { id: 1, username: 'ada' };

beforeAll(async () => {
  databases = await startTestDatabases();
  connection = await databases.fresh();
  const { db } = connection;
  jobs = jobService({ db, events: eventBus(quietLog) }, { contextVariables: [], queueTimeout: 3600 });
  await db.insertInto('users').values({ username: 'ada' }).execute();
  await db.insertInto('groups').values([{ name: 'kernel' }, { name: 'boot' }]).execute();
  await db.insertInto('device_types').values([{ name: 'qemu' }, { name: 'empty' }, { name: 'retired' }]).execute();
  await db.insertInto('aliases').values({ name: 'vm', device_type: 'qemu' }).execute();
  await db.insertInto('workers').values([{ hostname: 'w1' }, { hostname: 'w2' }]).execute();
  await db.insertInto('tags').values([{ name: 'usb' }, { name: 'hdmi' }]).execute();
  await db.insertInto('devices').values([
    { hostname: 'q1', device_type: 'qemu', worker: 'w1' }, { hostname: 'q2', device_type: 'qemu', worker: 'w2' },
    { hostname: 'r1', device_type: 'retired', worker: 'w1', health: deviceHealth.Retired },
  ]).execute();
  await db.insertInto('device_tags').values({ device: 'q1', tag_id: 1 }).execute();
});
afterAll(() => databases.stop());

const definition = (more = '', { type = 'qemu', visibility = 'public' } = {}) =>
  `# a comment\njob_name: smoke\ndevice_type: ${type}\nvisibility: ${visibility}\ntimeouts:\n  job: {minutes: 5}\nactions: []\n${more}`;

async function refused(text: string): Promise<SubmitError> {
  const error: unknown = await jobs.submit(text, ada).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(SubmitError);
  return error as SubmitError;
}

async function stored(text: string) {
  const { ids } = await jobs.submit(text, ada);
  return connection.db.selectFrom('jobs').selectAll().where('id', '=', ids[0]!).executeTakeFirstOrThrow();
}

test('a definition is kept as written and as normalised, with what lists and the scheduler need', async () => {
  const text = definition(String.raw`priority: high
tags: [usb]
metadata: {build: 12, "odd\0": "a\0b", path: 'C:\u0000', half: "\uD800"}
context: {arch: amd64}
`, { type: 'vm' });
  const job = await stored(text);
  expect(job).toMatchObject({
    description: 'smoke', original_definition: text, requested_device_type: 'qemu', requested_device: null, priority: 100, is_public: true, state: 0, health: 0, queue_timeout: 3600,
    metadata: { build: 12, 'odd\uFFFD': 'a\uFFFDb', path: 'C:\\u0000', half: '\uFFFD' },
  });
  expect(job.definition).toMatch(/^job_name: smoke\ndevice_type: vm\nvisibility: public\n/);
  expect(await connection.db.selectFrom('job_tags').selectAll().where('job', '=', job.id).execute()).toEqual([{ job: job.id, tag_id: 1 }]);
});

test('pins, numbers for priorities, a queue timeout of its own', async () => {
  const text = definition('device: q2\npriority: 7\n').replace('job: {minutes: 5}', 'job: {minutes: 5}\n  queue: {hours: 2}');
  expect(await stored(text)).toMatchObject({ requested_device: 'q2', requested_worker: 'w2', priority: 7, queue_timeout: 7200 });
});

test('personal jobs belong to the group named like their submitter, group jobs to the known groups', async () => {
  const groupsOf = async (text: string) => {
    const job = await stored(text);
    const groups = await connection.db.selectFrom('job_groups').innerJoin('groups', 'groups.id', 'group_id').select('name').where('job', '=', job.id).orderBy('name').execute();
    return [job.is_public, ...groups.map((g) => g.name)];
  };
  expect(await groupsOf(definition('', { visibility: 'personal' }))).toEqual([false, 'ada']);
  expect(await groupsOf(definition('', { visibility: '{group: [kernel, nobody, boot]}' }))).toEqual([false, 'boot', 'kernel']);
});

describe('refused, with the text that clients of LAVA know and the place', () => {
  test.each([
    ['unavailable', "Device type 'nothing' is unavailable.", 3, definition('', { type: 'nothing' })],
    ['unavailable', 'No devices of type empty are available.', 3, definition('', { type: 'empty' })],
    ['unavailable', 'No devices of type retired are available.', 3, definition('', { type: 'retired' })],
    ['yaml', "Device tag 'nope' does not exist in the database.", 8, definition('tags: [nope]\n')],
    ['unavailable', "No devices of type qemu are available which have all of the tags 'usb, hdmi'.", 8, definition('tags: [usb, hdmi]\n')],
    ['unavailable', "Device q2 does not support all of the tags 'usb'.", 9, definition('device: q2\ntags: [usb]\n')],
    ['data', "Device 'x' does not exist.", 8, definition('device: x\n')],
    ['data', "Worker 'x' does not exist.", 8, definition('worker: x\n')],
    ['data', "Device 'r1' is not of type 'qemu'.", 8, definition('device: r1\n')],
    ['data', "Device 'q1' is not attached to worker 'w2'.", 8, definition('device: q1\nworker: w2\n')],
    ['data', 'No known groups were found in the visibility list.', 4, definition('', { visibility: '{group: [nobody]}' })],
  ] as const)('%s: %s', async (kind, message, line, text) => {
    const error = await refused(text);
    expect({ kind: error.kind, message: error.message, line: error.problems[0]!.line }).toEqual({ kind, message, line });
  });

  test('all errors of the schema at once', async () => {
    const error = await refused(definition('tags: a\nfoo: 1\n'));
    expect(error.kind).toBe('schema');
    expect(error.problems.filter((p) => p.severity === 'error').map((p) => [p.line, p.upstream])).toEqual([
      [8, "expected a list for dictionary value @ data['tags']"], [9, "extra keys not allowed @ data['foo']"],
    ]);
    expect(await jobs.validate(definition('tags: a\nfoo: 1\n'))).toEqual(error.problems);
  });

  test.each([
    ['broken YAML', 'job_name: [\n'], ['nothing', ''], ['a list', '- 1\n'], ['two megabytes', `job_name: "${'x'.repeat(2 ** 21)}"\n`],
    ['an alias bomb', `a: &a [x, x, x, x, x, x, x, x]\n${Array.from({ length: 30 }, (_, n) => `${String.fromCharCode(98 + n % 24)}${n}: &b${n} [*${n ? `b${n - 1}` : 'a'}, *${n ? `b${n - 1}` : 'a'}]`).join('\n')}\n`],
    ['a text that PostgreSQL cannot take', 'job_name: "\u0000"\n'], ['deep nesting', '['.repeat(100_000)],
  ])('%s', async (_, text) => {
    const error = await refused(text);
    expect(error.problems.length).toBeGreaterThan(0);
  });
});

describe('trying again', () => {
  test.each([
    ['', null],
    ['retry: {}\n', { count: 1, reasons: ['Infrastructure'], delay: 0 }],
    ['retry: {count: 99, reasons: [login-timeout], delay: {minutes: 1}}\n', { count: 3, reasons: ['login-timeout'], delay: 60 }],
    ['retry: {count: 0}\n', null],
  ])('%j', async (more, policy) => expect((await stored(definition(more))).retry).toEqual(policy));

  test('more than the server allows is a warning', async () => {
    const { warnings } = await jobs.submit(definition('retry: {count: 4}\n'), ada);
    expect(warnings.slice(1)).toMatchObject([{ severity: 'warning', code: 'retry-limit', path: ['retry', 'count'], message: 'This server tries a job again at most 3 times', line: 8 }]);
  });

  test('the server may have it for all jobs, or for none', async () => {
    const { db } = connection;
    const retries = { limit: 1, usual: { count: 5, reasons: ['lease-expired'], delay: 0 } };
    const policies = async (of: typeof retries) => {
      const service = jobService({ db, events: eventBus(quietLog) }, { contextVariables: [], queueTimeout: null, retries: of });
      const ids = await Promise.all(['', 'retry: {count: 0}\n', 'retry: {}\n'].map(async (more) => (await service.submit(definition(more), ada)).ids[0]!));
      const rows = await db.selectFrom('jobs').select(['id', 'retry']).where('id', 'in', ids).execute();
      return ids.map((id) => rows.find((r) => r.id === id)!.retry);
    };
    expect(await policies(retries)).toEqual([{ count: 1, reasons: ['lease-expired'], delay: 0 }, null, { count: 1, reasons: ['Infrastructure'], delay: 0 }]);
    expect(await policies({ ...retries, limit: 0 })).toEqual([null, null, null]);
  });
});
