import { describe, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { checkTestDefinition } from './index.ts';
import { broken } from '../test/corpus/corpus.ts';
import { upstream as python, upstreamTestDefinitions } from '../test/upstream.ts';

const good = `metadata:
  format: Lava-Test Test Definition 1.0
  name: ltp
  description: tests of the kernel
  maintainer: [a@example.org]
  os: [debian]
install:
  deps: [git]
  deps-debian: [curl]
  git-repos:
  - https://example.org/a.git
  - {url: https://example.org/b.git, branch: main, destination: b}
params: {SKIP: 'no'}
parse: {pattern: '(?P<test_case_id>\\w+) (?P<result>\\w+)', fixupdict: {PASS: pass}}
run:
  steps:
  - lava-test-case a --result pass
expected: [a]
`;
const upstream = (text: string) => checkTestDefinition(text).problems.filter((p) => p.severity === 'error').map((p) => p.upstream);

test('a good definition', () => {
  const { problems, definition } = checkTestDefinition(good);
  expect(problems).toEqual([]);
  expect(definition).toMatchObject({ metadata: { name: 'ltp' } });
});

describe('what is refused', () => {
  test.each([
    ['  name: ltp\n', '', "required key not provided @ data['metadata']['name']"],
    ['Definition 1.0', 'Definition 2.0', "not a valid value for dictionary value @ data['metadata']['format']"],
    ['  os: [debian]', '  os: debian', "expected a list for dictionary value @ data['metadata']['os']"],
    ['deps-debian: [curl]', 'deps-debian: curl', "expected a list for dictionary value @ data['install']['deps-debian']"],
    ['PASS: pass', 'PASS: passed', "not a valid value for dictionary value @ data['parse']['fixupdict']['PASS']"],
    ['- lava-test-case a --result pass', '- true', "expected str @ data['run']['steps'][0]"],
    ['  steps:\n', '  step:\n', "required key not provided @ data['run']['steps']"],
  ])('%s → %s', (from, to, message) => {
    expect(good).toContain(from);
    expect(upstream(good.replace(from, to))).toEqual([message]);
  });
  test.each([['', 'not-a-mapping'], ['a', 'not-a-mapping'], ['a: [', 'yaml-syntax']])('%j', (text, code) => {
    expect(checkTestDefinition(text)).toEqual({ problems: [expect.objectContaining({ code, severity: 'error' })] });
  });
});

test('what is odd but allowed', () => {
  const { problems, definition } = checkTestDefinition(good.replace('expected: [a]', 'expects: [a]').replace('- lava-test-case a', '- lava-vland-names\n  - lava-test-case a'));
  expect(definition).toBeDefined();
  expect(problems.map(({ code, severity, line, hint }) => ({ code, severity, line, hint }))).toEqual([
    { code: 'unknown-key', severity: 'warning', line: 19, hint: 'Did you mean "expected"?' },
    { code: 'removed-helper', severity: 'warning', line: 17, hint: expect.any(String) },
  ]);
  expect(checkTestDefinition(good.slice(0, good.indexOf('run:'))).problems.map((p) => p.code)).toEqual(['no-steps']);
});

test.skipIf(python === undefined)("the same as LAVA's own check (needs Debian's packages of LAVA, installed or downloadable)", { timeout: 120_000 }, () => {
  // Since that release git-repos may be mappings.
  const classic = loadYaml(good.replace(/^ {2}- \{url.*\n/m, '')) as object;
  const samples = [{ name: 'job: good', job: classic }, ...broken([{ name: 'job: good', job: classic }])].filter(({ name }) => !name.includes('git-repos.0'));
  const theirs = upstreamTestDefinitions(samples.map(({ job }) => job));
  const parent = (message: string) => message.replace(/\['\w+'\]$/, '');
  const different = samples.flatMap(({ name, job }, i) => {
    const ours = upstream(JSON.stringify(job))[0];
    const same = ours === theirs[i]![0] || (ours?.startsWith('required key') && theirs[i]!.some((one) => parent(one) === parent(ours)));
    return same ? [] : [{ name, ours, theirs: theirs[i]![0] }];
  });
  expect(samples.length).toBeGreaterThan(200);
  // Later releases know these two.
  expect(different.filter(({ name }) => !/good, (?:expected|parse\.pattern)/.test(name))).toEqual([]);
});
