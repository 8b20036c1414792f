import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { formatRecord, understandResult, type LogValue } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { eventBus, type ServerEvent } from '../event-bus.ts';
import { jobState } from '../store/numbers.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { cutBack } from './cut-back.ts';
import { LogIntake } from './intake.ts';
import { JobFolders } from './job-folder.ts';
import { LogFile } from './log-file.ts';
import { logStore } from './log-store.ts';
import { noteworthy } from './records.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

/** A running job on a device, and an intake for its log. */
async function runningJob() {
  const { db } = await databases.fresh();
  const paths = lavaPaths(await mkdtemp(join(databases.folder, 'logs-')));
  const bus = eventBus(quietLog);
  const events: ServerEvent[] = [];
  bus.subscribe((e) => { events.push(e); });
  await db.insertInto('users').values({ username: 'ada' }).execute();
  const { id: job } = await db.insertInto('jobs').values({ submitter: 1, description: 'd', definition: '', original_definition: '', state: jobState.Running }).returning('id').executeTakeFirstOrThrow();
  await db.insertInto('attempts').values({ job, fence: 1, device: 'q1', worker: 'w1', lease_expires: new Date() }).execute();
  const folders = new JobFolders(paths, db);
  const store = logStore(folders);
  const open = () => new LogIntake({ db, events: bus, folders, store, log: quietLog });
  return { db, job, events, store, open, intake: open(), folder: (await folders.of(job))! };
}

const result = (msg: Record<string, LogValue>) => formatRecord('results', msg);
const take = (intake: LogIntake, job: number, index: number, lines: readonly string[]) => intake.take('w1', { job, fence: 1 }, index, lines.length, Buffer.from(lines.join('')));

describe('the file', () => {
  test('a line torn by a crash is cut off, and the index made anew whatever was left of it', async () => {
    const folder = await mkdtemp('/tmp/lava-test-');
    await writeFile(join(folder, 'output.yaml'), '- a\n- bb\n- torn');
    await writeFile(join(folder, 'output.idx'), Buffer.alloc(5, 0xff));
    const file = await LogFile.open(folder);
    expect(file.lines).toBe(2);
    await Promise.all([file.append(Buffer.from('- c\n'), 1), file.append(Buffer.from('- d\n- e\n'), 2)]);
    await file.close();
    expect(await readFile(join(folder, 'output.yaml'), 'utf8')).toBe('- a\n- bb\n- c\n- d\n- e\n');
    expect([...new BigUint64Array(new Uint8Array(await readFile(join(folder, 'output.idx'))).buffer)]).toEqual([0n, 4n, 9n, 13n, 17n]);
    await rm(folder, { recursive: true });
  });

  test('one append right after another is written too', async () => {
    const folder = await mkdtemp('/tmp/lava-test-');
    const file = await LogFile.open(folder);
    for (const line of ['- a\n', '- b\n', '- c\n']) await file.append(Buffer.from(line), 1);
    await file.flush();
    await file.close();
    expect(await readFile(join(folder, 'output.yaml'), 'utf8')).toBe('- a\n- b\n- c\n');
    await rm(folder, { recursive: true });
  });

  test('lines are read by number, also without an index', async () => {
    const { job, intake, store, folder } = await runningJob();
    const lines = Array.from({ length: 50 }, (_, n) => formatRecord('target', `line ${n} ✓`));
    await take(intake, job, 0, lines);
    expect((await store.read(job, 10, 12)).toString()).toBe(lines.slice(10, 12).join(''));
    expect((await store.read(job, 48, 99)).toString()).toBe(lines.slice(48).join(''));
    expect((await store.read(job, 99)).toString()).toBe('');
    expect((await store.read(job, -5, 1)).toString()).toBe(lines[0]);
    await rm(join(folder, 'output.idx'));
    expect((await store.read(job, 10, 12)).toString()).toBe(lines.slice(10, 12).join(''));
    expect(await store.count(job)).toBe(50);
    expect(await store.count(job + 1)).toBe(0);
    expect(await store.file(job, '../../../../../../etc/passwd')).toBeUndefined();
    await intake.close();
  });
});

