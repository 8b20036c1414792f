import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AttemptRef, Opaque } from '@lava/link';
import { startLab, type TestLab } from '../core/core.testing.ts';
import { until, type FakeWorker } from '../link/fake-worker.ts';
import { jobState } from '../store/numbers.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

interface Member {
  readonly ref: AttemptRef;
  readonly worker: FakeWorker;
  call(number: number, request: Opaque): void;
  /** The first answer to a call, and how many have come. */
  answer(number: number): Promise<Opaque>;
  answers(number: number): Opaque[];
}

/** Jobs that run on a worker each and are one group. */
async function inGroup(size: number, run: (lab: TestLab, members: readonly Member[]) => Promise<void>): Promise<void> {
  const lab = await startLab(databases);
  try {
    const members: Member[] = [];
    for (let n = 0; n < size; n++) {
      const worker = await lab.worker(`w${n}`, [`q${n}`]);
      const id = await lab.submit();
      const { job, fence } = await worker.started(id);
      await lab.connection.db.updateTable('jobs').set({ target_group: 'the group' }).where('id', '=', id).execute();
      worker.accept({ job, fence });
      await until(async () => (await lab.job(id)).state === jobState.Running, 'the job to run');
      const answers = (number: number) => worker.orders.flatMap((o) => (o.type === 'ANSWER' && o.job === id && o.call === number ? [o.answer] : []));
      members.push({
        ref: { job, fence }, worker, answers,
        call: (call, request) => { worker.endpoint.send({ type: 'CALL', job, fence, call, request }); },
        answer: (number) => until(() => answers(number)[0], `answer to call ${number} of job ${id}`),
      });
    }
    await run(lab, members);
  } finally {
    await lab.close();
  }
}

const joined = (role: string, size: number) => ({ request: 'group_data', role, group_size: size });

test('members find one another, send, wait and meet', () => inGroup(2, async (_lab, [a, b]) => {
  a!.call(0, joined('server', 2));
  b!.call(0, joined('client', 2));
  const roles = { [a!.ref.job]: 'server', [b!.ref.job]: 'client' };
  expect(await a!.answer(0)).toEqual({ response: 'group_data', roles });
  expect(await b!.answer(0)).toEqual({ response: 'group_data', roles });

  b!.call(1, { request: 'lava_wait', messageID: 'ip' });
  a!.call(1, { request: 'lava_send', messageID: 'ip', message: { addr: '192.0.2.1' } });
  expect(await a!.answer(1)).toEqual({ response: 'ack' });
  expect(await b!.answer(1)).toEqual({ response: 'ack', message: [{ sender: String(a!.ref.job), data: { addr: '192.0.2.1' } }] });

  a!.call(2, { request: 'lava_sync', messageID: 'end' });
  b!.call(2, { request: 'lava_sync', messageID: 'end' });
  expect([await a!.answer(2), await b!.answer(2)]).toEqual([{ response: 'ack' }, { response: 'ack' }]);
  // Sent again, because the answer might have been lost.
  a!.call(2, { request: 'lava_sync', messageID: 'end' });
  await until(() => a!.answers(2).length === 2, 'the answer again');
  expect(b!.answers(2)).toHaveLength(1);
}));

test('a wait outlives a restart of the server', () => inGroup(2, async (lab, [a, b]) => {
  a!.call(0, joined('x', 2));
  b!.call(0, joined('x', 2));
  await a!.answer(0);
  a!.call(1, { request: 'lava_wait', messageID: 'late' });
  await until(async () => (await calls(lab)) === 3, 'the call to be stored');
  await lab.restart();
  // Like the real worker, these ask again until they are answered: their first words after the restart only open a session.
  const insist = (member: Member, request: Opaque) => until(() => { member.call(1, request); return member.answers(1)[0]; }, 'an answer');
  expect(await insist(b!, { request: 'lava_send', messageID: 'late', message: {} })).toEqual({ response: 'ack' });
  expect(await insist(a!, { request: 'lava_wait', messageID: 'late' })).toEqual({ response: 'ack', message: [{ sender: String(b!.ref.job), data: {} }] });
  expect(await calls(lab)).toBe(4);
}));

test('bad calls are refused with the reason, calls for others are not heard, and an ended group is forgotten', () => inGroup(2, async (lab, [a, b]) => {
  a!.call(0, { request: 'dance' });
  expect(await a!.answer(0)).toEqual({ response: 'nack', reason: 'Unsupported api call: dance' });
  a!.worker.endpoint.send({ type: 'CALL', ...b!.ref, call: 0, request: joined('x', 2) });
  a!.call(1, joined('x', 2));
  await until(async () => (await calls(lab)) === 1, 'the call to be stored');
  expect(b!.answers(0)).toEqual([]);
  await a!.worker.end(a!.ref);
  expect(await calls(lab)).toBe(1);
  await b!.worker.end(b!.ref);
  await until(async () => (await calls(lab)) === 0, 'the calls to be forgotten');
}));

test('a job in no group is told so', async () => {
  await inGroup(1, async (lab, [a]) => {
    await lab.connection.db.updateTable('jobs').set({ target_group: null }).execute();
    a!.call(0, joined('x', 1));
    expect(await a!.answer(0)).toEqual({ response: 'nack', reason: `job ${a!.ref.job} is in no multinode group` });
  });
});

async function calls(lab: TestLab): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from group_calls`.execute(lab.connection.db);
  return rows[0]!.n;
}
