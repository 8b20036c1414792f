import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { testResults, understandResult, type LogValue } from './index.ts';

const ok = { definition: '0_smoke', case: 'boot', result: 'pass' };

describe('a result record becomes a test case', () => {
  test('with measurement, units, set and lines', () => {
    const { testCase, complaint } = understandResult(1, { ...ok, measurement: 12.5, units: 'MB/s', set: 'disks', starttc: 10, endtc: 14 });
    expect(complaint).toBeUndefined();
    expect(testCase).toEqual({
      suite: '0_smoke', set: 'disks', name: 'boot', result: 0, measurement: '12.5', units: 'MB/s', startLine: 10, endLine: 14,
      metadata: 'definition: 0_smoke\ncase: boot\nresult: pass\nmeasurement: 12.5\nunits: MB/s\nset: disks\n',
    });
  });
  test('of suite lava: its duration is measured, it has no lines', () => {
    const { testCase, extra } = understandResult(1, { definition: 'lava', namespace: 'common', case: 'http-download', level: '1.1', duration: '0.42', result: 'pass', starttc: 3, extra: { size: 5 } });
    expect(testCase).toMatchObject({ suite: 'lava', measurement: '0.42', units: 'seconds', startLine: null, endLine: null });
    expect(loadYaml(testCase!.metadata)).toMatchObject({ extra: 'metadata/lava-http-download-1.1.yaml', level: '1.1', duration: '0.42' });
    expect(extra).toEqual({ file: 'metadata/lava-http-download-1.1.yaml', value: { size: 5 } });
    expect(understandResult(1, { definition: 'lava', case: 'validate', result: 'pass' }).testCase).toMatchObject({ measurement: null, units: '' });
  });
  test('every result has its number', () => {
    for (const [i, result] of testResults.entries()) expect(understandResult(1, { ...ok, result }).testCase!.result).toBe(i);
  });
  test('whose name is cleaned', () => {
    expect(understandResult(1, { ...ok, case: ' a\u0007b\n' }).testCase!.name).toBe('a_ctrl-char_b');
    expect(understandResult(1, { ...ok, case: 5 }).testCase!.name).toBe('5');
  });
  test('extra without a level is dropped from the metadata', () => {
    const { testCase, extra } = understandResult(1, { ...ok, extra: { a: 1 } });
    expect(extra).toBeUndefined();
    expect(loadYaml(testCase!.metadata)).toMatchObject({ extra: null });
  });
  test('the file of extra stays in its folder', () => {
    expect(understandResult(1, { definition: '../../etc', case: '/passwd', result: 'pass', level: '..', extra: {} }).extra!.file).toBe('metadata/.._.._etc-_passwd-...yaml');
  });
});

describe('the submitter is told', () => {
  test('of what is no result', () => {
    expect(understandResult(7, 'hello').complaint).toBe('[7] hello is not a dictionary');
    expect(understandResult(7, ['a', 1, true]).complaint).toBe("[7] ['a', 1, True] is not a dictionary");
    expect(understandResult(7, { case: 'a', n: null }).complaint).toBe(`Missing some keys ("definition", "case" or "result") in {'case': 'a', 'n': None}`);
    expect(understandResult(7, 'x'.repeat(1000)).complaint).toHaveLength(256);
  });
  test('of set names that are not taken', () => {
    const { testCase, complaint } = understandResult(1, { ...ok, set: 'a b' });
    expect(testCase!.set).toBeNull();
    expect(complaint).toBe("Invalid testset name 'a b', ignoring.");
  });
  test('of metadata that is too long', () => {
    const { testCase, complaint } = understandResult(9, { definition: 'lava', case: 'job', result: 'fail', error_type: 'Job', error_msg: 'x'.repeat(5000), duration: '1.00' });
    expect(complaint).toMatch(/^\[9\] Result metadata is too long\. /);
    expect(complaint).toHaveLength(256);
    expect(testCase!.metadata).toBe(`case: job\ndefinition: lava\nresult: fail\nerror_type: Job\nerror_msg: ${'x'.repeat(256)}\n`);
  });
});

test('what cannot be stored is dropped', () => {
  for (const result of ['passed', '', null, true]) expect(understandResult(1, { ...ok, result }).testCase).toBeUndefined();
  for (const measurement of ['nan', 'Infinity', '1e99', '12 MB', 'x', true, [1]]) expect(understandResult(1, { ...ok, measurement }).testCase).toBeUndefined();
  for (const measurement of [null, '']) expect(understandResult(1, { ...ok, measurement }).testCase!.measurement).toBeNull();
  for (const measurement of ['1', '-1.5', '.5', '1e3', 0]) expect(understandResult(1, { ...ok, measurement }).testCase!.measurement).toBe(String(measurement));
  expect(understandResult(1, { ...ok, definition: 'x'.repeat(201) }).testCase).toBeUndefined();
});

test('no record throws, and every case can be stored', () => {
  const value = fc.letrec<{ v: LogValue }>((tie) => ({ v: fc.oneof({ maxDepth: 3 }, fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.array(tie('v'), { maxLength: 3 }), fc.dictionary(fc.string(), tie('v'), { maxKeys: 3 })) })).v;
  const record = fc.record({ definition: value, case: value, result: fc.oneof(fc.constantFrom('pass', 'fail'), value), measurement: value, units: value, set: value, level: value, extra: value, starttc: value, duration: value }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(value, record as fc.Arbitrary<LogValue>), (msg) => {
    const { testCase, complaint, dropped } = understandResult(1, msg);
    expect(testCase === undefined).toBe(dropped !== undefined);
    if (!testCase) return;
    expect([testCase.suite, testCase.name, testCase.units, testCase.metadata, complaint ?? ''].join('')).not.toContain('\0');
    expect(testCase.metadata.length).toBeLessThanOrEqual(9000);
    expect(loadYaml(testCase.metadata)).toBeTypeOf('object');
  }), { numRuns: 2000, seed: 6 });
});
