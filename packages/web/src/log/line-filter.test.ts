import { expect, test } from 'vitest';
import { LineFilter, lowerBound, parseHidden } from './line-filter.ts';

test('the address names what is hidden; unknown words are ignored', () => {
  expect([...parseHidden('debug,nonsense,results')]).toEqual(['debug', 'results']);
  expect(parseHidden(undefined).size).toBe(0);
});

test('lines of hidden levels are left out, unknown levels stay', () => {
  const filter = new LineFilter(parseHidden('debug,problems'));
  filter.note(0, ['debug', 'target', 'error', 'marker']);
  filter.note(4, ['info', 'debug', 'exception', 'feedback']);
  expect(filter.lines).toEqual([1, 3, 4, 7]);
  expect(filter.wanted).toBe(8);
});

test('what overlaps counts once, what comes too early is not taken', () => {
  const filter = new LineFilter(parseHidden('debug'));
  filter.note(0, ['target', 'target']);
  filter.note(5, ['target']);
  filter.note(1, ['target', 'debug', 'target']);
  filter.note(0, ['target']);
  expect(filter.lines).toEqual([0, 1, 3]);
  expect(filter.wanted).toBe(4);
});

test('lower bound', () => {
  expect([0, 3, 4, 9, 10].map((v) => lowerBound([3, 5, 9], v))).toEqual([0, 0, 1, 2, 3]);
  expect(lowerBound([], 1)).toBe(0);
});
