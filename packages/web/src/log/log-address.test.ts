import { expect, test } from 'vitest';
import { extendLines, formatLines, parseLines } from './log-address.ts';

test('lines and ranges', () => {
  expect(parseLines('L12')).toEqual({ first: 12, last: 12 });
  expect(parseLines('L20-L12')).toEqual({ first: 12, last: 20 });
  expect(parseLines('L12-20')).toEqual({ first: 12, last: 20 });
  expect(parseLines('results_7')).toEqual({ first: 7, last: 7 });
  for (const text of ['', 'L', 'Lx', 'L1-', 'L-1', 'bottom', 'L1-x', 'L99999999999']) {
    expect(parseLines(text), text).toEqual(text === 'L1-' ? { first: 1, last: 1 } : undefined);
  }
});

test('formatting is the way back', () => {
  for (const text of ['L0', 'L3-L9']) expect(formatLines(parseLines(text)!)).toBe(text);
});

test('a click with Shift extends in both directions', () => {
  expect(extendLines(undefined, 5)).toEqual({ first: 5, last: 5 });
  expect(extendLines({ first: 5, last: 5 }, 9)).toEqual({ first: 5, last: 9 });
  expect(extendLines({ first: 5, last: 9 }, 2)).toEqual({ first: 2, last: 9 });
  expect(extendLines({ first: 5, last: 9 }, 7)).toEqual({ first: 5, last: 7 });
});
