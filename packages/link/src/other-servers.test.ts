import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyFile } from 'node:fs/promises';
import { daemonLog } from '@lava/base';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createCertificate, readCertificate, readSecretCertificate } from './certificates.ts';
import type { ServerAddress } from './messages.ts';
import { ServerEndpoint } from './server-endpoint.ts';
import { WorkerEndpoint } from './worker-endpoint.ts';

// A worker that knows one server is told of the others, and finds its way whatever it was told.

const quiet = daemonLog('ERROR', () => {});
const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 30_000, interval: 25 });

async function lab() {
  const root = mkdtempSync(join(tmpdir(), 'lava-servers-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const directory = join(root, 'server');
  await createCertificate(directory, 'master');
  const own = await createCertificate(join(root, 'worker'), 'w1');
  await copyFile(own.publicFile, join(directory, 'w1.key'));
  return {
    async server(servers: readonly ServerAddress[], at: { control: string; log: string } = { control: 'tcp://127.0.0.1:*', log: 'tcp://127.0.0.1:*' }, certificates = directory) {
      const server = new ServerEndpoint({
        ...at, version: '1', interval: 0.5, daemonLog: quiet, servers, encryption: { certificate: join(certificates, 'master.key_secret'), directory: certificates },
        handlers: { certificateOf: () => undefined, welcome: () => ({ accepted: true }), onSession() {}, onMessage() {}, onLog() {}, onEnd() {} },
      });
      await until(() => server.open());
      onTestFinished(() => server.close());
      return server;
    },
    /** One with another key, which admits the worker's all the same. */
    async impostor() {
      const other = join(root, 'impostor');
      await createCertificate(other, 'master');
      await copyFile(own.publicFile, join(other, 'w1.key'));
      return this.server([], undefined, other);
    },
    async worker(first: ServerAddress, learned: readonly ServerAddress[] = []) {
      const told: (readonly ServerAddress[])[] = [];
      const lines: string[] = [];
      const endpoint = new WorkerEndpoint({
        ...first, learned, hostname: 'w1', version: '1', capabilities: [], daemonLog: daemonLog('DEBUG', (line) => { lines.push(line); }), answer: 1000,
        encryption: { own: await readSecretCertificate(own.secretFile), master: await readCertificate(join(directory, 'master.key')) },
        handlers: { attempts: () => [], onSession() {}, onOrder() {}, onLogReply() {}, onServers: (servers) => { told.push(servers); } },
      });
      endpoint.open();
      onTestFinished(() => endpoint.close());
      return { endpoint, told, tried: ({ master }: ServerAddress) => lines.some((line) => line.includes(`Trying the master at ${master}`)) };
    },
  };
}

const addressOf = ({ addresses }: ServerEndpoint): ServerAddress => ({ master: addresses.control, logger: addresses.log });

test('a worker goes to a server of which it was told, and back to its own', async () => {
  const l = await lab();
  const second = await l.server([]);
  const first = await l.server([addressOf(second)]);
  const { addresses } = first;
  const { told } = await l.worker(addressOf(first));
  await until(() => expect(first.sessions()).toHaveLength(1));
  expect(told).toEqual([[addressOf(second)]]);
  await first.close();
  await until(() => expect(second.sessions()).toHaveLength(1));
  const again = await l.server([], addresses);
  await second.close();
  await until(() => expect(again.sessions()).toHaveLength(1));
  // Servers that say nothing take nothing away.
  expect(told).toHaveLength(1);
});

test('addresses that lead nowhere, or to somebody else, keep no worker from its server', async () => {
  const l = await lab();
  const first = await l.server([]);
  const { addresses } = first;
  const impostor = await l.impostor();
  await first.close();
  const own = { master: addresses.control, logger: addresses.log };
  const { endpoint, tried } = await l.worker(own, [
    addressOf(impostor), { master: 'tcp://127.0.0.1:9', logger: 'tcp://127.0.0.1:9' }, { master: 'tcp://no.such.host.invalid:5556', logger: 'tcp://no.such.host.invalid:5555' }, { master: 'nonsense', logger: '' },
  ]);
  await until(() => expect([tried(addressOf(impostor)), tried(own)]).toEqual([true, true]));
  expect([endpoint.connected, impostor.sessions()]).toEqual([false, []]);
  const back = await l.server([], addresses);
  await until(() => expect(back.sessions()).toHaveLength(1));
  expect(impostor.sessions()).toEqual([]);
});
