import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Opaque } from '@lava/link';
import { startLab, type TestLab } from '../core/core.testing.ts';
import { until, type FakeWorker } from '../link/fake-worker.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { CoordinatorServer } from './coordinator-server.ts';
import { coordinatorSettings } from './settings.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startTestDatabases(); });
afterAll(() => databases.stop());

interface Member { readonly job: number; readonly fence: number; readonly role: string; readonly worker: FakeWorker }
interface Group { readonly lab: TestLab; readonly port: CoordinatorServer; readonly members: readonly Member[] }

const uuid = '6f2b0e0c-5c59-4be3-9c5e-7a6a2b1f9c11';

/** Jobs that run on a worker each and are one group, and the port. */
async function inGroup(roles: readonly string[], run: (group: Group) => Promise<void>, networks?: readonly string[]): Promise<void> {
  const lab = await startLab(databases);
  const { db } = lab.connection;
  const settings = coordinatorSettings({ COORDINATOR_ADDRESS: '127.0.0.1:0', ...(networks ? { COORDINATOR_NETWORKS: networks } : {}) })!;
  const port = await CoordinatorServer.listen({ db, log: quietLog, settings, send: lab.core.link.answer });
  try {
    const members: Member[] = [];
    for (const [n, role] of roles.entries()) {
      const worker = await lab.worker(`w${n}`, [`q${n}`]);
      const job = await lab.submit();
      const { fence } = await worker.started(job);
      await db.updateTable('jobs').set({ target_group: uuid, role }).where('id', '=', job).execute();
      members.push({ job, fence, role, worker });
    }
    await run({ lab, port, members });
  } finally {
    await port.close();
    await lab.close();
  }
}

const portOf = (server: CoordinatorServer) => Number(server.address.split(':').at(-1));

/** What comes back for these bytes until the other side closes. */
function exchange(server: CoordinatorServer, bytes: string, end = true): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(portOf(server), '127.0.0.1', () => { socket.write(bytes, 'latin1'); if (end) socket.end(); });
    socket.setEncoding('latin1').on('data', (text) => { got += String(text); }).on('close', () => resolve(got)).on('error', reject);
  });
}

async function ask({ port }: Group, { job, role }: { job: number; role: string }, request: object, group = uuid): Promise<unknown> {
  const body = JSON.stringify({ port: 3079, blocksize: 4096, poll_delay: 1, host: 'localhost', hostname: 'there', client_name: String(job), group_name: group, role, ...request }).replaceAll('ü', '\\u00fc');
  const answer = await exchange(port, body.length.toString(16).toUpperCase().padStart(8, '0') + body);
  if (answer === '') return undefined;
  expect(Number.parseInt(answer.slice(0, 8), 16)).toBe(answer.length - 8);
  expect(answer.slice(0, 8)).toMatch(/^[0-9A-F]{8}$/);
  return JSON.parse(answer.slice(8));
}

