import { expect, test } from 'vitest';
import { ServerList } from './server-list.ts';

const at = (host: string) => ({ master: `tcp://${host}:5556`, logger: `tcp://${host}:5555` });
const list = (learned = [at('c')], anywhere = true) => new ServerList({ master: 'tcp://a:5556,tcp://b:5556', logger: 'tcp://a:5555,tcp://b:5555', learned, anywhere });
const round = (servers: ServerList, n: number) => Array.from({ length: n }, () => { servers.next(); return servers.current.master; });

test('the configured ones come first, then those that were told, around and around', () => {
  const servers = list([at('b'), at('c'), at('c')]);
  expect([servers.current, servers.length, servers.hasOthers]).toEqual([at('a'), 3, true]);
  expect(round(servers, 4)).toEqual(['tcp://b:5556', 'tcp://c:5556', 'tcp://a:5556', 'tcp://b:5556']);
});

test('what is told replaces what was told before, never what was configured', () => {
  const servers = list();
  round(servers, 2);
  servers.learn([at('d')]);
  expect(servers.current).toEqual(at('c'));
  expect(round(servers, 3)).toEqual(['tcp://a:5556', 'tcp://b:5556', 'tcp://d:5556']);
  servers.learn([]);
  expect(servers.length).toBe(2);
});

test('what is no address is left out and named', () => {
  const servers = list([]);
  const bad = ['', 'x', 'tcp://c', 'tcp://c:0', 'tcp://c:70000', 'tcp://*:5556', 'ipc:///tmp/x', 'tcp://a b:1', `tcp://${'c'.repeat(300)}:1`, 'tcp://c:5556;x'];
  expect(servers.learn([...bad.map((master) => ({ ...at('c'), master })), at('d')])).toHaveLength(bad.length);
  expect(servers.length).toBe(3);
  expect(servers.learn([{ master: 'tcp://[2001:db8::1]:5556', logger: 'tcp://[2001:db8::1]:5555' }])).toEqual([]);
});

test('a plain connection leaves the machine for nobody', () => {
  const servers = new ServerList({ master: 'tcp://127.0.0.1:1', logger: 'tcp://127.0.0.1:2', learned: [at('c'), at('localhost')], anywhere: false });
  expect(round(servers, 2)).toEqual(['tcp://localhost:5556', 'tcp://127.0.0.1:1']);
  expect(servers.learn([at('c')])).toEqual([expect.stringContaining('tcp://c:5556 is not a loopback address')]);
});
