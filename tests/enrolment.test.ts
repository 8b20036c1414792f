import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { createCertificate, readSecretCertificate } from '@lava/link';
import { programFile, waitUntil, type LavaSystem } from '@lava/testbed';
import { startSystem, stopSystem } from './support/system.ts';

// A machine joins with the one command that `lava-server manage workers enroll` prints, over a network where somebody
// listens, and where somebody puts in keys of his own.

let system: LavaSystem;
/** What stands between the machines and the server. */
let network: Server;
let url: string;
const heard: string[] = [];
let tamper: { request?: (text: string) => string; answer?: (text: string) => string } = {};

beforeAll(async () => {
  system = await startSystem();
  network = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const sent = Buffer.concat(chunks).toString();
      const answer = await fetch(`${system.url}${request.url}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: tamper.request?.(sent) ?? sent });
      const text = await answer.text();
      heard.push(sent, text);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(tamper.answer?.(text) ?? text);
    })();
  });
  await new Promise<void>((resolve) => { network.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(network.address() as AddressInfo).port}`;
});
afterAll(async () => {
  network.close();
  await stopSystem(system);
});

const machine = (name: string) => join(system.root, 'machines', name);
const certificates = (root: string) => lavaPaths(root).certificates;
const command = (hostname: string) => system.manage('workers', 'enroll', hostname, '--url', url);
const codeOf = (line: string) => /--code (\S+)/.exec(line)![1]!;

/** Runs the printed command on a machine. */
async function paste(line: string, root: string): Promise<{ status: number; text: string }> {
  const [program, ...args] = line.split(' ');
  expect(program).toBe('lava-worker');
  await mkdir(root, { recursive: true });
  return promisify(execFile)(process.execPath, [programFile({ package: 'worker', name: 'lava-worker' }), ...args, '--root', root])
    .then(({ stdout }) => ({ status: 0, text: stdout }), (error: { code: number; stderr: string }) => ({ status: error.code, text: error.stderr }));
}

interface Worker { readonly state: string; readonly log: readonly { readonly message: string }[] }
const worker = (name: string) => system.api<Worker>(`/api/v1/workers/${name}`);
const online = (name: string, state = 'Online') => waitUntil(`${name} to be ${state}`, async () => (await worker(name)).state === state);
const audit = async (name: string) => (await worker(name)).log.map((entry) => entry.message);

/** The link is dialled past the network, whose part here is only HTTP. */
const start = (name: string, root: string) => system.startWorker(name, { root });

test('one command joins; the secret key and the code never travel; another certificate replaces it; revoked, it is out', async () => {
  const root = machine('w9');
  const line = await command('w9');
  expect(line).toMatch(/^lava-worker enroll --url http:\/\/127\.0\.0\.1:\d+ --hostname w9 --code [a-z2-9]{7}(-[a-z2-9]{7}){3}$/);
  expect(await paste(line, root)).toEqual({ status: 0, text: expect.stringContaining('w9 is enrolled') });
  const secretFile = join(certificates(root), 'w9.key_secret');
  expect((await stat(secretFile)).mode & 0o777).toBe(0o600);
  const first = await readSecretCertificate(secretFile);
  const traffic = heard.join('\n');
  expect(traffic).toContain(first.publicKey);
  for (const secret of [first.secretKey, codeOf(line), codeOf(line).replaceAll('-', '')]) expect(traffic).not.toContain(secret);
  expect(readFileSync(join(lavaPaths(root).workerConfig, 'lava-slave'), 'utf8')).toBe(`MASTER_URL="tcp://127.0.0.1:${system.ports.control}"\nLOGGER_URL="tcp://127.0.0.1:${system.ports.log}"\nHOSTNAME="w9"\n`);
  const daemon = start('w9', root);
  await online('w9');

  // The same again: the code is used up.
  expect(await paste(line, machine('thief'))).toEqual({ status: 1, text: expect.stringContaining('was used') as string });
  expect((await audit('w9'))[0]).toMatch(/enrolment refused: the code is used \(from 127\.0\.0\.1\)/);
  expect(existsSync(join(certificates(machine('thief')), 'thief.key_secret'))).toBe(false);

  // Another pair: the process with the old one is sent away, with the new one it is back.
  expect(await paste(await command('w9'), root)).toMatchObject({ status: 0 });
  const second = await readSecretCertificate(secretFile);
  expect(second.publicKey).not.toBe(first.publicKey);
  await online('w9', 'Offline');
  await daemon.end();
  start('w9', root);
  await online('w9');

  expect(await system.manage('workers', 'revoke', 'w9')).toBe('Worker w9 is locked out');
  await online('w9', 'Offline');
  expect(existsSync(join(certificates(system.root), 'w9.key'))).toBe(false);
  expect((await audit('w9')).some((message) => message.includes('revoked'))).toBe(true);
  await waitUntil('the worker to be told', async () => (await readFile(system.workers.get('w9')!.logFile, 'utf8')).includes('The master refused this worker: the certificate w9.key was removed'));
});

test('wrong codes, codes of other workers and expired ones are refused, and noted', async () => {
  const line = await command('w10');
  const wrong = line.replace(codeOf(line), codeOf(await command('w11')));
  const refused = { status: 1, text: expect.stringContaining('The code is not one for this worker, or was used, or has expired') as string };
  expect(await paste(wrong, machine('w10'))).toEqual(refused);
  expect((await audit('w10'))[0]).toMatch(/enrolment refused: wrong code/);
  // Bound to the name.
  expect(await paste(line.replace('w10', 'w11'), machine('w11'))).toEqual(refused);
  expect((await audit('w11'))[0]).toMatch(/enrolment refused: wrong code/);
  expect(await paste(line.replace('w10', 'nobody'), machine('nobody'))).toEqual(refused);
  // A newer code ends the one before.
  const newer = await command('w10');
  expect(await paste(line, machine('w10'))).toEqual(refused);
  expect(await paste(newer, machine('w10'))).toMatchObject({ status: 0 });
  await expect(system.manage('workers', 'enroll', 'master')).rejects.toThrow("name of this server's own certificate");
  await expect(system.manage('workers', 'enroll', 'a b')).rejects.toThrow('cannot name a worker');
});

test('who stands in between can put in no key, neither of a worker nor of a server', async () => {
  const root = machine('w12');
  const line = await command('w12');
  const { publicFile } = await createCertificate(machine('stranger'), 'stranger');
  const key = /public-key = "(.*)"/.exec(readFileSync(publicFile, 'utf8'))![1]!;
  tamper = { request: (text) => JSON.stringify({ ...JSON.parse(text) as object, public_key: key }) };
  expect(await paste(line, root)).toMatchObject({ status: 1, text: expect.stringContaining('The code is not one for this worker') });
  expect(existsSync(join(certificates(system.root), 'w12.key'))).toBe(false);
  tamper = { answer: (text) => JSON.stringify({ ...JSON.parse(text) as object, master_key: key }) };
  expect(await paste(line, root)).toMatchObject({ status: 1, text: expect.stringContaining('it is not the server that made it') });
  expect(existsSync(join(certificates(root), 'master.key'))).toBe(false);
  // The server has admitted the true key meanwhile; the next code takes the same.
  tamper = {};
  expect(await paste(await command('w12'), root)).toMatchObject({ status: 0 });
  start('w12', root);
  await online('w12');
});

test('where the installation names all servers, the worker gets them all, and from nobody else', async () => {
  await writeFile(join(lavaPaths(system.root).serverConfig, 'settings.yaml'), 'LINK_ADDRESSES: [127.0.0.1, localhost]\n');
  await system.server!.end();
  await system.startServer();
  const root = machine('w13');
  const { control, log } = system.ports;
  tamper = { answer: (text) => text.replaceAll('localhost', 'attacker.example.org') };
  expect(await paste(await command('w13'), root)).toMatchObject({ status: 1, text: expect.stringContaining('it is not the server that made it') });
  tamper = {};
  expect(await paste(await command('w13'), root)).toMatchObject({ status: 0 });
  expect(readFileSync(join(lavaPaths(root).workerConfig, 'lava-slave'), 'utf8')).toContain(
    `MASTER_URL="tcp://127.0.0.1:${control},tcp://localhost:${control}"\nLOGGER_URL="tcp://127.0.0.1:${log},tcp://localhost:${log}"\n`);
  // Who was enrolled before is told when it greets.
  const servers = JSON.parse(await waitUntil('the servers to be kept', () => readFile(join(lavaPaths(machine('w12')).workerState, 'worker/servers.json'), 'utf8'))) as { servers: unknown };
  expect(servers).toMatchObject({ servers: [{ master: `tcp://127.0.0.1:${control}` }, { master: `tcp://localhost:${control}`, logger: `tcp://localhost:${log}` }] });
});