describe('intake', () => {
  test('results that reached the disk but not the database before a crash are made up for, once', async () => {
    const { db, job, intake, open, folder } = await runningJob();
    await take(intake, job, 0, [result({ definition: 's', case: 'a', result: 'pass' })]);
    await intake.settle(job);
    await intake.close();
    // The rest of a batch whose process died after the write.
    await appendFile(join(folder, 'output.yaml'), result({ definition: 's', case: 'b', result: 'fail' }) + formatRecord('info', 'start: 2 boot (timeout 00:01:00) [common]') + '- {"dt": "torn');
    const next = open();
    await next.settle(job);
    expect(await take(next, job, 0, [])).toEqual({ lines: 3 });
    expect(await db.selectFrom('test_cases').select(['name', 'log_line']).orderBy('id').execute()).toEqual([{ name: 'a', log_line: 0 }, { name: 'b', log_line: 1 }]);
    expect(await db.selectFrom('job_actions').select(['name', 'end_line']).execute()).toEqual([{ name: 'boot', end_line: null }]);
    // An action that an earlier process saw begin ends in this one.
    await take(next, job, 3, [formatRecord('info', 'end: 2 boot (duration 00:00:10) [common]')]);
    await next.settle(job);
    expect(await db.selectFrom('job_actions').select(['name', 'end_line']).execute()).toEqual([{ name: 'boot', end_line: 3 }]);
    expect((await db.selectFrom('jobs').select('log_lines').executeTakeFirstOrThrow()).log_lines).toBe(4);
    await next.close();
  });

  test('what is no list of records is refused and leaves no trace', async () => {
    const { job, intake, store } = await runningJob();
    for (const [bytes, count] of [['no list\n', 1], ['- a', 1], ['- a\n- b\n', 3], ['- a\nb\n', 2]] as const) {
      expect(await intake.take('w1', { job, fence: 1 }, 0, count, Buffer.from(bytes))).toHaveProperty('refused');
    }
    expect(await intake.take('w2', { job, fence: 1 }, 0, 1, Buffer.from('- a\n'))).toEqual({ refused: 'the attempt is over' });
    expect(await take(intake, 4711, 0, [])).toEqual({ refused: 'job 4711 does not exist' });
    expect(await store.count(job)).toBe(0);
    await intake.close();
  });

  test('one record that the database cannot take does not keep the others out', async () => {
    const { db, job, intake } = await runningJob();
    const good = (n: number) => result({ definition: 's', case: `c${n}`, result: 'pass' });
    await take(intake, job, 0, [good(0), '- {"dt": "x", "lvl": "results", "msg": {"definition": "s", "case": "\\ud800", "result": "pass"}}\n', good(1),
      '- {"dt": "not a time", "lvl": "debug", "msg": "start: 1.1 x (timeout 99999:00:00) [common]"}\n',
      '- {"dt": "x", "lvl": "debug", "msg": "start: 1.2 x (timeout 9999999999:00:00) [common]"}\n', good(2), '- {"dt": "broken", "lvl": "results", "msg": \n']);
    await intake.settle(job);
    const cases = await db.selectFrom('test_cases').select('name').orderBy('id').execute();
    expect(cases.map((c) => c.name)).toEqual(['c0', '\uFFFD', 'c1', 'c2']);
    expect(await db.selectFrom('job_actions').select('level').execute()).toEqual([{ level: '1.1' }]);
    await intake.close();
  });

  test('sets, a failing action, extra data, complaints', async () => {
    const { db, job, intake, store, events } = await runningJob();
    await take(intake, job, 0, [
      formatRecord('info', 'start: 0 validate'), formatRecord('info', 'validate duration: 0.02'),
      formatRecord('info', 'start: 2 boot (timeout 00:05:00) [common]'), formatRecord('debug', 'start: 2.1 auto-login-action (timeout 00:05:00) [common]'),
      formatRecord('debug', 'end: 2.1 auto-login-action (duration 00:05:00) [common]'),
      result({ definition: 'lava', namespace: 'common', case: 'auto-login-action', level: '2.1', duration: '300.00', result: 'fail', extra: { fail: 'timed out' } }),
      result({ definition: 's', case: 'x', result: 'pass', set: 'first' }), result({ definition: 's', case: 'y', result: 'pass', set: 'not good' }),
      result({ definition: 's', case: 'z' }), formatRecord('results', 'no map'),
    ]);
    await intake.settle(job);
    expect(await db.selectFrom('job_actions').select(['level', 'failed', 'end_line', 'timeout']).orderBy('start_line').execute()).toEqual([
      { level: '0', failed: false, end_line: 1, timeout: null }, { level: '2', failed: false, end_line: null, timeout: 300 }, { level: '2.1', failed: true, end_line: 4, timeout: 300 },
    ]);
    expect(await db.selectFrom('test_cases').leftJoin('test_sets', 'test_sets.id', 'set_id').select(['test_cases.name', 'test_sets.name as set', 'measurement', 'units']).orderBy('test_cases.id').execute()).toEqual([
      { name: 'auto-login-action', set: null, measurement: '300.0000000000', units: 'seconds' }, { name: 'x', set: 'first', measurement: null, units: '' }, { name: 'y', set: null, measurement: null, units: '' },
    ]);
    const { metadata } = await db.selectFrom('test_cases').select('metadata').where('name', '=', 'auto-login-action').executeTakeFirstOrThrow();
    expect(loadYaml(metadata!)).toMatchObject({ extra: 'metadata/lava-auto-login-action-2.1.yaml', duration: '300.00' });
    expect(loadYaml((await store.file(job, 'metadata/lava-auto-login-action-2.1.yaml'))!)).toEqual({ fail: 'timed out' });
    const { failure_comment } = await db.selectFrom('jobs').select('failure_comment').executeTakeFirstOrThrow();
    expect(failure_comment).toBe(`Invalid testset name 'not good', ignoring.Missing some keys ("definition", "case" or "result") in {'definition': 's', 'case': 'z'}[${job}] no map is not a dictionary`);
    expect(events.findLast((e) => e.type === 'actions')).toEqual({ type: 'actions', job, startLines: [0, 2, 3] });
    await intake.close();
  });

  test('a log that was cut back takes lines from results, but not once its job was tried again', async () => {
    const { db, job, intake } = await runningJob();
    await take(intake, job, 0, [result({ definition: 's', case: 'a', result: 'pass' }), result({ definition: 's', case: 'b', result: 'pass' })]);
    await intake.settle(job);
    await intake.close();
    const cut = (retried: number) => db.transaction().execute((trx) => cutBack(trx, { job, retried }, 1));
    const stored = async () => [
      (await db.selectFrom('test_cases').select('log_line').orderBy('id').execute()).map((c) => c.log_line), (await db.selectFrom('jobs').select('log_lines').executeTakeFirstOrThrow()).log_lines,
    ];
    await db.updateTable('jobs').set({ retried: 1 }).execute();
    await cut(0);
    expect(await stored()).toEqual([[0, 1], 2]);
    await cut(1);
    expect(await stored()).toEqual([[0, null], 1]);
  });

  test('the disk is the truth: what a truncated index says does not count', async () => {
    const { job, intake, open, store, folder } = await runningJob();
    const lines = Array.from({ length: 10 }, (_, n) => formatRecord('target', `line ${n}`));
    await take(intake, job, 0, lines);
    await intake.close();
    await truncate(join(folder, 'output.idx'), 17);
    const next = open();
    expect(await take(next, job, 10, [lines[0]!])).toEqual({ lines: 11 });
    expect((await store.read(job, 9)).toString()).toBe(lines[9]! + lines[0]!);
    await next.close();
  });
});

