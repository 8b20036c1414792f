import { describe, expect, test } from 'vitest';
import { LiveClient, type Socket } from './live-client.ts';

const record = (n: number) => ({ dt: '2026-01-01T00:00:00+00:00', lvl: 'target', msg: `line ${n}` });
const records = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => record(from + i));

class HandSocket implements Socket {
  readonly sent: unknown[] = [];
  closed = false;
  on: Parameters<Socket['listen']>[0] | undefined;
  send(text: string): void { this.sent.push(JSON.parse(text)); }
  close(): void { this.closed = true; }
  listen(on: Parameters<Socket['listen']>[0]): void { this.on = on; }
}

/** Sockets that the test opens and closes by hand, and a clock that runs when told. */
function bench() {
  const sockets: HandSocket[] = [];
  const timers: { run: () => void; ms: number }[] = [];
  const client = new LiveClient(() => {
    const socket = new HandSocket();
    sockets.push(socket);
    return socket;
  }, (run, ms) => {
    const timer = { run, ms };
    timers.push(timer);
    return () => { timers.splice(timers.indexOf(timer), 1); };
  });
  const give = (message: unknown) => sockets.at(-1)?.on?.message(JSON.stringify(message));
  return { client, sockets, timers, give };
}

describe('live client', () => {
  test('when another user signed in, goes on over a connection of that user', () => {
    const { client, sockets, give } = bench();
    client.watchJob(12, 0, () => {});
    client.watchLists(() => {});
    sockets[0]?.on?.open();
    give({ type: 'log', job: 12, first: 0, records: records(0, 5) });
    client.reconnect();
    expect(sockets[0]?.closed).toBe(true);
    sockets[0]?.on?.close();
    sockets[1]?.on?.open();
    expect(sockets).toHaveLength(2);
    expect(sockets[1]?.sent).toEqual([{ watch: 'lists' }, { watch: 'job', job: 12, from: 5 }]);
  });

  test('asks for a job from the wanted record and passes messages on', () => {
    const { client, sockets, give } = bench();
    const got: unknown[] = [];
    client.watchJob(12, 1000, (m) => got.push(m));
    sockets[0]?.on?.open();
    expect(sockets[0]?.sent).toEqual([{ watch: 'job', job: 12, from: 1000 }]);
    give({ type: 'log', job: 12, first: 1000, records: records(1000, 1003) });
    give({ type: 'log', job: 13, first: 0, records: records(0, 1) });
    expect(got).toEqual([{ type: 'log', job: 12, first: 1000, records: records(1000, 1003) }]);
  });

  test('after a loss resumes at the first record that is not here, and doubles nothing', () => {
    const { client, sockets, timers, give } = bench();
    const lines: string[] = [];
    client.watchJob(12, 0, (m) => { if (m.type === 'log') lines.push(...m.records.map((r) => String(r.msg))); });
    sockets[0]?.on?.open();
    give({ type: 'log', job: 12, first: 0, records: records(0, 5) });
    sockets[0]?.on?.close();
    expect(client.state).toBe('offline');
    timers.shift()?.run();
    sockets[1]?.on?.open();
    expect(sockets[1]?.sent).toEqual([{ watch: 'job', job: 12, from: 5 }]);
    give({ type: 'log', job: 12, first: 3, records: records(3, 8) }); // overlaps: 3 and 4 are known
    give({ type: 'log', job: 12, first: 0, records: records(0, 8) }); // wholly known
    expect(lines).toEqual(records(0, 8).map((r) => r.msg));
  });

  test('asks again when records are missing in between', () => {
    const { client, sockets, give } = bench();
    const got: unknown[] = [];
    client.watchJob(1, 0, (m) => got.push(m));
    sockets[0]?.on?.open();
    give({ type: 'log', job: 1, first: 7, records: records(7, 9) });
    expect(got).toEqual([]);
    expect(sockets[0]?.sent.at(-1)).toEqual({ watch: 'job', job: 1, from: 0 });
  });

  test('pauses grow while the server stays away, and shrink after a success', () => {
    const { client, sockets, timers } = bench();
    client.watchLists(() => {});
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      sockets.at(-1)?.on?.close();
      pauses.push(timers[0]?.ms ?? 0);
      timers.shift()?.run();
    }
    expect(pauses[0]).toBeLessThanOrEqual(625);
    expect(pauses[3]).toBeGreaterThan(2000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(18_750);
    sockets.at(-1)?.on?.open();
    sockets.at(-1)?.on?.close();
    expect(timers[0]?.ms).toBeLessThanOrEqual(625);
  });

  test('closes when nobody watches any more, and opens again when somebody does', () => {
    const { client, sockets } = bench();
    const stopLists = client.watchLists(() => {});
    const stopJob = client.watchJob(3, 0, () => {});
    sockets[0]?.on?.open();
    stopJob();
    expect(sockets[0]?.sent.at(-1)).toEqual({ unwatch: 'job', job: 3 });
    expect(sockets[0]?.closed).toBe(false);
    stopLists();
    expect(sockets[0]?.closed).toBe(true);
    client.watchLists(() => {});
    expect(sockets).toHaveLength(2);
  });

  test('a broken message is ignored', () => {
    const { client, sockets, give } = bench();
    const got: unknown[] = [];
    client.watchLists((m) => got.push(m));
    sockets[0]?.on?.open();
    sockets[0]?.on?.message('{');
    give({ type: 'changed', kind: 'device', row: { hostname: 'qemu01' } });
    expect(got).toHaveLength(1);
  });
});
