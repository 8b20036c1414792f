import { expect, test } from 'vitest';
import { places, plotOf, ticks } from './plot-model.ts';

const point = (day: number, value: number | null, more: object = {}) => ({ job: day, date: `2026-01-0${day}T00:00:00Z`, x: `2026-01-0${day}T00:00:00Z`, pass: true, value, ...more });
const counts = (passed: number, failed: number) => ({ counts: { passed, failed, skipped: 0, unknown: 0 } });

test('ticks are round and hold everything', () => {
  expect(ticks(0, 42)).toEqual([0, 10, 20, 30, 40, 50]);
  expect(ticks(0, 0)[0]).toBe(0);
  expect([ticks(-3, 7)[0]! <= -3, ticks(-3, 7).at(-1)! >= 7]).toEqual([true, true]);
});

test('percentages are of all cases, and the goal lies where its number does', () => {
  const plot = plotOf([{ name: 'smoke', points: [point(1, 1, counts(1, 1)), point(2, 4, counts(4, 0))] }], { type: 'pass/fail', is_percentage: true, target_goal: 75 }, 100, 100);
  expect(plot.series[0]!.dots.map((d) => [d!.x, d!.value])).toEqual([[0, 50], [100, 100]]);
  expect([plot.goal, plot.series[0]!.dots[1]!.y]).toEqual([25, 0]);
});

test('places are numbers by size or times in order; a point without a number is no dot', () => {
  expect(places([{ name: 'a', points: [point(1, 1, { x: '10' }), point(2, 1, { x: '9' })] }])).toEqual(['9', '10']);
  expect(places([{ name: 'a', points: [point(2, 1)] }, { name: 'b', points: [point(1, 1)] }])).toEqual(['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']);
  expect(plotOf([{ name: 'a', points: [point(1, null)] }], { type: 'measurement', is_percentage: false, target_goal: null }, 10, 10).series[0]!.dots).toEqual([undefined]);
});