describe('as the coordinator', () => {
  test('members find one another, send, wait and meet', () => inGroup(['server', 'client'], async (group) => {
    const [a, b] = group.members as [Member, Member];
    const join = { request: 'group_data', group_size: 2 };
    expect(await ask(group, a, join)).toEqual({ response: 'wait' });
    expect(await ask(group, a, join)).toEqual({ response: 'wait' });
    const roles = { [a.job]: 'server', [b.job]: 'client' };
    expect(await ask(group, b, join)).toEqual({ response: 'group_data', roles });
    expect(await ask(group, a, join)).toEqual({ response: 'group_data', roles });

    expect(await ask(group, b, { request: 'lava_wait', messageID: 'ip', nodeID: 'x' })).toEqual({ response: 'wait' });
    expect(await ask(group, a, { request: 'lava_wait_all', messageID: 'ip' })).toEqual({ response: 'nack' });
    expect(await ask(group, a, { request: 'lava_send', messageID: 'ip', message: { addr: '192.0.2.1', name: 'Grün' } })).toEqual({ response: 'ack' });
    expect(await ask(group, b, { request: 'lava_wait', messageID: 'ip', nodeID: 'x' })).toEqual({ response: 'ack', message: { [a.job]: { addr: '192.0.2.1', name: 'Grün' } } });
    expect(await ask(group, a, { request: 'lava_wait_all', messageID: 'ip', waitrole: 'client' })).toEqual({ response: 'wait' });
    expect(await ask(group, b, { request: 'lava_send', messageID: 'ip', message: null })).toEqual({ response: 'ack' });
    expect(await ask(group, a, { request: 'lava_wait_all', messageID: 'ip', waitrole: 'client' })).toEqual({ response: 'ack', message: { [a.job]: { addr: '192.0.2.1', name: 'Grün' }, [b.job]: {} } });
    expect(await ask(group, a, { request: 'lava_wait_all', messageID: 'ip', waitrole: 'nobody' })).toEqual({ response: 'nack' });

    // An id can be used again.
    for (let round = 0; round < 3; round++) {
      expect(await ask(group, a, { request: 'lava_sync', messageID: 'end' })).toEqual({ response: 'wait' });
      expect(await ask(group, a, { request: 'lava_sync', messageID: 'end' })).toEqual({ response: 'wait' });
      expect(await ask(group, b, { request: 'lava_sync', messageID: 'end' })).toEqual({ response: 'ack', message: 'end' });
      expect(await ask(group, a, { request: 'lava_sync', messageID: 'end' })).toEqual({ response: 'ack', message: 'end' });
    }
    expect(await ask(group, a, { request: 'clear_group', group_size: 2 })).toEqual({ response: 'ack' });
  }));

  test('a member here and one on the link hear one another', () => inGroup(['server', 'client'], async (group) => {
    const [here, there] = group.members as [Member, Member];
    const call = (number: number, request: Opaque) => there.worker.endpoint.send({ type: 'CALL', job: there.job, fence: there.fence, call: number, request });
    const answer = (number: number) => until(() => there.worker.orders.flatMap((o) => (o.type === 'ANSWER' && o.job === there.job && o.call === number ? [o.answer] : []))[0], `answer ${number}`);
    const repeated = (request: object) => until(async () => {
      const reply = await ask(group, here, request) as { response: string };
      return reply.response === 'wait' ? undefined : reply;
    }, JSON.stringify(request));
    call(0, { request: 'group_data', role: 'client', group_size: 2 });
    const roles = { [here.job]: 'server', [there.job]: 'client' };
    expect(await repeated({ request: 'group_data', group_size: 2 })).toEqual({ response: 'group_data', roles });
    expect(await answer(0)).toEqual({ response: 'group_data', roles });
    call(1, { request: 'lava_wait', messageID: 'ip' });
    await ask(group, here, { request: 'lava_send', messageID: 'ip', message: { a: '1' } });
    expect(await answer(1)).toEqual({ response: 'ack', message: [{ sender: String(here.job), data: { a: '1' } }] });
    await ask(group, here, { request: 'lava_sync', messageID: 'end' });
    call(2, { request: 'lava_sync', messageID: 'end' });
    expect(await repeated({ request: 'lava_sync', messageID: 'end' })).toEqual({ response: 'ack', message: 'end' });
    expect(await answer(2)).toEqual({ response: 'ack' });
  }));

  test('who is no member is told nothing, and what is no request is not answered', () => inGroup(['server'], async (group) => {
    const [a] = group.members as [Member];
    const join = { request: 'group_data', group_size: 1 };
    expect(await ask(group, a, join, 'another group')).toEqual({ response: 'nack' });
    expect(await ask(group, { job: a.job + 1000, role: 'x' }, join)).toEqual({ response: 'nack' });
    expect(await ask(group, a, { request: 'lava_dance' })).toEqual({ response: 'nack' });
    expect(await ask(group, a, { request: 'group_key' })).toEqual({ response: 'nack' });
    expect(await ask(group, a, { request: 'complete' })).toBeUndefined();
    for (const bytes of ['', 'GET / HTTP/1.1\r\n\r\n', '00000004{"a"', '00000000', 'FFFFFFFF{}', '00000002[]', '00000003nul', '\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8']) expect(await exchange(group.port, bytes)).toBe('');
    // It still works.
    expect(await ask(group, a, join)).toEqual({ response: 'group_data', roles: { [a.job]: 'server' } });
    // The job has ended.
    a.worker.accept(a);
    await a.worker.end(a);
    expect(await ask(group, a, { request: 'lava_send', messageID: 'late' })).toEqual({ response: 'nack' });
  }));

  test('connections from other networks are closed', () => inGroup(['server'], async (group) => {
    expect(await exchange(group.port, '00000002{}', false).catch(() => '')).toBe('');
    expect(await ask(group, group.members[0]!, { request: 'group_data', group_size: 1 }).catch(() => undefined)).toBeUndefined();
  }, ['192.0.2.0/24']));
});

