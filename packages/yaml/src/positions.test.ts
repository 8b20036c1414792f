import { describe, expect, test } from 'vitest';
import { YamlDate, YamlError, excerpt, loadYaml, loadYamlWithPositions } from './index.ts';

const text = `job_name: first light
timeouts: &t
  job: {minutes: 10}
actions:
- deploy:
    to: tmpfs
    images: *t
- test: "a
    b"
nothing:
1: x
merged:
  <<: *t
  own: [1, 2.0]
`;

describe('positions', () => {
  const located = loadYamlWithPositions(text);
  const at = (path: (string | number)[], part?: 'key' | 'value') => {
    const p = located.position(path, part);
    return p && [p.line, p.column, p.endColumn];
  };

  test('of keys and values', () => {
    expect(at(['job_name'], 'key')).toEqual([1, 1, 9]);
    expect(at(['job_name'])).toEqual([1, 11, 22]);
    expect(at(['timeouts', 'job', 'minutes'])).toEqual([3, 18, 20]);
    expect(at(['actions', 0, 'deploy', 'to'])).toEqual([6, 9, 14]);
    expect(at(['actions', 7])).toBeUndefined();
    expect(at(['1'], 'key')).toEqual([11, 1, 2]);
  });
  test('of what has no single place', () => {
    expect(at(['nothing'])).toEqual([10, 1, 8]); // an empty value stands at its key
    expect(at(['actions', 0, 'deploy', 'images'])).toEqual([7, 13, 15]); // an alias where it is used
    expect(at(['actions', 0, 'deploy', 'images', 'job'], 'key')).toEqual([3, 3, 6]); // what is in it where it is written
    expect(at(['merged', 'job'], 'key')).toEqual([3, 3, 6]);
    expect(at(['actions', 1, 'test'])).toEqual([8, 9, 11]); // up to the end of its first line
    expect(at([])).toEqual([1, 1, 22]);
  });
  test('types and duplicates', () => {
    expect(located.tag(['merged', 'own', 0])).toBe('int');
    expect(located.tag(['merged', 'own', 1])).toBe('float');
    expect(located.tag(['1'], 'key')).toBe('int');
    expect(located.duplicates).toEqual([]);
    expect(loadYamlWithPositions('a: 1\nb: 2\na: 3\n').duplicates).toEqual([{ key: 'a', at: { line: 3, column: 1, endColumn: 2 } }]);
  });
});

describe('errors', () => {
  const thrown = (source: string): YamlError => {
    try { loadYaml(source, { file: 'job.yaml' }); } catch (error) { return error as YamlError; }
    throw new Error('accepted');
  };
  test('say where, what and what to do', () => {
    const error = thrown('a: 1\nb:\n\tc: 2\n');
    expect(error).toMatchObject({ line: 3, column: 1, at: { file: 'job.yaml' }, type: 'Job', hint: 'Indent with spaces: YAML does not allow tabs.' });
    expect(error.message).toBe(`${error.reason} (job.yaml, line 3, column 1)`);
    expect(thrown('a: {{ name }}\n')).toMatchObject({ code: 'yaml-key', line: 1, column: 5 });
    expect(thrown('a: 1\nb: !foo 2\n')).toMatchObject({ code: 'yaml-tag', reason: 'the tag !foo is not known', line: 2 });
    expect(thrown('a: 2023-02-29\n')).toMatchObject({ code: 'yaml-date', line: 1, column: 4 });
  });
  test('show the line', () => {
    expect(excerpt('a\nbc: def\n', { line: 2, column: 5, endColumn: 8 })).toBe('2 | bc: def\n  |     ^^^');
    const long = excerpt('x'.repeat(1000), { line: 1, column: 500 }).split('\n');
    expect(long[0]!.length).toBeLessThan(130);
    expect(long[0]![long[1]!.indexOf('^')]).toBe('x');
    expect(excerpt('a', { line: 9, column: 3 })).toBe('9 | \n  | ^');
  });
});

test('values are plain by default', () => {
  expect(loadYaml('a: 1.0\nb: [2024-01-01]\nc: 9007199254740993\n2: x\ntrue: y\n')).toEqual(Object.assign(Object.create(null), { a: 1, b: [new YamlDate('2024-01-01')], c: 9007199254740993n, 2: 'x', true: 'y' }));
  expect(loadYaml('')).toBeNull();
});
