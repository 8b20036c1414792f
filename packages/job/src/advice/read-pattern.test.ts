import { expect, test } from 'vitest';
import { readPattern } from './read-pattern.ts';

test.each(['.*', '', '.+', '\\s*', '(?i)x*', '$', '^', 'a|', '[^\\n]', '(?P<a>.*)', '\\A.*\\Z'])('%j matches anything', (pattern) => {
  expect(readPattern(pattern)).toEqual({ matchesAnything: true });
});

test.each(['# ', 'root@(?P<host>\\w+):', 'login:', '\\$ $', '(?i)login', 'a{2,}', '(?P<q>["\']).*(?P=q)', '[#$] '])('%j does not', (pattern) => {
  expect(readPattern(pattern)).toEqual({ matchesAnything: false });
});

test.each(['(', 'a)', '[a', '*a', 'a**', 'x{3,2}'])('%j is wrong', (pattern) => {
  expect(readPattern(pattern)).toMatchObject({ wrong: expect.stringMatching(/./) });
});

test.each(['(?s:.*)', '(?(1)a|b)', 'a++', '[]a]', 'x'.repeat(2000)])('of %.20j nothing is said', (pattern) => {
  expect(readPattern(pattern)).toBeUndefined();
});

// Searches that would take for ever.
test.each([`${'(?:|)'.repeat(100)}b`, `${'('.repeat(200)}a*${')*'.repeat(200)}b`, `${'a?'.repeat(400)}b`, '(?:|a|){30}b'])('%.20j is not tried', (pattern) => {
  expect(readPattern(pattern)).toEqual({ matchesAnything: false });
});
