import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pyyaml, show } from '../test/pyyaml.ts';
import { YamlDate, YamlFloat, dumpYaml, loadYaml } from './index.ts';

/** Writes each value; PyYAML and we must read it back equal. */
function roundTrip(values: readonly unknown[]): void {
  const texts = values.map((value) => dumpYaml(value));
  for (const [i, theirs] of pyyaml(texts).entries()) {
    const expected = { text: texts[i], value: show(values[i]) };
    expect({ text: texts[i], value: theirs }).toEqual(expected);
    expect({ text: texts[i], value: show(loadYaml(texts[i]!, { exact: true })) }).toEqual(expected);
  }
}

// Texts that look like something else, or have characters that matter.
const tricky = fc.oneof(
  fc.constantFrom('', ' ', '~', 'yes', 'No', 'on', 'null', '1', '1.0', '0x1F', '017', '12:30', '1_000', '2024-01-01', '.inf', '=', '<<', '-', '- a', '? a', ': a', 'a: b', 'a:', 'a #b', '#', '[', '{a', '*a', '&a', '!a', '|', '>', "'", '"', '%a', '@a', '`', '---', '...', '--- a', 'a\nb', 'a\n', 'a\n\n', '\na', ' a\nb', 'a\n b\n', 'a \nb', 'a\n  \nb', '\n', '\ta', 'a\tb', 'a\r\nb', '\u0085', '\u2028', '\ufeff', '\u0000', '\u00a0x', 'é', '😀', 'x'.repeat(1500), ' x', 'x ', 'a\\b', "it's \"x\"", 'a,b', 'http://x/y?z=1#f', '$(x) && y', '{{ x }}', '\ud800', 'a\u3000b'),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.array(fc.constantFrom(...'ab -:#\n\n\'"[]{}?,|>%@&*!\t1.\\'.split('')), { maxLength: 12 }).map((c) => c.join('')),
).map((s) => s.toWellFormed());

const scalar = fc.oneof(
  tricky, fc.boolean(), fc.constant(null), fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
  fc.double({ noDefaultInfinity: false }).map((n) => new YamlFloat(n)), fc.constantFrom(new YamlDate('2024-01-01'), new YamlDate('2024-01-01 10:00:00.500000+00:00')),
  fc.uint8Array({ maxLength: 10 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('value'), { maxLength: 4 }), fc.array(fc.tuple(tricky, tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs))),
}));

describe('dumpYaml', () => {
  test('gives what PyYAML reads back equal: generated values', () => roundTrip(fc.sample(value, { numRuns: 4000, seed: 3 })));
  test('gives what PyYAML reads back equal: texts in every position', () => {
    const wraps: ((s: string) => unknown)[] = [(s: string) => s, (s) => [s, 'z'], (s) => new Map([['k', s], ['z', 'z']]), (s) => new Map([[s, 's']]), (s) => [[new Map([['k', [s, 'z']]])]]];
    for (const wrap of wraps) {
      roundTrip(fc.sample(tricky, { numRuns: 800, seed: 5 }).map(wrap));
    }
  });

  test('writes the style that LAVA writes', () => {
    const job = { job_name: 'a b', id: '12', list: [{ a: 1, b: [true, null] }, [], {}], script: 'one\ntwo\n', skipped: undefined, empty: '', 1: 'int first' };
    expect(dumpYaml(job)).toBe("'1': int first\njob_name: a b\nid: '12'\nlist:\n- a: 1\n  b:\n  - true\n  - null\n- []\n- {}\nscript: |\n  one\n  two\nempty: ''\n");
  });

  test('refuses what YAML cannot hold', () => {
    expect(() => dumpYaml(() => 1)).toThrow(TypeError);
    expect(() => dumpYaml({ a: new Date(0) })).toThrow('YAML cannot hold a Date');
    const circle: Record<string, unknown> = {};
    circle['self'] = [circle];
    expect(() => dumpYaml(circle)).toThrow('circular');
  });
});
