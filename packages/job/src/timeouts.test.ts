import { describe, expect, test } from 'vitest';
import { actionTimeout, connectionTimeout, jobTimeout, queueTimeout, timeoutSeconds } from './index.ts';

test('units add up, nothing and zero are 30 seconds', () => {
  expect(timeoutSeconds({ days: 1, hours: 1, minutes: 1, seconds: 1 })).toBe(90_061);
  expect(timeoutSeconds({ minutes: 0.5 })).toBe(30);
  for (const nothing of [undefined, null, {}, { seconds: 0 }, { skip: true }, { fortnights: 1 }, { minutes: 'x' }, { minutes: -1 }, { minutes: Object.create(null) }, { minutes: [5] }, 5]) expect(timeoutSeconds(nothing)).toBe(30);
  expect(jobTimeout({ timeouts: { job: { minutes: 2 } } })).toBe(120);
  expect(queueTimeout({ timeouts: { queue: { hours: 1 } } })).toBe(3600);
  expect(queueTimeout({ timeouts: {} })).toBeUndefined();
  expect(queueTimeout({})).toBeUndefined();
});

describe('the last that is present counts', () => {
  const name = 'http-download';
  const job = { timeouts: { action: { seconds: 1 } } };
  const device = { timeouts: { actions: { [name]: { seconds: 2 } } } };
  const named = { timeouts: { action: { seconds: 1 }, actions: { [name]: { seconds: 5 } } } };
  test('for actions', () => {
    expect(actionTimeout({ name, job: {}, device: {} })).toBe(30);
    expect(actionTimeout({ name, job: {}, device: {}, initial: 90 })).toBe(90);
    expect(actionTimeout({ name, job, device: {}, initial: 90 })).toBe(1);
    expect(actionTimeout({ name, job, device })).toBe(2);
    expect(actionTimeout({ name: 'other', job, device })).toBe(1);
    expect(actionTimeout({ name, job, device, block: { timeout: { seconds: 3 } } })).toBe(3);
    expect(actionTimeout({ name, job, device, block: { timeout: { seconds: 3 } }, parent: { timeout: 10, maxRetries: 1 } })).toBe(3);
    expect(actionTimeout({ name, job, device, block: { timeout: { seconds: 3 } }, parent: { timeout: 10, maxRetries: 3 } })).toBe(3);
    expect(actionTimeout({ name, job, device, block: { timeout: { seconds: 30 } }, parent: { timeout: 40, maxRetries: 3 } })).toBe(13);
    expect(actionTimeout({ name, job: named, device, block: { timeout: { seconds: 30 } }, parent: { timeout: 40, maxRetries: 3 } })).toBe(5);
    expect(actionTimeout({ name, job: named, device, block: { timeouts: { [name]: { seconds: 6 } } } })).toBe(6);
  });
  test('for the retries of a boot block of two minutes', () => {
    const boot = { job: { timeouts: { action: { minutes: 2 } } }, device: {}, block: { failure_retry: 3 } };
    const top = actionTimeout({ ...boot, name: 'minimal-boot' });
    const child = actionTimeout({ ...boot, name: 'reset-device', parent: { timeout: top, maxRetries: 3 } });
    const grandchild = actionTimeout({ ...boot, name: 'send-reboot-commands', parent: { timeout: child, maxRetries: 1 } });
    const login = actionTimeout({ ...boot, name: 'login-action', parent: { timeout: 40, maxRetries: 3 } });
    expect([top, child, grandchild, login]).toEqual([120, 40, 120, 13]);
  });
  test('for connections', () => {
    expect(connectionTimeout({ name, job: {}, device: {} })).toBe(30);
    expect(connectionTimeout({ name, job: {}, device: {}, initial: 10 })).toBe(10);
    const ofDevice = { timeouts: { connections: { [name]: { seconds: 2 } } } };
    expect(connectionTimeout({ name, job: { timeouts: { connection: { seconds: 1 } } }, device: {} })).toBe(1);
    expect(connectionTimeout({ name, job: { timeouts: { connection: { seconds: 1 } } }, device: ofDevice })).toBe(2);
    expect(connectionTimeout({ name, job: { timeouts: { connections: { [name]: { seconds: 3 } } } }, device: ofDevice })).toBe(3);
    expect(connectionTimeout({ name, job: {}, device: ofDevice, block: { connection_timeout: { seconds: 4 } } })).toBe(4);
  });
});
