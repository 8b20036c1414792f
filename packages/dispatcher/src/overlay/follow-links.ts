import { JobError } from '@lava/base';

/** As many links may lead to one another, as in Linux. */
export const mostLinks = 40;

/**
 * Walks a path in a root of its own, with the links on the way followed inside of it: `..` and absolute targets never
 * lead out. It yields each path it comes to, and is given the target of the link there, or undefined for what is none.
 * @param followLast follow the last part, too
 * @param where the root, for people: `image`
 * @returns the path that is meant, without links
 * @throws JobError when too many links lead to one another
 */
export function* walkLinks(path: string, followLast: boolean, where: string): Generator<string, string, string | undefined> {
  let done: string[] = [];
  const ahead = path.split('/');
  for (let links = 0; ahead.length > 0;) {
    const name = ahead.shift() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') { done.pop(); continue; }
    const target = yield [...done, name].join('/');
    if (target === undefined || (ahead.length === 0 && !followLast)) { done.push(name); continue; }
    links += 1;
    if (links > mostLinks) throw new JobError(`Too many levels of links at '${path}' in the ${where}`, { code: 'overlay-links' });
    if (target.startsWith('/')) done = [];
    ahead.unshift(...target.split('/'));
  }
  return done.join('/');
}
