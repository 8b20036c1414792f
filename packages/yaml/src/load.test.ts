import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pyyaml, show, type Shown } from '../test/pyyaml.ts';
import { YamlError, loadYaml } from './index.ts';

const ours = (text: string): Shown => {
  try {
    return show(loadYaml(text, { exact: true }));
  } catch (error) {
    if (error instanceof YamlError) return ['error', error.message];
    throw error;
  }
};

/** Where both loaders accept a text the values must be equal; the texts that only one of them accepts are returned. */
function compare(texts: readonly string[]): { onlyHere: string[]; onlyPython: string[] } {
  const onlyHere: string[] = [];
  const onlyPython: string[] = [];
  for (const [i, theirs] of pyyaml(texts).entries()) {
    const text = texts[i]!;
    const mine = ours(text);
    if (theirs[0] === 'error' && mine[0] !== 'error') onlyHere.push(text);
    else if (theirs[0] !== 'error' && mine[0] === 'error') onlyPython.push(text);
    else if (theirs[0] !== 'error') expect({ text, value: mine }).toEqual({ text, value: theirs });
  }
  return { onlyHere, onlyPython };
}

const scalars = [
  // words
  '~', 'null', 'Null', 'NULL', 'nULL', '', 'yes', 'Yes', 'YES', 'yEs', 'no', 'No', 'NO', 'on', 'On', 'ON', 'off', 'Off', 'OFF', 'y', 'n', 'Y', 'N', 'true', 'True', 'TRUE', 'tRUE', 'false', 'False', 'FALSE',
  // integers
  '0', '-0', '+0', '1', '+12', '-12', '017', '08', '09', '0o17', '0x1F', '0X1F', '-0xff', '0b101', '0b12', '1_000', '_1', '1_', '0_', '0_7', '00', '-017', '12:30', '1:2:3', '-1:30', '0:30', '12:60', '12:3:4:5',
  '9007199254740991', '9007199254740993', '-9007199254740993', '123456789012345678901234567890', '0xffffffffffffffffffff', '1__0', '+', '-', '--1', '+-1', '1 2', '1,000',
  // floats
  '1.0', '1.', '.5', '-.5', '+.5', '-1.5', '1e3', '1.0e3', '1.0e+3', '1.e+3', '1.5E-3', '.1e+2', '1_0.5_0', '.inf', '-.inf', '+.inf', '.Inf', '.INF', '.iNF', '.nan', '.NaN', '.NAN', '-.nan', '12:30.5', '1:59.', '0.1', '1e-3', '._5', '.', '..', '1.2.3', '1.0e+400', '1.0e-400', '123456789.123456789', '1.0e+16', '1.0e+22', '0.00001', '5e-324',
  // dates
  '2024-01-01', '2024-1-1', '2024-01-01T10:00:00', '2024-01-01T10:00:00Z', '2024-01-01 10:00:00', '2024-01-01 10:00:00.5', '2024-01-01 10:00:00.123456789 +02:00', '2024-1-2 3:04:05 -5', '2024-01-01t10:00:00.000001z', '2024-02-29', '2023-02-29', '2024-13-01', '2024-01-01 25:00:00', '2024-01-01 10:00', '0001-01-01', '2024-01-01 10:00:00 +05:30', '2024-01-01 10:00:00-00:30', '2024-01-01 10:00:00.',
  // texts
  'aa:bb:cc:dd:ee:ff', '00:11:22:33:44:55', '52:54:00:12:34:58', '10:20:30:40:50:60', '1.2.3.4', 'a', "it's", '=', '<<', 'a b', 'http://x/y#z', 'a:b', '/dev/sda', '!', '@a', '`a', '%a', '&a b', '*a', '-a', '?a', ':a', 'a#b', 'a #b', '# c', '[]', '{}', '[', '{', '|', '>', "''", '""', '"\\x41\\u263a\\U0001F600\\e\\0\\N\\_\\L\\P\\/\\ \\t"', '"\\q"', '"a\\\n  b"', "'a\n\n  b'", 'a\n  b', 'a\n\n  b', '!!str 5', '!!int "5"', '!!int x', '!!float 1', '!!bool "yes"', '!!bool x', '!!null x', '!!str', '! "146"', '! x', '!foo x', '!!foo x', '!!binary "aGVsbG8="', '!!timestamp "2024-01-01"', '!<tag:yaml.org,2002:str> 5', '!!python/object:os.system x', '\u00e9', '\u{1F600}', '"\u263a"',
];

