import { describe, expect, test } from 'vitest';
import { YamlError, loadYaml } from './index.ts';

const letters = [...'abcdefghijklmnopqrst'];
const bomb = `a: &a [${Array(9).fill('x').join()}]\n${letters.slice(1).map((l, i) => `${l}: &${l} [${Array(9).fill(`*${letters[i]}`).join()}]`).join('\n')}\n`;

const refused: Record<string, [text: string, code: string]> = {
  'a text of 2 MB': ['a: b\n'.repeat(400_000), 'yaml-too-long'],
  'an alias bomb': [bomb, 'yaml-alias-bomb'],
  'an alias bomb of long texts': [`a: &a ${'x'.repeat(100_000)}\nb: [${'*a, '.repeat(10_000)}]\n`, 'yaml-alias-bomb'],
  'an alias bomb of merges': [`a: &a {${Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join()}}\n${Array.from({ length: 1000 }, (_, i) => `b${i}: {<<: *a}\n`).join('')}`, 'yaml-alias-bomb'],
  'many merges in one mapping': [`a: &a {${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join()}}\nb: {${'<<: *a, '.repeat(50_000)}}\n`, 'yaml-alias-bomb'],
  'an alias in itself': ['a: &a [*a]', 'yaml-recursive-alias'],
  'lists 100,000 deep': ['['.repeat(100_000), 'yaml-too-deep'],
  'mappings 100,000 deep': ['{a: '.repeat(100_000), 'yaml-too-deep'],
  'dashes 100,000 deep': ['- '.repeat(100_000), 'yaml-too-deep'],
  'keys 100,000 deep': ['? '.repeat(100_000), 'yaml-too-deep'],
  'blocks 1,000 deep': [Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'yaml-too-deep'],
  'depth by aliases': [`a0: &a0 [x]\n${Array.from({ length: 5000 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]\n`).join('')}`, 'yaml-too-deep'],
  'a number of a million digits': [`a: ${'9'.repeat(1_000_000)}`, 'yaml-tag'],
  'an open quote': [`"${'a\n'.repeat(500_000)}`, 'yaml-syntax'],
  'anchors without end': ['&a '.repeat(300_000), 'yaml-syntax'],
  'exclamation marks': ['!'.repeat(1_000_000), 'yaml-syntax'],
};

const accepted: Record<string, string> = {
  'a list of 500,000': `[${'a,'.repeat(500_000)}]`,
  'pairs in a list': `[${'a: b,'.repeat(160_000)}]`,
  'a million blank lines': `a\n${'\n'.repeat(1_000_000)}`,
  'a million hashes': `a: ${'x#'.repeat(500_000)}`,
  'nested anchors before lists': `${Array.from({ length: 90 }, (_, i) => `&a${i} [`).join('')}${']'.repeat(90)}`,
};

describe('hostile texts', () => {
  // The time limit is generous for a slow machine: what is not linear would need minutes.
  for (const [name, [text, code]] of Object.entries(refused)) {
    test(`${name} is refused with its place`, { timeout: 10_000 }, () => {
      let thrown: unknown;
      try { loadYaml(text); } catch (error) { thrown = error; }
      expect(thrown).toBeInstanceOf(YamlError);
      expect(thrown).toMatchObject({ code, line: expect.any(Number), column: expect.any(Number) });
    });
  }
  for (const [name, text] of Object.entries(accepted)) {
    test(`${name} is loaded`, { timeout: 10_000 }, () => { expect(loadYaml(text, { limits: { size: 1 << 21 } })).toBeDefined(); });
  }

  test('keys of the prototype stay plain keys', () => {
    const value = loadYaml('__proto__: {polluted: true}\nconstructor: 1\ntoString: 2\n') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
