import { expect, test, vi } from 'vitest';
import type { LogRecord } from '../api/types.ts';
import { parseHidden } from './line-filter.ts';
import { LogSource } from './log-source.ts';

const record = (n: number): LogRecord => ({ dt: '', lvl: n % 10 === 0 ? 'info' : 'target', msg: `line ${n}` });
const records = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => record(start + i));

/** A source over a log of so many lines on a "server" that counts requests. */
function bench(total: number) {
  const server = { total, asked: [] as [number, number][], fail: false };
  const source = new LogSource(total, async (start, end) => {
    server.asked.push([start, end]);
    if (server.fail) throw new Error('no network');
    return { records: records(start, Math.min(end, server.total)), total: server.total };
  }, (run) => run());
  return { server, source };
}

test('fetches what is looked at, and nothing else', async () => {
  const { server, source } = bench(100_000);
  source.want([{ start: 70_010, end: 70_060 }]);
  await vi.waitUntil(() => source.window.get(70_050) !== undefined);
  expect(server.asked).toEqual([[70_000, 70_500]]);
});

test('at most two requests at a time; what came out of sight meanwhile is not asked for', async () => {
  const { server, source } = bench(100_000);
  for (let line = 0; line < 50_000; line += 1000) source.want([{ start: line, end: line + 10 }]);
  expect(server.asked).toHaveLength(2);
  await vi.waitUntil(() => source.window.get(49_001) !== undefined);
  expect(server.asked).toEqual([[0, 500], [1000, 1500], [49_000, 49_500]]);
});

test('a failure is kept and the next look tries again', async () => {
  const { server, source } = bench(100);
  server.fail = true;
  source.want([{ start: 0, end: 10 }]);
  await vi.waitUntil(() => source.error !== undefined);
  server.fail = false;
  source.want([{ start: 0, end: 10 }]);
  await vi.waitUntil(() => source.window.get(5) !== undefined);
  expect(source.error).toBeUndefined();
});

test('a filter reads all levels once, and goes on with what is pushed', async () => {
  const { server, source } = bench(45_000);
  source.hide(parseHidden('target'));
  await vi.waitUntil(() => source.scanned === 1);
  expect(server.asked).toEqual([[0, 20_000], [20_000, 40_000], [40_000, 45_000]]);
  expect(source.lines).toHaveLength(4500);
  expect(source.lines?.at(-1)).toBe(44_990);
  source.push(45_000, records(45_000, 45_011));
  expect(source.lines?.slice(-2)).toEqual([45_000, 45_010]);
  expect(server.asked).toHaveLength(3);
  source.hide(parseHidden(''));
  expect(source.lines).toBeUndefined();
});

test('a listener hears of pushed records', () => {
  const { source } = bench(0);
  const heard: number[] = [];
  source.onPush((first, list) => heard.push(first, list.length));
  let changes = 0;
  source.subscribe(() => { changes += 1; });
  source.push(0, records(0, 3));
  expect(heard).toEqual([0, 3]);
  expect(changes).toBe(1);
  expect(source.window.total).toBe(3);
});
