import { fileURLToPath } from 'node:url';
import { Dealer, Router, type MessageLike } from 'zeromq';
import { expect, onTestFinished, test, vi } from 'vitest';
import { daemonLog } from '@lava/base';
import { ServerEndpoint, type ServerEndpointOptions } from './server-endpoint.ts';
import { WorkerEndpoint, type WorkerEndpointOptions } from './worker-endpoint.ts';
import { callsSince, oldestProtocol, protocolVersion, statusSince, type WorkerStatus } from './messages.ts';

// The other end is the code of a version before, as it was. That older workers run jobs on this server is shown by
// tests/upgrade.test.ts.

interface Older { ServerEndpoint: typeof ServerEndpoint; WorkerEndpoint: typeof WorkerEndpoint }
const older = async (version: number) => await import(fileURLToPath(new URL(`../../testbed/assets/older/lava-${version}.mjs`, import.meta.url))) as Older;
const before = [4, 5];

const quiet = daemonLog('ERROR', () => {});
const until = <T>(check: () => T) => vi.waitFor(check, 20_000);
const plain = { encryption: { plain: 'loopback' }, daemonLog: quiet } as const;
const status: WorkerStatus = { disk: { free: 1, total: 2 }, cache: { free: 1, total: 2, hits: 3, misses: 4 }, load: 0.5, running: 1 };
const servers = [{ master: 'tcp://127.0.0.1:1', logger: 'tcp://127.0.0.1:2' }];

/** A server that takes and notes all. */
async function openServer(Server: typeof ServerEndpoint, more: Partial<ServerEndpointOptions> = {}) {
  const messages: { type: string }[] = [];
  const server = new Server({
    control: 'tcp://127.0.0.1:*', log: 'tcp://127.0.0.1:*', version: 'other', interval: 0.5, ...plain, ...more,
    handlers: {
      certificateOf: () => undefined, welcome: () => ({ accepted: true }), onSession() {}, onEnd() {},
      onMessage: (session, message) => {
        messages.push(message);
        if (message.type === 'CALL') server.send(session.hostname, { type: 'ANSWER', job: message.job, fence: message.fence, call: message.call, answer: { yes: true } });
        if (message.type === 'END') server.send(session.hostname, { type: 'END_OK', job: message.job, fence: message.fence });
      },
      onLog: (session, { job, fence, index, count }) => { server.replyLog(session, { type: 'LOG_OK', job, fence, lines: index + count }); },
    },
  });
  await server.open();
  onTestFinished(() => server.close());
  return { server, messages, address: { master: server.addresses.control, logger: server.addresses.log } };
}

function openWorker(Worker: typeof WorkerEndpoint, address: { master: string; logger: string }, more: Partial<WorkerEndpointOptions['handlers']> = {}) {
  const came: unknown[] = [];
  const worker = new Worker({
    ...address, hostname: 'w1', version: 'other', capabilities: [], ...plain,
    handlers: { attempts: () => [{ job: 1, fence: 1 }], onSession() {}, onOrder: (order) => { came.push(order); }, onLogReply: (reply) => { came.push(reply); }, ...more },
  });
  worker.open();
  onTestFinished(() => worker.close());
  return { worker, came };
}

/** Greets, runs, logs, ends, and calls where both know how. */
async function talk({ server, messages }: Awaited<ReturnType<typeof openServer>>, { worker, came }: ReturnType<typeof openWorker>, version: number): Promise<void> {
  const ref = { job: 1, fence: 1 };
  await until(() => expect(worker.connected).toBe(true));
  expect([worker.protocol, server.sessions()]).toMatchObject([version, [{ hostname: 'w1', protocol: version }]]);
  server.send('w1', { type: 'START', ...ref, files: { 'job.yaml': 'a', 'device.yaml': 'b', 'dispatcher.yaml': '', 'env.yaml': '', 'env-dut.yaml': '' } });
  server.send('w1', { type: 'CANCEL', ...ref });
  worker.send({ type: 'START_OK', ...ref });
  worker.sendLog({ ...ref, index: 3, count: 1 }, Buffer.from('- {}\n'));
  if (version >= callsSince) worker.send({ type: 'CALL', ...ref, call: 0, request: { what: 'x' } });
  worker.send({ type: 'END', ...ref, result: 'pass', errorType: '', errorMessage: '', errors: '', description: '', logLines: 4, poweredOff: true });
  await until(() => expect(came).toEqual(expect.arrayContaining([
    { type: 'START', ...ref, files: { 'job.yaml': 'a', 'device.yaml': 'b', 'dispatcher.yaml': '', 'env.yaml': '', 'env-dut.yaml': '' } },
    { type: 'CANCEL', ...ref }, { type: 'LOG_OK', ...ref, lines: 4 }, { type: 'END_OK', ...ref },
    ...(version >= callsSince ? [{ type: 'ANSWER', ...ref, call: 0, answer: { yes: true } }] : []),
  ])));
  await until(() => expect(messages.map(({ type }) => type)).toEqual(expect.arrayContaining(['START_OK', 'PING', 'END', ...(version >= callsSince ? ['CALL'] : [])])));
}

