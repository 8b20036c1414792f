import { expect, test } from 'vitest';
import { addedLines } from './line-diff.ts';

test('added and changed lines', () => {
  expect([...addedLines('a\nb\nc', 'a\nb\nc')]).toEqual([]);
  expect([...addedLines('a\nb\nc', 'a\nx\nb\nc\ny')]).toEqual([1, 4]);
  expect([...addedLines('a\nb\nc', 'a\nB\nc')]).toEqual([1]);
  expect([...addedLines('a\nb\nc', 'c')]).toEqual([]);
  expect([...addedLines('', 'a\nb')]).toEqual([0, 1]);
});

test('very long texts are left alone', () => {
  const long = 'x\n'.repeat(5000);
  expect(addedLines(long, `${long}y`).size).toBe(0);
});
