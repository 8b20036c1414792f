import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failureReasons } from '@lava/job';

// docs/job-failures.md is the list of reason codes: each that the dispatcher and the server can give is there, and none that they cannot.

const root = fileURLToPath(new URL('..', import.meta.url));
const sourcesOf = (folder: string) => readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'))
  .map((name) => readFileSync(`${root}${folder}/${name}`, 'utf8'));
const sources = sourcesOf('packages/dispatcher/src');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((m) => m[1]!);

const given = new Set(sources.flatMap((text) => all(text, /\b(?:code|fatal): '([a-z][a-z0-9-]+)'/g)));
const timeouts = sources.find((text) => text.includes('const timeoutReasons'))!;
for (const code of all(timeouts.slice(timeouts.indexOf('const timeoutReasons'), timeouts.indexOf('};')), /: '([a-z-]+)'/g)) given.add(code);
for (const code of all(timeouts, /withReason\(error, '([a-z-]+)'/g)) given.add(code);
for (const family of ['deploy', 'boot', 'test']) given.add(`${family}-not-supported`);
for (const status of [404, 403, 500]) given.add(`download-${status}`);
given.add('unspecified');
for (const code of sourcesOf('packages/server/src').flatMap((text) => all(text, /\berrorCode: '([a-z-]+)'/g))) given.add(code);

test('the page has exactly the codes that jobs can end with', () => {
  const page = readFileSync(`${root}docs/job-failures.md`, 'utf8');
  const listed = page.split('\n').filter((line) => line.startsWith('| `')).flatMap((line) => all(line.split('|')[1]!, /`([a-z0-9-]+)`/g));
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.toSorted()).toEqual([...given].toSorted());
});

test('the checks of `retry` know the same', () => expect([...failureReasons].sort()).toEqual([...given].sort()));
