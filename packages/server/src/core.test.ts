import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceHealth, deviceState, jobHealth, jobState } from './store/numbers.ts';
import { startTestDatabases, type TestDatabases } from './store/testing.ts';
import { startLab, type TestLab } from './core.testing.ts';
import { record, until } from './link/fake-worker.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

async function inLab(work: (lab: TestLab) => Promise<void>, options?: Parameters<typeof startLab>[1]): Promise<void> {
  const lab = await startLab(databases, options);
  try {
    await work(lab);
  } finally {
    await lab.close();
  }
}

const state = (lab: TestLab, job: number, wanted: number) => until(async () => (await lab.job(job)).state === wanted, `job ${job} in state ${wanted}`);

test('the way of a job: submitted, assigned, started, logged, ended', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1']);
  const job = await lab.submit('context: {arch: amd64}\n');
  const start = await worker.started(job);
  expect(start.files['device.yaml']).toContain('"arch":"amd64","scheduled_device_name":"q1","scheduled_device_type":"qemu"');
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
  expect(lab.events.filter((e) => e.type === 'log').at(-1)).toMatchObject({ lines: 6 });
}));
