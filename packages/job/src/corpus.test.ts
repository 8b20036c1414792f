import { describe, expect, test } from 'vitest';
import { checkJob, checkTestDefinition } from './index.ts';
import { readBroken, toldOf } from '../test/corpus/broken.ts';
import { jobs, testDefinitions } from '../test/corpus/jobs.ts';

test.each(Object.entries(jobs))('the definition %s has no problem', (_, text) => {
  expect(checkJob(text).problems).toEqual([]);
});

test.each(Object.entries(testDefinitions))('the test definition %s has no problem', (_, text) => {
  expect(checkTestDefinition(text).problems).toEqual([]);
});

describe('one change to it, and every word of what is said', () => {
  const broken = readBroken();
  test.each(broken)('$name', (one) => {
    expect(one.says.length).toBeGreaterThan(0);
    expect(toldOf(one)).toEqual(one.says);
  });
  test('there are many', () => {
    expect(broken.filter(({ says }) => says[0]?.startsWith('error')).length).toBeGreaterThanOrEqual(120);
  });
});
