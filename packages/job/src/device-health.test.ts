import { describe, expect, test } from 'vitest';
import { deviceHealthAfter, deviceHealths, jobHealths, jobStates } from './index.ts';

test('the stored numbers of states and healths never change', () => {
  expect(jobStates).toEqual(['Submitted', 'Scheduling', 'Scheduled', 'Running', 'Canceling', 'Finished']);
  expect(jobHealths).toEqual(['Unknown', 'Complete', 'Incomplete', 'Canceled']);
  expect(deviceHealths).toEqual(['Good', 'Unknown', 'Looping', 'Bad', 'Maintenance', 'Retired']);
});

describe('the health of a device', () => {
  test('after a health check', () => {
    const after = (health: 'Complete' | 'Incomplete' | 'Canceled') => deviceHealths.map((h) => deviceHealthAfter(h, { healthCheck: true, health, errorType: 'Infrastructure' }));
    expect(after('Complete')).toEqual(['Good', 'Good', 'Looping', 'Good', 'Maintenance', 'Retired']);
    for (const bad of ['Incomplete', 'Canceled'] as const) expect(after(bad)).toEqual(['Bad', 'Bad', 'Looping', 'Bad', 'Maintenance', 'Retired']);
  });
  test('after another job', () => {
    const after = (errorType: string | null) => deviceHealths.map((h) => deviceHealthAfter(h, { healthCheck: false, health: 'Incomplete', errorType }));
    for (const trouble of ['Bug', 'Configuration', 'Infrastructure']) expect(after(trouble)).toEqual(['Unknown', 'Unknown', 'Unknown', 'Unknown', 'Maintenance', 'Retired']);
    for (const own of ['Job', 'Test', 'Canceled', null]) expect(after(own)).toEqual([...deviceHealths]);
  });
});