describe('test cases', () => {
  const understood = (msg: LogValue) => understandResult(7, msg);

  test('names are trimmed, control characters spelled out', () => {
    expect(understood({ definition: 's', case: ' a\u0001b ', result: 'unknown' }).testCase).toMatchObject({ name: 'a_ctrl-char_b', result: 3 });
  });

  test.each([
    ['pass or fail only', { definition: 's', case: 'a', result: 'maybe' }],
    ['no number', { definition: 's', case: 'a', result: 'pass', measurement: 'NaN' }],
    ['too large', { definition: 's', case: 'a', result: 'pass', measurement: 1e30 }],
    ['suite too long', { definition: 's'.repeat(201), case: 'a', result: 'pass' }],
  ])('dropped: %s', (_, msg) => expect(understood(msg).testCase).toBeUndefined());

  test('metadata that is too long is cut down to what matters', () => {
    const { testCase, complaint } = understood({ definition: 'lava', case: 'job', result: 'fail', error_type: 'Job', error_msg: 'x'.repeat(5000), namespace: 'common' });
    expect(loadYaml(testCase!.metadata)).toEqual({ case: 'job', definition: 'lava', result: 'fail', error_type: 'Job', error_msg: 'x'.repeat(256) });
    expect(complaint).toHaveLength(256);
    expect(complaint).toMatch(/^\[7\] Result metadata is too long\. /);
  });

  test('extra without a level is null; names cannot lead out of the folder', () => {
    expect(loadYaml(understood({ definition: 's', case: 'a', result: 'pass', extra: { a: 1 } }).testCase!.metadata)).toMatchObject({ extra: null });
    expect(understood({ definition: '..', case: '../../x', level: '1', result: 'pass', extra: 1 }).extra).toEqual({ file: 'metadata/..-.._.._x-1.yaml', value: 1 });
  });
});

test('only lines that matter are parsed', () => {
  expect(noteworthy(formatRecord('target', '"lvl": "results" start: 1 x').trimEnd(), 0)).toBeUndefined();
  expect(noteworthy(formatRecord('debug', 'start: 1.2 http-download (timeout 01:00:05) [tlxc]').trimEnd(), 3)).toMatchObject({
    kind: 'start', line: 3, action: { level: '1.2', name: 'http-download', namespace: 'tlxc' }, timeout: 3605,
  });
  expect(noteworthy(formatRecord('results', { definition: 's', case: 'a', result: 'pass', measurement: Number.NaN }).trimEnd(), 0)).toMatchObject({ kind: 'result', record: { msg: { measurement: null } } });
});
