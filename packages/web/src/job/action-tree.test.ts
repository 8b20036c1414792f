import { expect, test } from 'vitest';
import type { ActionRow } from '../api/types.ts';
import { actionTree, type ActionNode, failedAction, failureLine, mergeActions, openAtFirst, seconds, unusual } from './action-tree.ts';

const action = (level: string, start: number, end: number | null, more: Partial<ActionRow> = {}): ActionRow => ({
  level, name: `action-${level}`, namespace: 'common', timeout: 60, start_line: start, end_line: end, failed: false, usual_seconds: null,
  started_at: new Date(start * 1000).toISOString(), ended_at: end === null ? null : new Date(end * 1000).toISOString(), ...more,
});
const shape = (nodes: readonly ActionNode[]): unknown => nodes.map((n) => [n.action.level, n.action.start_line, ...(n.children.length > 0 ? [shape(n.children)] : [])]);

test('levels nest, and numbers of two digits sort by time, not as text', () => {
  const tree = actionTree([action('1', 0, 50), action('1.2', 6, 9), action('1.1', 1, 5), action('1.10', 20, 30), action('2', 60, 70), action('1.1.1', 2, 3)]);
  expect(shape(tree)).toEqual([['1', 0, [['1.1', 1, [['1.1.1', 2]]], ['1.2', 6], ['1.10', 20]]], ['2', 60]]);
  expect(tree[0]?.children[0]?.children[0]?.depth).toBe(2);
});

test('a retried action keeps both tries, with their own children', () => {
  const tree = actionTree([action('1', 0, 50), action('1.1', 1, 5), action('1.1.1', 2, 3), action('1.1', 10, 15), action('1.1.1', 12, 13)]);
  expect(shape(tree)).toEqual([['1', 0, [['1.1', 1, [['1.1.1', 2]]], ['1.1', 10, [['1.1.1', 12]]]]]]);
});

test('a missing parent does not lose the child', () => {
  expect(shape(actionTree([action('5', 0, 50), action('5.1.2', 3, 4)]))).toEqual([['5', 0, [['5.1.2', 3]]]]);
  expect(shape(actionTree([action('4.1', 0, 1)]))).toEqual([['4.1', 0]]);
});

test('the innermost action of the failure that ended the job is where to look', () => {
  const actions = [action('1', 0, 50, { failed: true }), action('1.1', 1, 5), action('1.2', 6, 40, { failed: true }), action('1.2.1', 7, 30, { failed: true }), action('2', 60, 61, { failed: true })];
  expect(failedAction(actions)?.level).toBe('1.2.1');
  expect([...openAtFirst(actionTree(actions))].sort((a, b) => a - b)).toEqual([0, 6]);
  expect(failedAction([action('1', 0, 1)])).toBeUndefined();
  // The second try failed for another reason than the first.
  const retried = [action('1', 0, 50, { failed: true }), action('1.1', 1, 10, { failed: true }), action('1.1', 20, 40, { failed: true }), action('1.1.1', 21, 22), action('1.1.2', 23, 39, { failed: true })];
  expect(failedAction(retried)?.start_line).toBe(23);
  expect(failureLine([8, 38, 45], failedAction(retried))).toBe(38);
});

test('the line of a failure without a failed action, or without a problem in it', () => {
  expect(failureLine([17, 30], undefined)).toBe(17);
  expect(failureLine([], undefined)).toBeUndefined();
  expect(failureLine([], action('1', 3, 9, { failed: true }))).toBe(9);
  expect(failureLine([1], action('1', 3, null, { failed: true }))).toBe(1);
});

test('what runs is open', () => {
  const tree = actionTree([action('1', 0, 5), action('1.1', 1, 2), action('2', 6, null), action('2.1', 7, null)]);
  expect([...openAtFirst(tree)]).toEqual([6]);
});

test('durations, and which are unusual', () => {
  const now = 100_000;
  expect(seconds(action('1', 10, 40), now)).toBe(30);
  expect(seconds(action('1', 10, null), now)).toBe(90);
  expect(unusual(action('1', 10, 40, { usual_seconds: 28 }), now)).toBe(false);
  expect(unusual(action('1', 10, 40, { usual_seconds: 12 }), now)).toBe(true);
  expect(unusual(action('1', 10, 40, { usual_seconds: 90 }), now)).toBe(false);
  expect(unusual(action('1', 98, null, { usual_seconds: 90 }), now)).toBe(false);
  expect(unusual(action('1', 10, null, { usual_seconds: 30 }), now)).toBe(true);
  expect(unusual(action('1', 0, 1, { usual_seconds: 0.2 }), now)).toBe(false);
});

test('news replace and add', () => {
  const merged = mergeActions([action('1', 0, null), action('1.1', 1, 2)], [action('1', 0, 9), action('2', 10, null)]);
  expect(merged.map((a) => [a.level, a.end_line])).toEqual([['1', 9], ['1.1', 2], ['2', null]]);
});
