import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { daemonLog } from '@lava/base';
import type { ServerEndpoint } from './server-endpoint.ts';
import { WorkerEndpoint } from './worker-endpoint.ts';
import { callsSince, protocolVersion } from './messages.ts';

// The other end is the code of a version before, as it was. That an older worker works with this server is shown by
// tests/upgrade.test.ts, where it runs jobs.

const quiet = daemonLog('ERROR', () => {});

test('a worker that was upgraded first speaks the version of its server', async () => {
  const older = await import(fileURLToPath(new URL('../../testbed/assets/older/lava-4.mjs', import.meta.url))) as { ServerEndpoint: typeof ServerEndpoint };
  const messages: string[] = [];
  const server = new older.ServerEndpoint({
    control: 'tcp://127.0.0.1:*', log: 'tcp://127.0.0.1:*', version: 'older', interval: 0.5, daemonLog: quiet, encryption: { plain: 'loopback' },
    handlers: {
      certificateOf: () => undefined, welcome: () => ({ accepted: true }), onSession() {}, onEnd() {},
      onMessage: (_, message) => { messages.push(message.type); },
      onLog: (session, { job, fence, index, count }) => { server.replyLog(session, { type: 'LOG_OK', job, fence, lines: index + count }); },
    },
  });
  await server.open();
  onTestFinished(() => server.close());
  const orders: string[] = [];
  const worker = new WorkerEndpoint({
    master: server.addresses.control, logger: server.addresses.log, hostname: 'w1', version: 'newer', capabilities: [], daemonLog: quiet, encryption: { plain: 'loopback' },
    handlers: { attempts: () => [{ job: 1, fence: 1 }], onSession() {}, onOrder: (order) => { orders.push(order.type); }, onLogReply: (reply) => { orders.push(JSON.stringify(reply)); } },
  });
  worker.open();
  onTestFinished(() => worker.close());
  await vi.waitFor(() => { expect(worker.connected).toBe(true); }, 10_000);
  expect(worker.protocol).toBe(4);
  expect(server.sessions()).toMatchObject([{ hostname: 'w1', protocol: 4 }]);
  expect([worker.protocol < callsSince, protocolVersion > 4]).toEqual([true, true]);
  server.send('w1', { type: 'CANCEL', job: 1, fence: 1 });
  worker.send({ type: 'START_OK', job: 1, fence: 1 });
  worker.sendLog({ job: 1, fence: 1, index: 3, count: 1 }, Buffer.from('- {}\n'));
  await vi.waitFor(() => { expect(orders).toEqual(expect.arrayContaining(['CANCEL', '{"type":"LOG_OK","job":1,"fence":1,"lines":4}'])); }, 10_000);
  await vi.waitFor(() => { expect(messages).toEqual(expect.arrayContaining(['START_OK', 'PING'])); }, 10_000);
});
