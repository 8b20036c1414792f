import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { asksForRetry, checkJob, failureReasons, readRetryPolicy, type RetryPolicy } from './index.ts';

const job = (retry: string) => `job_name: a\ndevice_type: qemu\nvisibility: public\ntimeouts: {job: {minutes: 5}}\nactions: [{deploy: {to: overlay}}]\nretry: ${retry}\n`;

test.each<[string, RetryPolicy]>([
  ['{}', { count: 1, reasons: ['Infrastructure'], delay: 0 }],
  ['{count: 2, reasons: [login-timeout], delay: {minutes: 5}}', { count: 2, reasons: ['login-timeout'], delay: 300 }],
  ['{count: 0}', { count: 0, reasons: ['Infrastructure'], delay: 0 }],
  ['{delay: {days: 3000}}', { count: 1, reasons: ['Infrastructure'], delay: 604_800 }],
])('%s', (text, policy) => {
  const { problems, definition } = checkJob(job(text));
  expect(problems).toEqual([]);
  expect(readRetryPolicy(definition!['retry'])).toEqual(policy);
});

test('nothing is said', () => expect(readRetryPolicy(undefined)).toBeUndefined());

test.each([
  ['5', 'wrong-type'], ['{count: -1}', 'too-small'], ['{count: many}', 'wrong-type'], ['{reasons: Infrastructure}', 'wrong-type'], ['{reasons: []}', 'too-short'],
  ['{delay: 5}', 'wrong-type'], ['{times: 2}', 'unknown-key'], ['{reasons: [logintimeout]}', 'unknown-reason'], ['{reasons: [canceled]}', 'unknown-reason'], ['{reasons: [nope-*]}', 'unknown-reason'],
  ['{delay: {minutes: 0}}', 'timeout-zero'],
])('%s: %s', (text, code) => expect(checkJob(job(text)).problems.map((p) => p.code)).toEqual([code]));

const policy = (reasons: readonly string[], count = 1): RetryPolicy => ({ count, reasons, delay: 0 });

test.each([
  [policy(['Infrastructure']), 0, 'Infrastructure', 'power-failed', true],
  [policy(['Infrastructure']), 0, 'Infrastructure', null, true],
  [policy(['Infrastructure']), 1, 'Infrastructure', 'power-failed', false],
  [policy(['Infrastructure'], 0), 0, 'Infrastructure', 'power-failed', false],
  [policy(['Infrastructure']), 0, 'Job', 'login-timeout', false],
  [policy(['login-timeout']), 0, 'Job', 'login-timeout', true],
  [policy(['login-timeout']), 0, 'Job', null, false],
  [policy(['download-*']), 0, 'Job', 'download-404', true],
  [policy(['download-*']), 0, 'Job', 'decompression', false],
  [policy(['*']), 0, 'Canceled', 'canceled', false],
] as const)('%j after %i: %s %s', (given, retried, errorType, errorCode, again) => {
  expect(asksForRetry(given, retried, { errorType, errorCode })).toBe(again);
});

test('whatever the policy, a job is tried again at most as often as it says, and never after it was canceled', () => {
  const reason = fc.constantFrom('Infrastructure', 'Job', 'Canceled', '*', ...failureReasons);
  const failure = fc.record({ errorType: fc.constantFrom('Infrastructure', 'Job', 'Canceled', null), errorCode: fc.constantFrom(null, ...failureReasons) });
  fc.assert(fc.property(fc.nat(5), fc.array(reason), fc.array(failure, { minLength: 10, maxLength: 10 }), (count, reasons, failures) => {
    let retried = 0;
    for (const f of failures) {
      if (!asksForRetry(policy(reasons, count), retried, f)) continue;
      expect(f.errorType).not.toBe('Canceled');
      retried++;
    }
    expect(retried).toBeLessThanOrEqual(count);
  }));
});
