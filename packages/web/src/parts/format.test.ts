import { expect, test } from 'vitest';
import { ago, clockTime, count, duration, localTime, plural, ticking } from './format.ts';

test('durations', () => {
  expect([0, 0.44, 9.96, 41.4, 59.6, 187, 3599.7, 3840, 90_000, NaN].map(duration)).toEqual([
    '0.0 s', '0.4 s', '10 s', '41 s', '1 min 00 s', '3 min 07 s', '1 h 00 min', '1 h 04 min', '1 d 1 h', '–',
  ]);
  expect([0.9, 59.9, 187, 3849].map(ticking)).toEqual(['0 s', '59 s', '3:07', '1:04:09']);
});

test('how long ago', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  expect(['2026-11-22T12:00:05Z', '2026-11-22T11:59:30Z', '2026-11-22T11:55:00Z', '2026-11-22T03:00:00Z', '2026-11-10T12:00:00Z', '2025-01-02T00:00:00Z'].map((t) => ago(t, now)))
    .toEqual(['just now', 'just now', '5 min ago', '9 h ago', '12 d ago', '2025-01-02']);
});

test('times of the reader, counts', () => {
  expect(localTime('no time')).toBe('no time');
  expect(clockTime('no time')).toBe('');
  expect(clockTime('2026-11-22T12:00:05.067891+00:00')).toMatch(/^\d\d:\d\d:05\.067$/u);
  expect(count(1_234_567)).toBe('1,234,567');
  expect([plural(1, 'job'), plural(0, 'job'), plural(2, 'match', 'matches')]).toEqual(['1 job', '0 jobs', '2 matches']);
});
