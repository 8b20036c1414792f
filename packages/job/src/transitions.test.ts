import { describe, expect, test } from 'vitest';
import { deviceHealthAfter, deviceHealthAfterWorker, deviceHealths, finalHealth, jobHealths, jobStates, jobTransitions, legacyStatus, stateOfDevice } from './index.ts';

test('the stored numbers of states and healths never change', () => {
  expect(jobStates).toEqual(['Submitted', 'Scheduling', 'Scheduled', 'Running', 'Canceling', 'Finished']);
  expect(jobHealths).toEqual(['Unknown', 'Complete', 'Incomplete', 'Canceled']);
  expect(deviceHealths).toEqual(['Good', 'Unknown', 'Looping', 'Bad', 'Maintenance', 'Retired']);
});

describe('jobs', () => {
  test('only go forward, and Finished is the end', () => {
    for (const steps of Object.values(jobTransitions)) {
      for (const [from, to] of Object.entries(steps)) expect(jobStates.indexOf(to)).toBeGreaterThan(jobStates.indexOf(from as 'Submitted'));
      expect(steps.Finished).toBeUndefined();
    }
  });
  test('a cancel ends a waiting job at once and others by way of Canceling', () => {
    expect(jobTransitions.cancel).toEqual({ Submitted: 'Finished', Scheduling: 'Canceling', Scheduled: 'Canceling', Running: 'Canceling' });
    expect(jobTransitions.start.Canceling).toBeUndefined();
  });
  test('health at the end', () => {
    expect(finalHealth('Running', 'pass')).toBe('Complete');
    expect(finalHealth('Running', 'fail')).toBe('Incomplete');
    expect(finalHealth('Canceling', 'pass')).toBe('Canceled');
    expect(finalHealth('Submitted', 'cancel')).toBe('Canceled');
  });
  test('legacy status', () => {
    expect(jobStates.map((s) => legacyStatus(s, 'Unknown').number)).toEqual([0, 0, 0, 1, 5, 3]);
    expect(jobHealths.map((h) => legacyStatus('Finished', h))).toEqual([{ number: 3, word: 'incomplete' }, { number: 2, word: 'complete' }, { number: 3, word: 'incomplete' }, { number: 4, word: 'canceled' }]);
  });
  test('hold their device', () => {
    expect(jobStates.map(stateOfDevice)).toEqual(['Idle', 'Reserved', 'Reserved', 'Running', 'Running', 'Idle']);
  });
});

describe('devices', () => {
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
  test('after their worker changed', () => {
    const after = (from: 'Active' | 'Maintenance' | 'Retired', to: 'Active' | 'Maintenance' | 'Retired') => deviceHealths.map((h) => deviceHealthAfterWorker(h, from, to));
    expect(after('Maintenance', 'Active')).toEqual(['Unknown', 'Unknown', 'Looping', 'Bad', 'Maintenance', 'Retired']);
    expect(after('Retired', 'Active')).toEqual([...deviceHealths]);
    expect(after('Active', 'Retired')).toEqual(['Retired', 'Retired', 'Retired', 'Bad', 'Retired', 'Retired']);
    expect(after('Active', 'Maintenance')).toEqual([...deviceHealths]);
  });
});
