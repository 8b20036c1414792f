import { expect, test } from 'vitest';
import type { CaseRow } from '../api/types.ts';
import { bySet, caseLine, failuresFirst, mergeCases, tally, testsFirst, trimMeasurement } from './results-model.ts';

const row = (id: number, result: CaseRow['result'] = 'pass', more: Partial<CaseRow> = {}): CaseRow => ({
  id, name: `case-${id}`, result, measurement: null, units: '', set: null, start_log_line: null, end_log_line: null, log_line: null, logged: '', metadata: {}, ...more,
});

test('counts', () => {
  expect(tally([row(1), row(2, 'fail'), row(3, 'skip'), row(4)])).toEqual({ pass: 2, fail: 1, skip: 1, unknown: 0 });
});

test('test sets gather their cases; loose cases stay in place', () => {
  const groups = bySet([row(1), row(2, 'pass', { set: 'net' }), row(3), row(4, 'pass', { set: 'net' }), row(5, 'pass', { set: 'usb' })]);
  expect(groups.map((g) => [g.set, g.cases.map((c) => c.id)])).toEqual([[null, [1]], ['net', [2, 4]], [null, [3]], ['usb', [5]]]);
});

test('failures come first, in order of arrival', () => {
  expect(failuresFirst([row(1), row(2, 'fail'), row(3, 'skip'), row(4, 'fail'), row(5, 'unknown')]).map((c) => c.id)).toEqual([2, 4, 5, 3, 1]);
});

test('cases that arrive join their suite once', () => {
  let suites = mergeCases([], 'lava', [row(1)]);
  suites = mergeCases(suites, '0_smoke', [row(2), row(3)]);
  suites = mergeCases(suites, '0_smoke', [row(3, 'fail'), row(4)]);
  expect(suites.map((s) => [s.name, s.cases.map((c) => `${c.id}${c.result}`)])).toEqual([['lava', ['1pass']], ['0_smoke', ['2pass', '3fail', '4pass']]]);
  expect(testsFirst(suites).map((s) => s.name)).toEqual(['0_smoke', 'lava']);
});

test('measurements as they were measured', () => {
  expect(['12.5000000000', '3.0000000000', '100', '-0.2500', '1e5', '200.0'].map(trimMeasurement)).toEqual(['12.5', '3', '100', '-0.25', '1e5', '200']);
});

test('the line of a case', () => {
  expect(caseLine(row(1, 'pass', { start_log_line: 0, log_line: 9 }))).toBe(0);
  expect(caseLine(row(1))).toBeNull();
});
