import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pull, Subscriber } from 'zeromq';
import { defaultEventSettings } from './settings.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { publishEvents, type EventPublisher } from './publisher.ts';

let server: TestServer;
let publisher: EventPublisher;
const pull = new Pull({ linger: 0 });
const subscriber = new Subscriber({ linger: 0 });

beforeAll(async () => {
  server = await startTestServer();
  await pull.bind('tcp://127.0.0.1:*');
  publisher = await publishEvents(server.services, { ...defaultEventSettings, topic: 'org.example', socket: 'tcp://127.0.0.1:*', additional: [pull.lastEndpoint!], enabled: true });
  subscriber.connect(publisher.address);
  subscriber.subscribe();
});
afterAll(async () => {
  subscriber.close();
  pull.close();
  await publisher.close();
  await server.stop();
});

const next = async (socket: Subscriber | Pull) => (await socket.receive()).map(String);

test('events are five frames, of what everybody may see, also for listeners that were named', async () => {
  const { events } = server.services;
  // A subscriber that has just come may miss events: it is there once it got one.
  const first = next(subscriber);
  let greeted = false;
  void first.then(() => { greeted = true; });
  while (!greeted) {
    events.publish({ type: 'worker', hostname: 'worker01' });
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  expect((await first)[0]).toBe('org.example.worker');

  const hidden = await server.addJob({ isPublic: false, state: 'Running', device: null });
  const open = await server.addJob({ state: 'Submitted', description: 'open é' });
  events.publish({ type: 'job', id: hidden, state: 'Running', health: 'Unknown' });
  events.publish({ type: 'test-event', job: hidden, message: 'a secret' });
  events.publish({ type: 'job', id: open, state: 'Submitted', health: 'Unknown' });
  events.publish({ type: 'test-event', job: open, message: 'hello' });
  for (const socket of [subscriber, pull]) {
    let frames = await next(socket);
    while (frames[0] === 'org.example.worker') frames = await next(socket);
    const [topic, uuid, time, user, json] = frames;
    expect([topic, user]).toEqual(['org.example.testjob', 'alice']);
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    expect(json).toContain(`"health": "Unknown", "state": "Submitted", "job": ${open}, "description": "open \\u00e9"`);
    const [, , , , event] = await next(socket);
    expect(JSON.parse(event!)).toEqual({ message: 'hello', job: open });
  }
});

test('an address that cannot be used is told', async () => {
  await expect(publishEvents(server.services, { ...defaultEventSettings, socket: 'nonsense' })).rejects.toMatchObject({ code: 'event-socket' });
});
