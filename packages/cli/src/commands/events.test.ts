import { spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/lava.js', import.meta.url));

function lava(url: string, ...args: string[]) {
  const child = spawn(process.execPath, [program, '--url', url, ...args], { env: { PATH: process.env['PATH'], HOME: tmpdir() } });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said.out += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said.err += text; });
  const status = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  return { said, status, end: async () => { child.kill(); await status; } };
}

test('events are shown as they come, and taken up again where the connection broke', async () => {
  const asked: { url: string; last: string | undefined }[] = [];
  const answer = (n: number, response: ServerResponse) => {
    const event = (id: string, type: string, data: unknown) => response.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ time: '2026-11-22T10:00:00.5+00:00', data })}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 1000\nid: e-${n}\nevent: open\ndata: {"missed": ${n > 0}}\n\n:\n\n`);
    if (n > 0) { event('e-7', 'worker', { hostname: 'w', state: 'Offline', health: 'Active' }); return; }
    event('e-1', 'testjob', { job: 12, state: 'Finished', health: 'Complete', device: 'q1', description: 'boot é' });
    event('e-2', 'device', { device: 'q1', state: 'Idle', health: 'Good', job: 12 });
    event('e-3', 'event', { job: 12, message: 'hello' });
    response.end();
  };
  const server = createServer((request, response) => {
    asked.push({ url: request.url!, last: request.headers['last-event-id'] as string | undefined });
    answer(asked.length - 1, response);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { said, end } = lava(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'events', '--job', '12');
  await expect.poll(() => said.out, { timeout: 15_000 }).toContain('worker');
  await end();
  server.closeAllConnections();
  await new Promise((resolve) => { server.close(resolve); });
  expect(said.out).toBe('2026-11-22 10:00:00 job 12: Finished, Complete on q1 (boot é)\n2026-11-22 10:00:00 device q1: Idle, Good, job 12\n'
    + '2026-11-22 10:00:00 job 12 says: hello\n2026-11-22 10:00:00 worker w: Offline, Active\n');
  expect(said.err).toMatch(/connection lost \(the server ended it\), trying again\nlava: events were missed/);
  expect(asked).toEqual([{ url: '/api/v1/events?job=12', last: undefined }, { url: '/api/v1/events?job=12', last: 'e-3' }]);
});

test('without a server it ends at once', async () => {
  const { said, status } = lava('http://127.0.0.1:9', 'events');
  expect(await status).toBe(3);
  expect(said.err).toContain('cannot reach http://127.0.0.1:9');
});
