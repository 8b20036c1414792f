import { expect, test } from 'vitest';
import { readConditions, writeConditions } from './conditions.ts';

test('conditions of an address, long and short', () => {
  expect(readConditions('testcase', 'testjob__health__exact__Complete,measurement__gt__2, name__a__b')).toEqual([
    { table: 'testjob', field: 'health', operator: 'exact', value: 'Complete' }, { table: 'testcase', field: 'measurement', operator: 'gt', value: '2' }, { table: 'testcase', field: 'name', operator: 'a', value: 'b' },
  ]);
  expect(readConditions('testjob', '')).toEqual([]);
  expect(writeConditions(readConditions('testjob', 'submitter__ann'))).toBe('testjob__submitter__exact__ann');
});
