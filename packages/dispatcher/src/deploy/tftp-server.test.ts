import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeTftp } from './tftp-client.ts';
import { TftpServer } from './tftp-server.ts';

let folder: string;
let server: TftpServer;
const heard: { path: string; bytes: number; error?: string }[] = [];
const content = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 251));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lava-tftp-'));
  mkdirSync(join(folder, 'root/job'), { recursive: true });
  writeFileSync(join(folder, 'root/job/file'), content);
  writeFileSync(join(folder, 'root/job/blocks'), content.subarray(0, 1024));
  writeFileSync(join(folder, 'root/other'), 'other');
  writeFileSync(join(folder, 'secret'), 'secret');
  symlinkSync(join(folder, 'secret'), join(folder, 'root/job/link'));
  heard.length = 0;
  server = await TftpServer.listen({ address: '127.0.0.1', port: 0, root: join(folder, 'root'), allows: (path) => path.startsWith('job/'), onTransfer: ({ path, bytes, error }) => heard.push({ path, bytes, ...(error !== undefined && { error }) }) });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A client as small as one can be. @param lose number of the block that does not arrive the first time */
async function fetchFile(path: string, options: Record<string, string> = {}, lose?: number): Promise<{ bytes: Buffer; agreed: string; packets: number } | string> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.send(Buffer.from(`\0\u0001${path}\0octet\0${Object.entries(options).map(([k, v]) => `${k}\0${v}\0`).join('')}`, 'latin1'), server.port, '127.0.0.1');
  const parts: Buffer[] = [];
  let agreed = '';
  let packets = 0;
  let lost = false;
  const block = Number(options['blksize'] ?? 512);
  const window = Number(options['windowsize'] ?? 1);
  return new Promise((resolve) => {
    const finish = (result: { bytes: Buffer; agreed: string; packets: number } | string) => { socket.close(); resolve(result); };
    socket.on('message', (packet, { port }) => {
      packets += 1;
      const kind = packet.readUInt16BE(0);
      const acknowledge = (n: number, then = () => undefined) => { socket.send(Buffer.from([0, 4, (n >> 8) & 255, n & 255]), port, '127.0.0.1', then); };
      if (kind === 5) return finish(packet.subarray(4, -1).toString());
      if (kind === 6) {
        agreed = packet.subarray(2).toString().replaceAll('\0', ' ').trim();
        return acknowledge(0);
      }
      const number = packet.readUInt16BE(2);
      if (number === lose && !lost) {
        lost = true;
        return undefined;
      }
      if (number !== ((parts.length + 1) & 0xffff)) return undefined;
      parts.push(Buffer.from(packet.subarray(4)));
      const last = packet.length - 4 < block;
      if (last) acknowledge(number, () => finish({ bytes: Buffer.concat(parts), agreed, packets }) as undefined);
      else if (parts.length % window === 0) acknowledge(number);
      return undefined;
    });
  });
}

describe('files', () => {
  test.each<[string, Record<string, string>, string]>([
    ['as in 1992', {}, ''],
    ['larger blocks', { blksize: '1468', tsize: '0' }, 'blksize 1468 tsize 70000'],
    ['windows of blocks', { blksize: '1024', windowsize: '8' }, 'blksize 1024 windowsize 8'],
    ['blocks so small that their numbers begin anew', { blksize: '8', windowsize: '64', timeout: '1' }, 'blksize 8 windowsize 64 timeout 1'],
  ])('%s', async (_, options, agreed) => {
    // 8 bytes a block: more than 65535 blocks.
    if (options['blksize'] === '8') writeFileSync(join(folder, 'root/job/file'), Buffer.concat(Array<Buffer>(8).fill(content)));
    const got = await fetchFile('job/file', options);
    expect(got).toMatchObject({ agreed });
    expect(typeof got === 'object' && got.bytes.equals(options['blksize'] === '8' ? Buffer.concat(Array<Buffer>(8).fill(content)) : content)).toBe(true);
  });

  test('a file that fills its last block is ended by an empty one', async () => {
    expect(await fetchFile('job/blocks')).toMatchObject({ packets: 3 });
  });

  test.each([[1, 1], [5, 1], [12, 8]])('what gets lost on the way is sent again: block %i, windows of %i', async (lose, window) => {
    const got = await fetchFile('job/file', { blksize: '1024', windowsize: String(window), timeout: '1' }, lose);
    expect(typeof got === 'object' && got.bytes.equals(content)).toBe(true);
  });
});

test.each(['nothing', 'other', 'job', 'job/link', '../secret', 'job/../../secret', '/../../../../etc/passwd', 'job/../other'])('%s is not there for anybody', async (path) => {
  expect(await fetchFile(path)).toBe('File not found');
});

test('writing is refused, and nonsense ignored', async () => {
  const socket = createSocket('udp4');
  for (const nonsense of ['', '\0', '\0\u0009x', '\0\u0001', '\0\u0004\0\0']) socket.send(Buffer.from(nonsense, 'latin1'), server.port, '127.0.0.1');
  socket.send(Buffer.from('\0\u0002job/file\0octet\0', 'latin1'), server.port, '127.0.0.1');
  for (let refused = false; !refused;) {
    const [packet] = (await once(socket, 'message')) as [Buffer];
    refused = packet.toString('latin1') === '\0\u0005\0\u0002Only reading is allowed\0';
  }
  socket.close();
  expect(await fetchFile('job/blocks')).toMatchObject({ packets: 3 });
});

test('a transfer that may end by itself does so when the server ends, the others are told', async () => {
  const first = fetchFile('job/file');
  // One client never answers.
  const dead = createSocket('udp4');
  dead.send(Buffer.from('\0\u0001job/blocks\0octet\0', 'latin1'), server.port, '127.0.0.1');
  await once(dead, 'message');
  await server.close((path) => path === 'job/file', 10_000);
  expect(await first).toMatchObject({ bytes: content });
  expect(heard).toEqual(expect.arrayContaining([{ path: 'job/file', bytes: content.length }, { path: 'job/blocks', bytes: 0, error: 'the job is over' }]));
  dead.close();
  server = await TftpServer.listen({ address: '127.0.0.1', port: 0, root: folder, allows: () => false });
});

test('asking whether a file is there', async () => {
  expect(await probeTftp('127.0.0.1', server.port, 'job/file')).toBeUndefined();
  expect(await probeTftp('127.0.0.1', server.port, 'job/none')).toBe('File not found');
});
