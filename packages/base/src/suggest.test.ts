import { expect, test } from 'vitest';
import { didYouMean, nearestWord } from './suggest.ts';

const known = ['deploy', 'boot', 'test', 'u-boot', 'timeouts', 'job_name'];

test.each([
  ['deplyo', 'deploy'], ['bot', 'boot'], ['uboot', 'u-boot'], ['U-Boot', 'u-boot'], ['timeout', 'timeouts'], ['jobname', 'job_name'], ['job-name', 'job_name'],
  ['moon', undefined], ['', undefined], ['boot', undefined], ['x'.repeat(100_000), undefined],
])('%.20s', (word, meant) => {
  expect(nearestWord(word, known.filter((one) => one !== 'u-boot' || word !== 'boot'))).toBe(meant);
});

test('a sentence', () => {
  expect(didYouMean('tset', known)).toBe('Did you mean "test"?');
  expect(didYouMean('moon', known)).toBeUndefined();
});
