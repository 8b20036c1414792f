import { expect, test } from 'vitest';
import { clockAhead } from './clock.ts';

test('the answer was given half-way', () => {
  expect(clockAhead(10_000, 10_020, 10_040)).toBe(0);
  expect(clockAhead(70_000, 10_020, 70_040)).toBe(60_000);
  expect(clockAhead(10_000, 12_520, 10_040)).toBe(-2500);
});

test('a long way, and a clock that was set on the way, tell nothing', () => {
  expect(clockAhead(10_000, 10_500, 11_001)).toBeUndefined();
  expect(clockAhead(10_000, 10_000, 9_000)).toBeUndefined();
});
