import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonLog } from '@lava/base';
import { Dealer } from 'zeromq';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createCertificate, readCertificate, readSecretCertificate } from './certificates.ts';
import { ServerEndpoint, type ServerEndpointOptions } from './server-endpoint.ts';
import { WorkerEndpoint, type WorkerEndpointOptions } from './worker-endpoint.ts';

const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 30_000, interval: 25 });
const opened: { close(): Promise<void> | void }[] = [];
afterEach(async () => { for (const o of opened.splice(0).toReversed()) await o.close(); });

function textLog() {
  const lines: string[] = [];
  const log = daemonLog('DEBUG', (line) => { lines.push(line.trimEnd().slice(24)); });
  return { log, lines, text: () => lines.join('\n') };
}

/** A lab: the directory of the server with master and admitted certificates, and one secret directory for the workers. */
async function lab(options: Partial<ServerEndpointOptions> & { certificateOf?: (h: string) => string | undefined; known?: (h: string) => boolean } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'lava-link-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [admitted, secrets] = [join(root, 'server'), join(root, 'workers')];
  await createCertificate(admitted, 'master');
  const serverLog = textLog();
  const events: string[] = [];
  const server = new ServerEndpoint({
    control: 'tcp://127.0.0.1:*', log: 'tcp://127.0.0.1:*', version: '1', interval: 0.5, probe: 300, silence: 60, daemonLog: serverLog.log,
    encryption: { certificate: join(admitted, 'master.key_secret'), directory: admitted },
    ...options,
    handlers: {
      certificateOf: options.certificateOf ?? (() => undefined),
      welcome: ({ hostname }) => (options.known?.(hostname) ?? true) ? { accepted: true } : { accepted: false, reason: `unknown worker ${hostname}` },
      onSession: (s) => events.push(`+${s.hostname}`),
      onMessage: (s, m) => { if (m.type !== 'PING') events.push(`${s.hostname} ${m.type}`); },
      onLog: (s, m, b) => { events.push(`${s.hostname} LOG ${m.index} ${b.toString()}`); server.replyLog(s, { type: 'LOG_OK', job: m.job, fence: m.fence, lines: m.index + m.count }); },
      onEnd: (s, reason) => events.push(`-${s.hostname} ${reason}`),
    },
  });
  await server.open();
  opened.push(server);
  return {
    admitted, events, server, serverLog,
    async certificate(name: string, admit = true) {
      const made = await createCertificate(secrets, name);
      const loads = () => serverLog.lines.filter((line) => line.includes('[AUTH] Reloading')).length;
      const before = loads();
      if (admit) {
        await copyFile(made.publicFile, join(admitted, `${name}.key`));
        await until(() => expect(loads()).toBeGreaterThan(before));
      }
      return made;
    },
    async worker(hostname: string, certificate: string, more: Partial<WorkerEndpointOptions> = {}) {
      const log = textLog();
      const got: string[] = [];
      const endpoint = new WorkerEndpoint({
        master: more.master ?? server.addresses.control, logger: more.logger ?? server.addresses.log, hostname, version: '1', capabilities: ['debugfs'], daemonLog: log.log, answer: 1000,
        encryption: { own: await readSecretCertificate(join(secrets, `${certificate}.key_secret`)), master: await readCertificate(join(admitted, 'master.key')) },
        ...more,
        handlers: {
          attempts: () => [{ job: 1, fence: 1 }],
          onSession: () => got.push('session'),
          onOrder: (m) => got.push(m.type),
          onLogReply: (m) => got.push(`${m.type}${m.type === 'LOG_OK' ? ` ${m.lines}` : ''}`),
          onRefused: (reason, retry) => got.push(`refused ${retry} ${reason}`),
        },
      });
      endpoint.open();
      opened.push(endpoint);
      return { endpoint, got, log };
    },
  };
}

