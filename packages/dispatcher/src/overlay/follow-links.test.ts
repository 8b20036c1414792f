import { expect, test } from 'vitest';
import { walkLinks } from './follow-links.ts';

const links: Readonly<Record<string, string>> = {
  'usr/lib': '/lib64', 'a/relative': '../b', 'a/out': '../../../../etc', 'a/absolute': '/etc/../etc/x', 'chain': 'a/relative', 'loop': 'loop',
};

function follow(path: string, followLast = true): string {
  const walk = walkLinks(path, followLast, 'image');
  let step = walk.next();
  while (!step.done) step = walk.next(links[step.value]);
  return step.value;
}

test.each([
  ['usr/bin/sh', 'usr/bin/sh'], ['usr/lib/x.so', 'lib64/x.so'], ['a/relative/c', 'b/c'], ['a/out/passwd', 'etc/passwd'], ['a/absolute', 'etc/x'], ['chain/d', 'b/d'],
  ['../../up', 'up'], ['/./a//b/../c', 'a/c'],
])('%s is %s, inside of the root', (path, real) => {
  expect(follow(path)).toBe(real);
});

test('the last part is followed only when it is asked for', () => {
  expect([follow('a/relative', false), follow('a/relative/x', false)]).toEqual(['a/relative', 'b/x']);
});

test('links that lead to one another end', () => {
  expect(() => follow('loop/x')).toThrow("Too many levels of links at 'loop/x' in the image");
});