test('the two versions before this one are those that are spoken', () => {
  expect(before).toEqual(Array.from({ length: protocolVersion - oldestProtocol }, (_, n) => oldestProtocol + n));
});

test.for(before)('a worker that was upgraded first speaks version %i with its server', async (version) => {
  const server = await openServer((await older(version)).ServerEndpoint);
  await talk(server, openWorker(WorkerEndpoint, server.address, { status: () => status }), version);
});

test('a server that was upgraded first speaks version 5 with its worker', async () => {
  const server = await openServer(ServerEndpoint, { servers });
  await talk(server, openWorker((await older(5)).WorkerEndpoint, server.address), 5);
});

test('both of this version say all that it has', async () => {
  const told: unknown[] = [];
  const clocks: (number | undefined)[] = [];
  const server = await openServer(ServerEndpoint, { servers });
  await talk(server, openWorker(WorkerEndpoint, server.address, {
    onServers: (all) => { told.push(all); }, status: (clockAhead) => { clocks.push(clockAhead); return { ...status, clockAhead }; },
  }), protocolVersion);
  expect(told).toEqual([servers]);
  // Both have the clock of this machine.
  await until(() => expect(clocks.at(-1)).toSatisfy((ahead) => typeof ahead === 'number' && Math.abs(ahead) <= 1000));
  expect(server.messages).toContainEqual(expect.objectContaining({ type: 'PING', status }));
});

// What an older side would be sent too much, its own reading would hide: here are the frames as they travel.

/** Names of the fields of a message. */
const fieldsOf = (header: Buffer | undefined) => Object.keys(JSON.parse(String(header)) as object).sort();
const pingHas = (version: number) => ['attempts', 'session', ...(version >= statusSince ? ['sent', 'status'] : [])].sort();

test.for([...before, protocolVersion])('a worker says in a session of version %i what that version has, no more', async (version) => {
  const [control, logs] = [new Router({ linger: 0 }), new Router({ linger: 0 })];
  for (const socket of [control, logs]) { await socket.bind('tcp://127.0.0.1:*'); onTestFinished(() => socket.close()); }
  openWorker(WorkerEndpoint, { master: control.lastEndpoint!, logger: logs.lastEndpoint! }, { status: () => status });
  for await (const [route, type, header] of control) {
    if (String(type) === 'HELLO') {
      expect(fieldsOf(header)).toEqual(['capabilities', 'hostname', 'instance', 'newest', 'protocol', 'version']);
      await control.send([route!, 'HELLO_OK', JSON.stringify({ protocol: version, version: 'x', session: 's', interval: 1, capabilities: [] })]);
    } else if (String(type) === 'PING') {
      expect(fieldsOf(header)).toEqual(pingHas(version));
      return;
    }
  }
});

test.for([...before, protocolVersion])('a server says in a session of version %i what that version has, no more', async (version) => {
  const { address } = await openServer(ServerEndpoint, { servers });
  const worker = new Dealer({ linger: 0 });
  onTestFinished(() => worker.close());
  worker.connect(address.master);
  const say = (type: string, header: object) => worker.send([type, JSON.stringify(header)] as MessageLike[]);
  const answer = async () => { const [type, header] = await worker.receive(); return { type: String(type), fields: fieldsOf(header), header: JSON.parse(String(header)) as { session: string } }; };
  await say('HELLO', { protocol: oldestProtocol, newest: version, version: 'x', hostname: 'w1', capabilities: [], instance: 'x' });
  const hello = await answer();
  expect([hello.type, hello.fields]).toEqual(['HELLO_OK', ['capabilities', 'interval', 'protocol', ...(version >= statusSince ? ['servers'] : []), 'session', 'version'].sort()]);
  await say('PING', { session: hello.header.session, attempts: [], sent: 1 });
  expect(await answer()).toMatchObject({ type: 'PONG', fields: ['interval', ...(version >= statusSince ? ['sent', 'time'] : [])] });
});

test('a worker from before the oldest version is refused and told why', async () => {
  const { server, address } = await openServer(ServerEndpoint);
  const worker = new Dealer({ linger: 0 });
  onTestFinished(() => worker.close());
  worker.connect(address.master);
  await worker.send(['HELLO', JSON.stringify({ protocol: oldestProtocol - 1, version: 'x', hostname: 'w1', capabilities: [], instance: 'x' })]);
  const [type, header] = await worker.receive();
  expect([String(type), String(header)]).toEqual(['REFUSED', expect.stringContaining('install the same release on both')]);
  expect(server.sessions()).toEqual([]);
});
