import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

const basic = (who: 'alice' | 'bob' | 'root', name: string = who) => ({ authorization: `Basic ${Buffer.from(`${name}:${server.tokens[who]}`).toString('base64')}` });

test('events are five texts, told in order to those who may see the job', async () => {
  const hidden = await server.addJob({ isPublic: false, state: 'Running', description: 'hidden é' });
  const open = await server.addJob({ state: 'Submitted', description: 'open' });
  const sockets = await Promise.all([
    server.socket('/ws/').then((s) => ({ who: 'anonymous', ...s })),
    ...(['alice', 'bob', 'root'] as const).map((who) => server.socket('/ws/', 'anonymous', basic(who)).then((s) => ({ who: who as string, ...s }))),
  ]);
  // A listener counts from its greeting on; the last event is told until everybody has it.
  const { events } = server.services;
  const settled = () => sockets.every((s) => s.messages.some((m) => m[0] === 'org.lavasoftware.worker'));
  while (!settled()) {
    events.publish({ type: 'worker', hostname: 'worker01' });
    await Promise.race([Promise.all(sockets.map((s) => s.until((m) => m.length > 0))), new Promise((r) => { setTimeout(r, 20); })]);
  }
  for (const s of sockets) s.messages.length = 0;
  events.publish({ type: 'device', hostname: 'qemu01' });
  events.publish({ type: 'job', id: hidden, state: 'Running', health: 'Unknown' });
  events.publish({ type: 'job', id: open, state: 'Submitted', health: 'Unknown' });
  for (const s of sockets) {
    await s.until((m) => m.some((e) => e[0] === 'org.lavasoftware.testjob' && JSON.parse(e[4]).job === open));
    const jobs = s.messages.filter((e) => e[0] === 'org.lavasoftware.testjob');
    expect(jobs.map((e) => JSON.parse(e[4]).job), s.who).toEqual(s.who === 'alice' || s.who === 'root' ? [hidden, open] : [open]);
    const [topic, uuid, time, user, text] = jobs.at(-1)!;
    expect([topic, user]).toEqual(['org.lavasoftware.testjob', 'alice']);
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/);
    expect(text).toMatch(new RegExp(`^\\{"health": "Unknown", "state": "Submitted", "job": ${open}, "description": "open", "priority": 50, "submit_time": "[^"]+", "submitter": "alice", "health_check": false, "device_type": "qemu"\\}$`));
    const device = s.messages.find((e) => e[0] === 'org.lavasoftware.device');
    expect(device?.[4]).toBe(`{"health": "Good", "state": "Idle", "device": "qemu01", "device_type": "qemu", "worker": "worker01", "job": ${hidden}}`);
  }
  const alice = sockets.find((s) => s.who === 'alice')!;
  expect(alice.messages.find((e) => e[4].includes(`"job": ${hidden}, "desc`))![4]).toContain('"description": "hidden \\u00e9"');
});

test('bad credentials are told, then the socket closes', async () => {
  for (const [headers, error] of [
    [{ authorization: 'Bearer x' }, 'Only Basic authentication is supported'],
    [{ authorization: 'Basic eA==' }, 'Invalid basic authentication'],
    [basic('bob', 'alice'), 'Unknown user'],
    [{ authorization: `Basic ${Buffer.from('bob:nope').toString('base64')}` }, 'Unknown user'],
  ] as const) {
    const s = await server.socket('/ws/', 'anonymous', headers);
    await s.until((m) => m.length > 0);
    expect(s.messages).toEqual([{ error }]);
    await expect(s.until(() => false)).rejects.toThrow('the socket closed');
  }
});