test('an admitted worker gets in, with the log lines an admin looks for', async () => {
  const l = await lab();
  await l.certificate('w1');
  const { endpoint, got, log } = await l.worker('w1', 'w1');
  await until(() => expect(endpoint.connected).toBe(true));
  expect(log.lines.slice(0, 10).map((line) => line.replace(/\/\S*\//, ''))).toEqual([
    '   INFO Creating ZMQ context and socket connections', '   INFO Starting encryption', '  DEBUG Opening slave certificate: w1.key_secret',
    '  DEBUG Opening master certificate: master.key', '   INFO Connecting to master as <w1>', '   INFO Connection is encrypted using w1.key_secret',
    "  DEBUG Greeting the master => 'HELLO'", '   INFO Waiting for the master to reply', "  DEBUG The master replied: ['HELLO_OK']", '   INFO Connection with the master established',
  ]);
  expect(l.serverLog.text()).toMatch(/Starting encryption\n.*Opening master certificate: .*master.key_secret\n.*Using slaves certificates from: /);
  expect(l.server.sessions()).toMatchObject([{ hostname: 'w1', certificate: 'w1', capabilities: ['debugfs'] }]);

  expect(l.server.send('w1', { type: 'CANCEL', job: 1, fence: 1 })).toBe(true);
  expect(l.server.send('nobody', { type: 'CANCEL', job: 1, fence: 1 })).toBe(false);
  expect(endpoint.send({ type: 'START_OK', job: 1, fence: 1 })).toBe(true);
  expect(endpoint.sendLog({ job: 1, fence: 1, index: 3, count: 1 }, Buffer.from('- {}\n'))).toBe(true);
  await until(() => expect(got).toEqual(expect.arrayContaining(['CANCEL', 'LOG_OK 4'])));
  await until(() => expect(l.events).toEqual(expect.arrayContaining(['w1 START_OK', 'w1 LOG 3 - {}\n'])));
  await endpoint.close();
  await until(() => expect(l.events).toContain('-w1 the worker said goodbye'));
});

test('a worker that greeted several times before the server came gets in, with one exchange', async () => {
  const first = await lab();
  const { control, log } = first.server.addresses;
  await first.certificate('w1');
  await first.server.close();
  const { endpoint, log: workerLog } = await first.worker('w1', 'w1', { master: control, logger: log, answer: 2000 });
  const greetings = () => workerLog.lines.filter((line) => line.includes('Greeting the master')).length;
  await until(() => expect(greetings()).toBe(2));

  const admitted = first.admitted;
  const serverLog = textLog();
  const server = new ServerEndpoint({
    control, log, version: '1', interval: 0.5, daemonLog: serverLog.log, encryption: { certificate: join(admitted, 'master.key_secret'), directory: admitted },
    handlers: { certificateOf: () => undefined, welcome: () => ({ accepted: true }), onSession() {}, onMessage() {}, onLog() {}, onEnd() {} },
  });
  await server.open();
  opened.push(server);
  await until(() => expect(endpoint.connected).toBe(true));
});

test('a certificate that is not admitted is refused and logged; adding it lets the waiting worker in', async () => {
  const l = await lab();
  const { publicFile } = await l.certificate('w1', false);
  const { endpoint, log } = await l.worker('w1', 'w1');
  const { publicKey } = await readCertificate(publicFile);
  await until(() => expect(l.serverLog.text()).toContain(`[AUTH] Refused 127.0.0.1: no certificate in ${l.admitted} has its key ${publicKey}`));
  await until(() => expect(log.text()).toContain('the server does not admit this certificate'));
  expect(endpoint.connected).toBe(false);
  await copyFile(publicFile, join(l.admitted, 'w1.key'));
  await until(() => expect(endpoint.connected).toBe(true));
  expect(l.serverLog.text()).toContain(`[AUTH] Reloading certificates from ${l.admitted}`);
});

test('removing a certificate ends the session at once and keeps the worker out; putting it back lets it in', async () => {
  const l = await lab();
  const { publicFile } = await l.certificate('w1');
  await l.certificate('w2');
  const first = await l.worker('w1', 'w1');
  const second = await l.worker('w2', 'w2');
  await until(() => expect(l.server.sessions()).toHaveLength(2));
  rmSync(join(l.admitted, 'w1.key'));
  await until(() => expect(l.events).toContain('-w1 the certificate w1.key was removed from the server'));
  await until(() => expect(first.got.filter((g) => g.startsWith('refused')).length).toBeGreaterThan(1));
  expect(l.server.send('w1', { type: 'STATUS', job: 1, fence: 1 })).toBe(false);
  expect(second.endpoint.connected).toBe(true);
  await copyFile(publicFile, join(l.admitted, 'w1.key'));
  await until(() => expect(first.endpoint.connected).toBe(true));
});

test('an admitted worker cannot take the name of another, and the reason says what to do', async () => {
  const l = await lab({ certificateOf: (h) => (h === 'rack' ? 'w2' : undefined) });
  await l.certificate('w1');
  await l.certificate('w2');
  const thief = await l.worker('w1', 'w2');
  await until(() => expect(thief.got[0]).toContain('refused true worker w1 must hold the certificate w1, but this process uses another one'));
  expect(thief.got[0]).toContain('lava-server manage workers update w1 --certificate NAME');
  expect(l.serverLog.text()).toContain('[AUTH] Refused "w1": worker w1 must hold');
  const stranger = await l.worker('w9', 'w2');
  await until(() => expect(stranger.got[0]).toContain(`there is no w9.key in the server's ${l.admitted}`));
  const named = await l.worker('rack', 'w2');
  await until(() => expect(named.endpoint.connected).toBe(true));
  expect(l.server.sessions()).toMatchObject([{ hostname: 'rack', certificate: 'w2' }]);
});

test("the server's own certificate is not a worker's", async () => {
  const l = await lab();
  await l.certificate('w', false);
  const { endpoint, log } = await l.worker('master', 'w', {
    encryption: { own: await readSecretCertificate(join(l.admitted, 'master.key_secret')), master: await readCertificate(join(l.admitted, 'master.key')) },
  });
  await until(() => expect(log.text()).toContain('does not admit'));
  expect(endpoint.connected).toBe(false);
});

test('a worker the server does not know, a plain one and one of another protocol are refused', async () => {
  const l = await lab({ known: (h) => h !== 'w1' });
  await l.certificate('w1');
  const unknown = await l.worker('w1', 'w1');
  await until(() => expect(unknown.got).toContain('refused true unknown worker w1'));
  const plain = await l.worker('w2', 'w1', { encryption: { plain: 'loopback' } });
  await until(() => expect(l.serverLog.text()).toContain('[AUTH] Refused a connection: it is not encrypted'));
  expect(plain.endpoint.connected).toBe(false);
  expect(l.events).toEqual([]);
});

test('a worker that has the wrong certificate of the server hears what may be wrong, and so does the server', async () => {
  const l = await lab();
  await l.certificate('w1');
  const { publicFile } = await l.certificate('other', false);
  const { endpoint, log } = await l.worker('w1', 'w1', { encryption: { own: await readSecretCertificate(publicFile.replace('other.key', 'w1.key_secret')), master: await readCertificate(publicFile) } });
  await until(() => expect(l.serverLog.text()).toContain("[AUTH] Refused a connection: it expects another server certificate"));
  await until(() => expect(log.text()).toContain(`No answer from the master at ${l.server.addresses.control}; trying on. Is it running, and is ${publicFile} its certificate?`));
  expect(endpoint.connected).toBe(false);
});

test('over IPv6', async () => {
  const l = await lab({ control: 'tcp://[::1]:*', log: 'tcp://[::1]:*', ipv6: true });
  await l.certificate('w1');
  const { endpoint } = await l.worker('w1', 'w1', { ipv6: true });
  await until(() => expect(endpoint.connected).toBe(true));
  expect(l.server.addresses.control).toContain('[::1]');
});

test('of two processes with one name the second is refused while the first lives', async () => {
  const l = await lab();
  await l.certificate('w1');
  const first = await l.worker('w1', 'w1');
  await until(() => expect(first.endpoint.connected).toBe(true));
  const second = await l.worker('w1', 'w1');
  await until(() => expect(second.got[0]).toContain('refused true another process is already connected as w1'));
  expect(first.endpoint.connected).toBe(true);
  expect(l.serverLog.text()).toContain('[AUTH] Refused "w1": another process is already connected');
  await first.endpoint.close();
  await until(() => expect(second.endpoint.connected).toBe(true));
});

test('plain connections need to be asked for, and then stay on loopback', async () => {
  const handlers = { certificateOf: () => undefined, welcome: () => ({ accepted: true as const }), onSession() {}, onMessage() {}, onLog() {}, onEnd() {} };
  const make = (control: string, plain: 'loopback' | 'anywhere') => new ServerEndpoint({ control, log: 'tcp://127.0.0.1:*', version: '1', encryption: { plain }, daemonLog: textLog().log, handlers });
  await expect(make('tcp://*:5556', 'loopback').open()).rejects.toMatchObject({ code: 'link-plain' });
  await expect(make('tcp://10.0.0.1:5556', 'loopback').open()).rejects.toThrow('not a loopback address');
  const server = make('tcp://127.0.0.1:*', 'loopback');
  await server.open();
  opened.push(server);
  const worker = (master: string) => new WorkerEndpoint({
    master, logger: server.addresses.log, hostname: 'w', version: '1', capabilities: [], encryption: { plain: 'loopback' }, daemonLog: textLog().log,
    handlers: { attempts: () => [], onSession() {}, onOrder() {}, onLogReply() {} },
  });
  expect(() => worker('tcp://lava.example.org:5556')).toThrow('not a loopback address');
  const endpoint = worker(server.addresses.control);
  opened.push(endpoint);
  endpoint.open();
  await until(() => expect(endpoint.connected).toBe(true));
});

test('hostile frames are dropped, logged once, and hurt nobody', async () => {
  const l = await lab({ encryption: { plain: 'loopback' } });
  const log = textLog();
  const worker = new WorkerEndpoint({
    master: l.server.addresses.control, logger: l.server.addresses.log, hostname: 'good', version: '1', capabilities: [], encryption: { plain: 'loopback' }, daemonLog: log.log,
    handlers: { attempts: () => [], onSession() {}, onOrder() {}, onLogReply() {} },
  });
  opened.push(worker);
  worker.open();
  await until(() => expect(worker.connected).toBe(true));
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const address of [l.server.addresses.control, l.server.addresses.log]) {
    const bad = new Dealer({ linger: 0 });
    bad.connect(address);
    for (const frames of [
      [''], ['x'], ['HELLO'], ['HELLO', ''], ['HELLO', 'null'], ['HELLO', '{}'], ['HELLO', deep], ['__proto__', '{}'], ['constructor', '{}'], [Buffer.alloc(100_000, 0xff), Buffer.alloc(10)],
      ['HELLO', JSON.stringify({ protocol: 4, version: '1', hostname: '../../etc\n', capabilities: [], instance: 'x' })],
      ['HELLO', JSON.stringify({ protocol: 3, version: '1', hostname: 'old', capabilities: [], instance: 'x' })],
      ['HELLO', JSON.stringify({ protocol: 4, version: '1', hostname: 'w', capabilities: [1], instance: 'x' })],
      ['PING', '{"session":"guess","attempts":[]}'], ['LOG', '{"session":"guess","job":1,"fence":1,"index":0,"count":1}', 'x'], Array.from({ length: 500 }, () => 'frame'),
    ]) await bad.send(frames);
    if (address === l.server.addresses.control) await until(() => expect(l.serverLog.text()).toContain('old using protocol v3 while master is using v6'));
    await bad.send(['HELLO', Buffer.alloc(17 * 1024 * 1024)]);
    opened.push(bad);
    const named = new Dealer({ linger: 0, routingId: 'good' });
    named.connect(address);
    await named.send(['BYE', '{"session":"guess"}']);
    await until(() => expect(l.serverLog.text()).toContain('chose its own routing id'));
    named.close();
  }
  expect(l.serverLog.lines.filter((line) => line.includes('dropped')).length).toBeLessThan(6);
  expect(worker.send({ type: 'START_OK', job: 7, fence: 1 })).toBe(true);
  await until(() => expect(l.events).toContain('good START_OK'));
  expect(l.server.sessions()).toHaveLength(1);
});

test('a restarted server gets the worker back without its help', async () => {
  const l = await lab();
  await l.certificate('w1');
  const { endpoint, got } = await l.worker('w1', 'w1');
  await until(() => expect(endpoint.connected).toBe(true));
  const { control, log } = l.server.addresses;
  await l.server.close();
  const events: string[] = [];
  const next = new ServerEndpoint({
    control, log, version: '1', interval: 0.5, daemonLog: textLog().log, encryption: { certificate: join(l.admitted, 'master.key_secret'), directory: l.admitted },
    handlers: { certificateOf: () => undefined, welcome: () => ({ accepted: true }), onSession: (s) => events.push(s.hostname), onMessage() {}, onLog() {}, onEnd() {} },
  });
  await until(() => next.open());
  opened.push(next);
  await until(() => expect(events).toEqual(['w1']));
  expect(got.filter((g) => g === 'session').length).toBeGreaterThan(1);
});
