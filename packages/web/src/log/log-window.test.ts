import { describe, expect, test } from 'vitest';
import { chunkSize, LogWindow } from './log-window.ts';

const records = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ dt: '', lvl: 'target', msg: from + i }));

describe('log window', () => {
  test('asks for whole chunks around what is wanted, once', () => {
    const log = new LogWindow(10_000);
    const range = log.missing(1234, 1290);
    expect(range).toEqual({ start: 1000, end: 1500 });
    log.begin(range!);
    expect(log.missing(1234, 1290)).toBeUndefined();
    log.put(1000, records(1000, 1500));
    log.done(range!);
    expect(log.get(1234)?.msg).toBe(1234);
    expect(log.missing(1234, 1290)).toBeUndefined();
    expect(log.missing(1234, 1600)).toEqual({ start: 1500, end: 2000 });
  });

  test('a failed fetch may be asked for again', () => {
    const log = new LogWindow(600);
    const range = log.missing(0, 10)!;
    log.begin(range);
    log.done(range);
    expect(log.missing(0, 10)).toEqual(range);
  });

  test('the last chunk ends where the log ends, and is asked for again only if a part is missing', () => {
    const log = new LogWindow(1234);
    expect(log.missing(1200, 1300)).toEqual({ start: 1000, end: 1234 });
    log.put(1234, records(1234, 1240)); // pushed before the rest of the chunk came
    expect(log.total).toBe(1240);
    expect(log.missing(1200, 1300)).toEqual({ start: 1000, end: 1240 });
    log.put(1000, records(1000, 1240));
    expect(log.missing(1200, 1300)).toBeUndefined();
    log.put(1240, records(1240, 1700)); // grows across a chunk's border
    expect(log.missing(1200, 1700)).toBeUndefined();
    expect(log.get(1699)?.msg).toBe(1699);
  });

  test('one answer holds at most 20,000 records', () => {
    const log = new LogWindow(1_000_000);
    expect(log.missing(0, 1_000_000)).toEqual({ start: 0, end: 20_000 });
  });

  test('nothing is asked for outside of the log', () => {
    expect(new LogWindow(0).missing(0, 100)).toBeUndefined();
    expect(new LogWindow(10).missing(500, 900)).toBeUndefined();
    expect(new LogWindow(10).missing(-50, 5)).toEqual({ start: 0, end: 10 });
  });

  test('memory is bounded: what was used long ago goes, what is being looked at stays', () => {
    const log = new LogWindow(1_000_000);
    log.put(0, records(0, chunkSize));
    for (let first = chunkSize; first < 400 * chunkSize; first += chunkSize) {
      log.missing(0, 10);
      log.put(first, records(first, first + chunkSize));
    }
    expect(log.get(0)?.msg).toBe(0);
    expect(log.get(chunkSize)).toBeUndefined();
    expect(log.get(399 * chunkSize)?.msg).toBe(399 * chunkSize);
  });
});
