import { afterAll, beforeAll, expect, test } from 'vitest';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { withLab, type TestLab } from '../packages/server/src/core/core.testing.ts';
import { type FakeWorker, record, until } from '../packages/server/src/link/fake-worker.ts';
import { SubmitError } from '../packages/server/src/services.ts';
import { deviceState, jobHealth, jobState } from '../packages/server/src/store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../packages/server/src/store/testing.ts';

// A multinode group on a real server and database, with workers over the real link.

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

const inLab = (work: (lab: TestLab) => Promise<void>) => withLab(databases, work);

const definition = (clients: number, { essential = false, guest = false } = {}) => `job_name: pair
visibility: public
timeouts: {job: {minutes: 5}}
secrets: {TOKEN: abc}
protocols:
  lava-multinode:
    roles:
      server: {device_type: qemu, count: 1, context: {arch: amd64}${essential ? ', essential: true' : ''}}
      client: {device_type: qemu, count: ${clients}}
${guest ? '      guest: {connection: ssh, count: 1, host_role: server, expect_role: server, request: lava-start}\n' : ''}actions:
- test: {role: [server, client${guest ? ', guest' : ''}], definitions: [{repository: {metadata: {format: Lava-Test Test Definition 1.0, name: a}, run: {steps: [lava-sync a]}}, from: inline, name: a, path: a.yaml}]}
`;

const submit = (lab: TestLab, text: string) => lab.core.services.jobs.submit(text, lab.user);
const stateOf = async (lab: TestLab, id: number) => (await lab.job(id)).state;
const reaches = (lab: TestLab, id: number, state: number) => until(async () => await stateOf(lab, id) === state, `job ${id} in state ${state}`);
const statesOf = (lab: TestLab, ids: readonly number[]) => Promise.all(ids.map((id) => stateOf(lab, id)));
const multinode = (text: string) => mappingAt(loadYaml(text), 'protocols', 'lava-multinode') as Mapping;
const started = async (workers: readonly FakeWorker[], job: number) => until(() => workers.map((w) => ({ worker: w, start: w.orders.find((o) => o.type === 'START' && o.job === job) })).find((x) => x.start), `START of job ${job}`);

async function run(lab: TestLab, workers: readonly FakeWorker[], job: number, end: Parameters<FakeWorker['end']>[1] = {}) {
  const { worker } = await started(workers, job);
  const start = await worker.started(job);
  worker.accept(start);
  await reaches(lab, job, jobState.Running);
  return { worker, start, end: () => worker.end(start, end) };
}

test('a group is stored whole, starts when all have a device, and tells each who the others are', () => inLab(async (lab) => {
  const workers = [await lab.worker('w1', ['q1', 'q2']), await lab.worker('w2', ['q3'])];
  await lab.core.services.devices.setHealth('q3', 'Maintenance', 'ada');
  const { ids, names } = await submit(lab, definition(2, { guest: true }));
  expect(names).toEqual([0, 1, 2, 3].map((n) => `${ids[0]}.${n}`));
  const rows = await lab.connection.db.selectFrom('jobs').select(['sub_id', 'target_group', 'role', 'host_role', 'multinode_definition', 'definition', 'requested_device_type']).orderBy('id').execute();
  expect(rows.map((r) => [r.sub_id, r.role, r.host_role, r.requested_device_type])).toEqual([
    [`${ids[0]}.0`, 'server', null, 'qemu'], [`${ids[0]}.1`, 'client', null, 'qemu'], [`${ids[0]}.2`, 'client', null, 'qemu'], [`${ids[0]}.3`, 'guest', 'server', null],
  ]);
  expect(new Set(rows.map((r) => r.target_group)).size).toBe(1);
  for (const r of rows) expect(r.multinode_definition).toBe(definition(2, { guest: true }).replace('TOKEN: abc', "TOKEN: '[MASKED]'"));

  // Two devices for three jobs: none starts, none is held.
  expect(await lab.core.services.jobs.waiting(ids[1]!)).toMatchObject({ reason: expect.stringContaining('All 4 jobs of its multinode group start together.') });
  expect(await statesOf(lab, ids)).toEqual([0, 0, 0, 0]);
  expect((await Promise.all(['q1', 'q2'].map(lab.device))).map((d) => d.state)).toEqual([deviceState.Idle, deviceState.Idle]);

  await lab.core.services.devices.setHealth('q3', 'Good', 'ada');
  const starts = await Promise.all(ids.map(async (id) => (await started(workers, id)).start));
  expect(await statesOf(lab, ids)).toEqual(ids.map(() => jobState.Scheduled));
  const own = multinode(rows[2]!.definition);
  expect(own).toMatchObject({ role: 'client', sub_id: 2, group_size: 4, target_group: rows[0]!.target_group, roles: { [ids[0]!]: 'server', [ids[1]!]: 'client', [ids[2]!]: 'client' } });
  for (const [n, start] of starts.entries()) {
    if (start?.type !== 'START') throw new Error('no START');
    expect(loadYaml(start.files['job.yaml'])).toEqual({ ...loadYaml(rows[n]!.definition) as Mapping, secrets: { TOKEN: 'abc' } });
  }
  // The guest shares the device of its host, on the same worker, without its power.
  const { db } = lab.connection;
  const attempts = await db.selectFrom('attempts').select(['job', 'device', 'shared_device', 'worker']).orderBy('job').execute();
  expect(attempts[3]).toEqual({ job: ids[3], device: null, shared_device: attempts[0]!.device, worker: attempts[0]!.worker });
  const guest = starts[3]?.type === 'START' ? loadYaml(starts[3].files['device.yaml']) : undefined;
  expect(isMapping(guest) && Object.keys(guest)).toEqual(['hostname', 'guest', 'constants', 'actions']);
  expect(guest).toMatchObject({ hostname: attempts[0]!.device });

  // The host ends: its guest has no device any more, the clients go on.
  const runs = [];
  for (const id of ids) runs.push(await run(lab, workers, id));
  await runs[0]!.end();
  await reaches(lab, ids[3]!, jobState.Canceling);
  await runs[3]!.end();
  expect(await lab.job(ids[3]!)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });
  expect(await statesOf(lab, ids.slice(1, 3))).toEqual([jobState.Running, jobState.Running]);
  await runs[1]!.end();
  await runs[2]!.end();
  expect(await db.selectFrom('devices').select('hostname').where('state', '<>', deviceState.Idle).execute()).toEqual([]);
}));