describe('loadYaml is PyYAML', () => {
  test('for single values', () => {
    expect(compare(scalars.map((s) => `a: ${s}\n`))).toEqual({ onlyHere: [], onlyPython: [] });
  });

  test('for values in lists and as keys', () => {
    const simple = scalars.filter((s) => /^[\w:.~+<=-]+$/.test(s));
    // The grammars differ: YAML 1.2 has no lone "-" in a flow list, and allows ":a" there.
    expect(compare(simple.map((s) => `[${s}, x]`))).toEqual({ onlyHere: ['[:a, x]'], onlyPython: ['[-, x]'] });
    expect(compare(simple.map((s) => `${s}: x\n`))).toEqual({ onlyHere: [], onlyPython: [] });
    expect(compare(simple.map((s) => `- ${s}\n-   ${s}  # comment\n`))).toEqual({ onlyHere: [], onlyPython: [] });
  });

  const documents = {
    empty: '', comment: '# nothing\n', 'explicit end': 'a: 1\n...\n', 'explicit start': '---\na: 1\n', 'second document': 'a: 1\n---\nb: 2\n', 'version': '%YAML 1.1\n---\na: 1\n', 'tag directive': '%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 5\n', 'byte order mark': '\uFEFFa: 1\n', 'carriage returns': 'a: 1\r\nb:\r\n- x\r\n', scalar: 'hello', 'scalar in literal': '|\n a\n b\n',
    merge: 'a: &a {x: 1, y: 2}\nb:\n  z: 0\n  <<: *a\n  y: 3\n', 'merge list': 'a: &a {x: 1, y: 2}\nb: &b {x: 5, w: 6}\nc: {<<: [*a, *b], q: 1}\n', 'merge twice': 'a: &a {x: 1}\nb: &b {x: 5}\nc:\n  <<: *a\n  <<: *b\n', 'merge of merged': 'a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, x: 9}\n', 'merge inline': 'a: {<<: {x: 1}, y: 2}\n', 'merge scalar': 'a: {<<: 1}\n', 'merge list of scalars': 'a: {<<: [1]}\n', 'quoted merge key': 'a: {"<<": 1}\n',
    duplicates: 'a: 1\nb: 2\na: 3\n', 'duplicates of type': '1: a\n1.0: b\ntrue: c\n', aliases: 'a: &x [1, 2]\nb: *x\nc: [*x, *x]\n', 'unknown alias': 'a: *x\n', 'anchor again': 'a: &x 1\nb: *x\nc: &x 2\nd: *x\n', 'anchor on key': '&k a: 1\nb: *k\n', 'alias as key': 'a: &k x\n*k : 1\n', 'anchor on nothing': 'a: &x\nb: *x\n',
    literal: 'a: |\n  one\n   two\n\n  three\n', strip: 'a: |-\n  one\n\n\nb: 1\n', keep: 'a: |+\n  one\n\n\nb: 1\n', indented: 'a: |2\n    one\n  two\n', folded: 'a: >\n  one\n  two\n\n  three\n    four\n  five\n', 'folded strip': 'a: >-\n  one\n  two\n', 'literal without content': 'a: |\nb: 1\n', 'literal in list': '- |\n one\n two\n- x\n', 'literal with tabs': 'a: |\n  one\ttwo\n  \tthree\n', 'literal comment': 'a: | # c\n  x # y\n',
    'list at key': 'a:\n- 1\n- 2\nb:\n  - 3\n', 'list in list': '- - 1\n  - 2\n- - - 3\n', 'map in list': '- a: 1\n  b: 2\n-\n  c: 3\n', 'empty values': 'a:\nb:\n- \n-\n- x\n', 'complex key': '? a\n: b\n? c\n', 'list as key': '? [a]\n: b\n', 'map as key': '{a: 1}: 2\n', template: 'a: {{ x }}\n', set: '!!set {a, b}', omap: '!!omap [a: 1, b: 2]', pairs: '!!pairs [a: 1, a: 2]', 'wrong omap': '!!omap [1]', 'str of list': '!!str [a]', 'seq of map': '!!seq {a: 1}',
    'flow over lines': 'a: [1,\n  2, {b: c,\n  d: e}]\n', 'flow pair': '[a: b, c]', 'flow trailing comma': '[a, b,]', 'flow empty': '[[], {}]', 'flow without blank': '{a:1, "b":2, c: }', 'flow url': '[http://a/b, c]', 'flow question': '{? a : b}', 'colon in value': 'a: b: c\n', 'tab after colon': 'a:\tb\n', 'tab indentation': 'a:\n\tb: 1\n', 'wrong indentation': 'a:\n  b: 1\n c: 2\n', 'missing bracket': 'a: [1, 2\n', 'missing quote': 'a: "x\n', 'value after quote': 'a: "x" y\n', 'multiline plain': 'a: x\n  y\n\n  z\n', 'multiline quoted': 'a: "x\n  y\n\n  z"\n', 'control character': 'a: "\u0001"\n', 'null character': 'a: \u0000\n', 'prototype': '__proto__: {a: 1}\nconstructor: 2\n', 'value key': '=: 1\n', 'colon at end': 'a: b:\n', 'dash text': 'a: -b\n', 'hash in key': 'a#b: 1\n', 'document marker in text': 'a: "x\n  --- y"\n', 'non-string keys': '1: a\ntrue: b\nnull: c\n2.5: d\n2024-01-01: e\n~: f\n',
    'log record': '- {"dt": "2026-08-22T10:00:00.123456+00:00", "lvl": "results", "msg": {"case": "x", "level": ! "1.1", "n": ! "146", "b": ! "true", "u": "\\u263A\\U0001F600\\N\\L"}}\n',
  };

  test('for documents', () => {
    expect(compare(Object.values(documents))).toEqual({ onlyHere: [documents['anchor again']], onlyPython: [] });
  });

  test('for generated texts of YAML characters', () => {
    const piece = fc.constantFrom(...'ab1 0.-:?[]{},#&*!|>\'"%~=<\n\n\\_x+'.split(''), '  ', '\n  ', '\n- ', ': ', '- ', 'a: ', '*a', '&a ', 'yes', '1:2', '<<: ', '!!str ', '|\n ', '"x"', "'y'");
    const text = fc.array(piece, { maxLength: 14 }).map((parts) => parts.join(''));
    // At the top of a document the two versions of YAML count an explicit indentation differently.
    const texts = fc.sample(text, { numRuns: 10_000, seed: 7 }).filter((t) => !/[|>][-+]?\d/.test(t));
    const { onlyHere, onlyPython } = compare(texts);
    // The grammars differ in corners; refusing is safe, and so is accepting what nobody could submit.
    expect(onlyPython.length / texts.length).toBeLessThan(0.01);
    expect(onlyHere.length / texts.length).toBeLessThan(0.05);
  });

  test('for generated plain values', () => {
    const digit = fc.constantFrom(...'0123456789_.:eE+-xobaf TZ'.split(''));
    const texts = fc.sample(fc.array(digit, { minLength: 1, maxLength: 9 }), { numRuns: 10_000, seed: 11 }).map((p) => `k: ${p.join('')}\n`);
    expect(compare(texts)).toEqual({ onlyHere: [], onlyPython: [] });
  });
});
