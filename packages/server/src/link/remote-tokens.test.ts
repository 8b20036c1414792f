import { expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { withRemoteTokens } from './remote-tokens.ts';

const definition = `job_name: a
secrets: {A: files, B: other}
actions:
- deploy:
    to: tftp
    kernel: {url: http://x/k, headers: {Authorization: files, Accept: text/plain}}
    name: files
- boot: {url: x, headers: {Authorization: files}}
- test:
    definitions:
    - {from: url, repository: http://x/t, headers: {PRIVATE-TOKEN: files}}
    - {from: git, repository: http://x/t, headers: {PRIVATE-TOKEN: files}}
`;

test('the names of tokens become tokens in headers of downloads and in secrets, and nowhere else', () => {
  expect(loadYaml(withRemoteTokens(definition, new Map([['files', 'hush']])))).toEqual({
    job_name: 'a', secrets: { A: 'hush', B: 'other' },
    actions: [
      { deploy: { to: 'tftp', kernel: { url: 'http://x/k', headers: { Authorization: 'hush', Accept: 'text/plain' } }, name: 'files' } },
      { boot: { url: 'x', headers: { Authorization: 'files' } } },
      { test: { definitions: [{ from: 'url', repository: 'http://x/t', headers: { 'PRIVATE-TOKEN': 'hush' } }, { from: 'git', repository: 'http://x/t', headers: { 'PRIVATE-TOKEN': 'files' } }] } },
    ],
  });
});

test('a definition that names none stays as it is, to the letter', () => {
  expect(withRemoteTokens(definition, new Map([['nothing', 'hush']]))).toBe(definition);
});