test('canceling one cancels all, queued or running', () => inLab(async (lab) => {
  const queued = await submit(lab, definition(1)).catch((e: unknown) => e);
  // There is no device at all: the group could never run here.
  expect(queued).toBeInstanceOf(SubmitError);
  const worker = await lab.worker('w1', ['q1', 'q2']);
  await lab.core.services.devices.setHealth('q2', 'Maintenance', 'ada');
  const waiting = await submit(lab, definition(1));
  await lab.core.services.jobs.cancel(waiting.ids[1]!, 'ada');
  for (const id of waiting.ids) expect(await lab.job(id)).toMatchObject({ state: jobState.Finished, health: jobHealth.Canceled });

  await lab.core.services.devices.setHealth('q2', 'Good', 'ada');
  const { ids } = await submit(lab, definition(1));
  const runs = [];
  for (const id of ids) runs.push(await run(lab, [worker], id));
  await lab.core.services.jobs.cancel(ids[0]!, 'ada');
  expect(await statesOf(lab, ids)).toEqual([jobState.Canceling, jobState.Canceling]);
  for (const { worker: w, start } of runs) await w.order('CANCEL', start.job);
  for (const { end } of runs) await end();
}));

test('an essential job that fails ends the others; another one fails alone', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1', 'q2']);
  for (const essential of [true, false]) {
    const { ids } = await submit(lab, definition(1, { essential }));
    const server = await run(lab, [worker], ids[0]!, { result: 'fail', errorType: 'Job', errorMessage: 'no' });
    const client = await run(lab, [worker], ids[1]!);
    await worker.log(client.start, 0, [record('info', 'here')]);
    await server.end();
    expect(await stateOf(lab, ids[1]!)).toBe(essential ? jobState.Canceling : jobState.Running);
    await client.end();
    expect(await lab.job(ids[1]!)).toMatchObject({ health: essential ? jobHealth.Canceled : jobHealth.Complete });
  }
}));

test('a job of a group that cannot start ends the group: nobody waits for it in vain', () => inLab(async (lab) => {
  const worker = await lab.worker('w1', ['q1', 'broken1']);
  const { ids } = await submit(lab, definition(1));
  const isBroken = async (id: number) => { const job = await lab.job(id); return job.state === jobState.Finished && job.error_type === 'Configuration'; };
  const broken = await until(async () => ((await isBroken(ids[0]!)) ? 'first' : (await isBroken(ids[1]!)) && 'second'), 'the broken one');
  const other = ids[broken === 'first' ? 1 : 0]!;
  const { fence } = await worker.order('CANCEL', other);
  worker.endpoint.send({ type: 'UNKNOWN', job: other, fence });
  await reaches(lab, other, jobState.Finished);
  expect(await lab.job(other)).toMatchObject({ health: jobHealth.Canceled });
}));

test('too few devices are told at once, and a group is submitted again as a whole', () => inLab(async (lab) => {
  await lab.worker('w1', ['q1', 'q2']);
  const refused: unknown = await submit(lab, definition(2)).catch((e: unknown) => e);
  expect(refused).toMatchObject({ kind: 'unavailable', message: 'Not enough devices of type qemu are currently available to user ada' });
  expect((refused as SubmitError).problems[0]).toMatchObject({ line: 9, path: ['protocols', 'lava-multinode', 'roles', 'client', 'count'] });
  expect(await lab.connection.db.selectFrom('jobs').select('id').execute()).toEqual([]);
  const { ids } = await submit(lab, definition(1));
  const again = await lab.core.services.jobs.resubmit(ids[1]!, lab.user);
  expect(again!.names).toEqual([`${again!.ids[0]}.0`, `${again!.ids[0]}.1`]);
}));
