import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

interface Message { readonly id?: string; readonly event: string; readonly data: { missed?: boolean; topic: string; user: string; data: { job?: number; device?: string; description?: string; message?: string } } }

/** Reads a stream of server-sent events until it is left. */
async function listen(as: 'anonymous' | 'alice' | 'bob', { query = '', after }: { query?: string; after?: string } = {}) {
  const leave = new AbortController();
  const headers = { ...(as !== 'anonymous' && { authorization: `Token ${server.tokens[as]}` }), ...(after !== undefined && { 'last-event-id': after }) };
  const response = await fetch(`${server.url}/api/v1/events${query}`, { headers, signal: leave.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const messages: Message[] = [];
  const reading = (async () => {
    let rest = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        if (field('event')) messages.push({ id: field('id'), event: field('event')!, data: JSON.parse(field('data')!) as Message['data'] });
      }
    }
  })();
  const until = (wanted: (m: Message) => boolean) => expect.poll(() => messages.some(wanted), { timeout: 10_000 }).toBe(true);
  await until((m) => m.event === 'open');
  return { messages, until, reading, leave: async () => { leave.abort(); await reading.catch(() => {}); } };
}

test('everybody gets what they may see, of the types and the job that they ask for', async () => {
  const { events } = server.services;
  const hidden = await server.addJob({ submitter: 'alice', isPublic: false, state: 'Running', description: 'hidden é', device: null });
  const open = await server.addJob({ submitter: 'alice', state: 'Submitted', description: 'open', device: null });
  const alice = await listen('alice', { query: '?type=testjob,event' });
  const bob = await listen('bob');
  const only = await listen('anonymous', { query: `?job=${open}` });
  events.publish({ type: 'device', hostname: 'qemu01' });
  events.publish({ type: 'job', id: hidden, state: 'Running', health: 'Unknown' });
  events.publish({ type: 'test-event', job: hidden, message: 'hidden' });
  events.publish({ type: 'job', id: open, state: 'Submitted', health: 'Unknown' });
  const last = (m: Message) => m.data.data?.job === open;
  await Promise.all([alice.until(last), bob.until(last), only.until(last)]);
  expect(alice.messages.map((m) => [m.event, m.data.data?.job ?? m.data.data?.device])).toEqual([['open', undefined], ['testjob', hidden], ['event', hidden], ['testjob', open]]);
  expect(alice.messages[1]!.data).toMatchObject({ topic: 'org.lavasoftware.testjob', user: 'alice', data: { description: 'hidden é', state: 'Running' } });
  expect(bob.messages.map((m) => m.event)).toEqual(['open', 'device', 'testjob']);
  expect(JSON.stringify([...bob.messages, ...only.messages])).not.toContain('hidden');
  expect(only.messages.map((m) => m.event)).toEqual(['open', 'testjob']);
  await Promise.all([alice.leave(), bob.leave(), only.leave()]);
});

test('who comes back gets what came meanwhile; who cannot is told so', async () => {
  const { events } = server.services;
  const worker = (m: Message) => m.event === 'worker';
  const first = await listen('bob');
  expect(first.messages[0]).toMatchObject({ event: 'open', data: { missed: false } });
  events.publish({ type: 'worker', hostname: 'worker01' });
  await first.until(worker);
  await first.leave();
  for (let n = 0; n < 3; n++) events.publish({ type: 'worker', hostname: 'worker01' });
  const hidden = await server.addJob({ submitter: 'alice', isPublic: false, state: 'Running', device: null });
  events.publish({ type: 'job', id: hidden, state: 'Running', health: 'Unknown' });
  events.publish({ type: 'device', hostname: 'qemu01' });

  const again = await listen('bob', { after: first.messages.at(-1)!.id });
  await again.until((m) => m.event === 'device');
  expect(again.messages.map((m) => m.event)).toEqual(['open', 'worker', 'worker', 'worker', 'device']);
  expect(again.messages[0]!.data.missed).toBe(false);
  // From where the first stream opened: the event that it had seen comes again.
  const all = await listen('bob', { after: first.messages[0]!.id });
  await all.until((m) => m.event === 'device');
  expect(all.messages.filter(worker)).toHaveLength(4);
  for (const after of ['nonsense', `${first.messages.at(-1)!.id!.split('-')[0]}-99999`, 'ffffffffffff-1']) {
    const lost = await listen('bob', { after });
    expect(lost.messages[0]!.data.missed).toBe(true);
    await lost.leave();
  }
  await Promise.all([again.leave(), all.leave()]);
});

test('wrong requests are refused', async () => {
  expect((await server.ask('/api/v1/events?type=jobs')).status).toBe(400);
  expect((await server.ask('/api/v1/events?job=x')).status).toBe(400);
  expect((await server.ask('/api/v1/events', { headers: { authorization: 'Token wrong' } })).status).toBe(401);
});
