import { expect, test } from 'vitest';
import { mostServers } from './messages.ts';
import { decode, serverMessages, workerMessages } from './wire.ts';

const frames = (type: string, header: object) => [Buffer.from(type), Buffer.from(JSON.stringify(header))];
const disk = { free: 1, total: 2 };
const status = { disk, cache: { ...disk, hits: 0, misses: 0 }, load: 0.1, running: 0 };
const ping = (more: object) => decode(frames('PING', { session: 's', attempts: [], ...more }), workerMessages);
const hello = (servers: unknown) => decode(frames('HELLO_OK', { protocol: 6, version: 'x', session: 's', interval: 1, capabilities: [], servers }), serverMessages);

test('what version 6 has is read, and what later ones may have is dropped', () => {
  expect(ping({ status: { ...status, clockAhead: -5 }, sent: 1, later: 2 })).toEqual({ type: 'PING', session: 's', attempts: [], status: { ...status, clockAhead: -5 }, sent: 1 });
  // A file system that has no end, as some network file systems.
  expect(ping({ status: { ...status, disk: { free: 2 ** 63, total: 2 ** 63 } } })).toMatchObject({ status: { disk: { total: 2 ** 63 } } });
  expect(ping({})).toEqual({ type: 'PING', session: 's', attempts: [] });
  expect(hello([{ master: 'a', logger: 'b' }])).toMatchObject({ servers: [{ master: 'a', logger: 'b' }] });
});

test('what is not as it should be refuses its message', () => {
  for (const wrong of [
    null, 1, [], {}, { ...status, disk: 1 }, { ...status, disk: { free: -1, total: 2 } }, { ...status, disk: { free: 1 } }, { ...status, cache: disk }, { ...status, load: '1' },
    { ...status, running: null }, { ...status, clockAhead: '1' },
  ]) expect(() => ping({ status: wrong })).toThrow('PING with a wrong or missing "status"');
  expect(() => ping({ sent: 'now' })).toThrow('"sent"');
  for (const wrong of [{}, 'a', [null], [{ master: 'a' }], [{ master: 'a', logger: 1 }], Array.from({ length: mostServers + 1 }, () => ({ master: 'a', logger: 'b' }))]) {
    expect(() => hello(wrong)).toThrow('HELLO_OK with a wrong or missing "servers"');
  }
});
