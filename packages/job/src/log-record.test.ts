import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { formatRecord, formatValue, type LogValue } from './index.ts';

const at = new Date('2026-08-22T10:00:00.123Z');

test('a record is one line with its keys in order', () => {
  expect(formatRecord('debug', 'start: 1 deploy…', { at })).toBe('- {"dt": "2026-08-22T10:00:00.123000+00:00", "lvl": "debug", "msg": "start: 1 deploy…"}\n');
  expect(formatRecord('feedback', 'x', { at, ns: 'host' })).toContain('"msg": "x", "ns": "host"}\n');
  expect(formatRecord('info', '', { at: new Date('2026-08-22T10:00:00.000Z') })).toContain('"2026-08-22T10:00:00+00:00"');
});

test('secrets are masked in the finished line', () => {
  expect(formatRecord('input', 'login hunter2', { at, mask: (line) => line.replaceAll('hunter2', '[MASKED]') })).toContain('"login [MASKED]"');
});

test('records that are too long lose their message', () => {
  expect(formatRecord('target', 'x'.repeat(100_000), { at })).toContain('"msg": "<line way too long ...>"');
  expect(formatRecord('results', { x: 'x'.repeat(100_000) }, { at })).toContain('"msg": {"skip": "line way too long ..."}');
  expect(formatRecord('target', 'x'.repeat(99_000), { at }).length).toBeGreaterThan(99_000);
});

test('every value is one line, and reads back equal as YAML and as JSON', () => {
  const value = fc.letrec<{ value: LogValue }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.string({ unit: 'binary' }).map((s) => s.toWellFormed()), fc.constantFrom('\u0085\u2028\u2029\ufeff\u007f\u009b', 'a: b', '\r\n'), fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.string({ minLength: 1 }).filter((k) => k !== '__proto__'), tie('value'), { maxKeys: 3 })),
  })).value;
  fc.assert(fc.property(value, (v) => {
    const line = formatRecord('results', v, { at });
    expect(line.indexOf('\n')).toBe(line.length - 1);
    const loaded = (loadYaml(line) as { msg: unknown }[])[0]!.msg;
    expect(JSON.parse(JSON.stringify(loaded))).toEqual(JSON.parse(JSON.stringify(v)));
    expect(JSON.parse(line.slice(2)).msg).toEqual(JSON.parse(JSON.stringify(v)));
  }), { numRuns: 1000, seed: 4 });
});

test('numbers that JSON has not are YAML numbers', () => {
  expect(formatValue([NaN, Infinity, -Infinity])).toBe('[.nan, .inf, -.inf]');
  expect(formatValue({ a: undefined, b: 1 })).toBe('{"b": 1}');
});