describe('settings', () => {
  test('without an address there is no port', () => expect(coordinatorSettings({})).toBeUndefined());
  test("LAVA's port", () => expect(coordinatorSettings({ COORDINATOR_ADDRESS: '192.0.2.1' })).toMatchObject({ host: '192.0.2.1', port: 3079 }));
  test.each(['127.0.0.1', '::ffff:127.0.0.1', '::1'])('this machine only: %s', (address) => expect(coordinatorSettings({ COORDINATOR_ADDRESS: '[::]:1' })!.isAllowed(address)).toBe(true));
  test.each(['192.0.2.1', '', 'x'])('others not: %s', (address) => expect(coordinatorSettings({ COORDINATOR_ADDRESS: '[::]:1' })!.isAllowed(address)).toBe(false));
  test.each([{ COORDINATOR_ADDRESS: 5 }, { COORDINATOR_ADDRESS: 'a b' }, { COORDINATOR_ADDRESS: 'a:99999' }, { COORDINATOR_ADDRESS: 'a', COORDINATOR_NETWORKS: ['lab'] }])('%j', (given) => {
    expect(() => coordinatorSettings(given)).toThrow(expect.objectContaining({ code: 'settings-file' }));
  });
});

// The client is LAVA's own, as Debian packs it.
const python = '/usr/bin/python3';
const hasClient = spawnSync(python, ['-c', 'import lava_dispatcher.protocols.multinode']).status === 0;
if (!hasClient) process.stderr.write("coordinator: nothing is tried with LAVA's own client: Debian's package lava-dispatcher is not here\n");

describe.skipIf(!hasClient)("LAVA's own client", () => {
  test('two of them find one another, send, wait and meet, one on the link with them', () => inGroup(['server', 'client', 'client'], async (group) => {
    const [a, b, there] = group.members as [Member, Member, Member];
    const call = (number: number, request: Opaque) => there.worker.endpoint.send({ type: 'CALL', job: there.job, fence: there.fence, call: number, request });
    const run = ({ job, role }: Member) => new Promise<string>((resolve, reject) => {
      const child = spawn(python, [fileURLToPath(new URL('multinode-client.testing.py', import.meta.url)), String(portOf(group.port)), String(job), uuid, role, '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (text) => { out += String(text); });
      child.once('error', reject);
      child.once('close', (status) => (status === 0 ? resolve(out) : reject(new Error(`the client of job ${job} ended with ${status}: ${out}`))));
    });
    call(0, { request: 'group_data', role: 'client', group_size: 3 });
    call(1, { request: 'lava_send', messageID: 'ready', message: { from: 'the link' } });
    call(2, { request: 'lava_sync', messageID: 'end' });
    const said = (await Promise.all([run(a), run(b)])).map((text) => JSON.parse(text) as unknown);
    const everybody = { [a.job]: { from: 'server' }, [b.job]: { from: 'client' }, [there.job]: { from: 'the link' } };
    for (const one of said) {
      expect(one).toEqual({ ready: { response: 'ack', message: everybody }, end: { response: 'ack', message: 'end' }, again: { response: 'ack', message: everybody } });
    }
  }), 60_000);
});
