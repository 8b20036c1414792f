import { describe, expect, it } from 'vitest';
import { loadYaml, loadYamlWithPositions } from './index.ts';

describe('lines that start left of what they belong to, inside brackets and quotes', () => {
  // What PyYAML makes of each.
  it.each([
    ["a:\n  b: '\n'\n  c: 1\n", { a: { b: ' ', c: 1 } }],
    ['a:\n  b: [\n1,\n2\n]\n  c: {\nx: 1,\n}\n', { a: { b: [1, 2], c: { x: 1 } } }],
    ['a:\n  - b: "one\ntwo\n\nthree"\n  - {c: [1,\n 2]}\n', { a: [{ b: 'one two\nthree' }, { c: [1, 2] }] }],
    ["a:\n  b: 'x\n\n\ny'\n", { a: { b: 'x\n\ny' } }],
  ])('%j', (text, value) => {
    expect(JSON.parse(JSON.stringify(loadYaml(text)))).toEqual(value);
  });

  it('keeps the places of what follows', () => {
    const located = loadYamlWithPositions("a:\n  b: '\n'\n  c: [\n1, 2]\n  d: 3\n");
    expect(located.position(['a', 'c', 0])).toMatchObject({ line: 5, column: 1 });
    expect(located.position(['a', 'c', 1])).toMatchObject({ line: 5, column: 4 });
    expect(located.position(['a', 'd'])).toMatchObject({ line: 6, column: 6 });
  });

  it('says where a broken text is broken, after such a line too', () => {
    expect(() => loadYaml("a:\n  b: '\n'\n  c: ]\n")).toThrow(expect.objectContaining({ line: 4 }));
    expect(loadYaml(`a:\n  b: [${'\n1,'.repeat(200)}\n]`)).toEqual({ a: { b: Array.from({ length: 200 }, () => 1) } });
    expect(() => loadYaml(`a:\n  b: [${'\n1,'.repeat(100_000)}\n]`)).toThrow(/deficient indentation/);
  });
});
