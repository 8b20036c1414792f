import { expect, test } from 'vitest';
import { addedLines, lineDiff } from './line-diff.ts';

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

test('one text out of two, what was taken away before what came', () => {
  const shown = (before: string, after: string) => lineDiff(before, after).map(({ kind, text }) => `${{ same: ' ', added: '+', removed: '-' }[kind]}${text}`);
  expect(shown('a\nb\nc\n', 'a\nB\nc\nd\n')).toEqual([' a', '-b', '+B', ' c', '+d']);
  expect(shown('', 'a\n')).toEqual(['+a']);
  expect(shown('a\n', '')).toEqual(['-a']);
});
