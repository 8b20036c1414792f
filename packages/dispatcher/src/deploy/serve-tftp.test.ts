import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sleep } from '@lava/base';
import { testAction } from '../testing/test-action.ts';
import { checkTftp, serveTftp, type TftpService } from './serve-tftp.ts';
import { probeTftp } from './tftp-client.ts';

let folder: string;
let port: number;
const services: TftpService[] = [];
const folders = /^[^/]+\/tftp-deploy-\w+\//;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lava-serve-'));
  const probe = createSocket('udp4').bind(0, '127.0.0.1');
  await once(probe, 'listening');
  ({ port } = probe.address());
  await new Promise<void>((resolve) => probe.close(() => resolve()));
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A job of this worker with a file for its device. */
async function job(id: string) {
  const scratch = join(folder, id);
  mkdirSync(join(scratch, 'tftp-deploy-a/kernel'), { recursive: true });
  writeFileSync(join(scratch, 'tftp-deploy-a/kernel/Image'), id);
  writeFileSync(join(scratch, 'secrets'), id);
  const action = testAction(folder, { context: { id, scratch, dispatcher: { dispatcher_tftp_ip: `127.0.0.1:${port}` } } });
  const service = await serveTftp(action, folders, `${id}/tftp-deploy-a`);
  services.push(service);
  return { action, service, file: `${id}/tftp-deploy-a/kernel/Image` };
}

test('jobs of one worker share a port: the first serves the files of both, and the other takes over', async () => {
  const [first, second] = [await job('1'), await job('2')];
  for (const { action, file } of [first, second]) await checkTftp(action, file);
  expect(await probeTftp('127.0.0.1', port, '2/secrets')).toBe('File not found');
  await first.service.stop();
  for (let problem: string | undefined = ''; problem !== undefined; await sleep(50)) problem = await probeTftp('127.0.0.1', port, second.file);
  await second.service.stop();
  expect(await probeTftp('127.0.0.1', port, second.file)).toBe('nobody answers');
});

test('a server that serves something else is told, with what to do', async () => {
  const { action, service, file } = await job('1');
  await service.stop();
  const other = createSocket('udp4').bind(port, '127.0.0.1');
  other.on('message', (_, client) => other.send(Buffer.from('\0\u0005\0\u0001Not here\0', 'latin1'), client.port, client.address));
  await once(other, 'listening');
  await expect(checkTftp(action, file)).rejects.toMatchObject({ type: 'Infrastructure', code: 'tftp-serve', message: expect.stringContaining('Not here') as string, hint: expect.stringContaining('TFTP_DIRECTORY') as string });
  other.close();
});
