import { expect, test } from 'vitest';
import { csvHeader, csvRow, yamlItem, type StoredCase } from './index.ts';

const stored: StoredCase = {
  id: 12, job: 3, suite: '0_smoke', name: 'boot', result: 'pass', measurement: '12.5000000000', units: 'MB/s', startLine: 0, endLine: 14,
  metadata: "case: boot\ndefinition: 0_smoke\nlevel: '1.2'\nmeasurement: 12.0\nextra: metadata/x.yaml\n", extra: { success: 'yes', n: 1 }, logged: new Date('2026-11-22T10:08:56.303Z'),
};

test('YAML has the keys in their order and quotes what is a text', () => {
  expect(yamlItem(stored)).toBe(`- name: boot
  job: '3'
  suite: 0_smoke
  result: pass
  measurement: '12.5000000000'
  unit: MB/s
  level: '1.2'
  url: /results/testcase/12
  id: '12'
  logged: '2026-11-22 10:08:56.303000+00:00'
  log_start_line: ''
  log_end_line: '14'
  metadata:
    case: boot
    definition: 0_smoke
    level: '1.2'
    measurement: 12.0
    extra:
    - success: 'yes'
    - n: 1
`);
  expect(yamlItem({ ...stored, measurement: null, metadata: null })).toContain("measurement: None\n");
  expect(yamlItem({ ...stored, metadata: null })).toContain('metadata: {}\n');
});

test('CSV quotes what must be and prints metadata as Python does', () => {
  expect(csvHeader()).toBe('job,suite,result,measurement,unit,duration,timeout,logged,level,metadata,url,name,id,log_start_line,log_end_line\r\n');
  expect(csvRow(stored)).toBe(`3,0_smoke,pass,12.5000000000,MB/s,,,2026-11-22 10:08:56.303000+00:00,1.2,"{'case': 'boot', 'definition': '0_smoke', 'level': '1.2', 'measurement': 12.0, 'extra': [{'success': 'yes'}, {'n': 1}]}",/results/testcase/12,boot,12,,14\r\n`);
  expect(csvRow({ ...stored, name: 'a "b", c', metadata: null }, true)).toContain('"a ""b"", c"');
});
