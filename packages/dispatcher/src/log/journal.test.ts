import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sleep } from '@lava/base';
import { loadYaml } from '@lava/yaml';
import { Journal } from './journal.ts';
import { pythonRepr } from '@lava/job';

const folder = mkdtempSync(join(tmpdir(), 'lava-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));
const read = (path: string) => readFileSync(path, 'utf8');

test('a record is on disk within a moment, one a line, readable as YAML', async () => {
  const path = join(folder, 'prompt.yaml');
  const journal = new Journal({ path });
  journal.target('größe \u0007 "x"\n\u2028');
  while (read(path) === '') await sleep(1);
  journal.results({ definition: 'lava', case: 'x', result: 'pass', measurement: 1.5 });
  journal.feedback('other', 'ns1');
  journal.close();
  journal.info('too late');
  expect(read(path).split('\n')).toHaveLength(4);
  expect(loadYaml(read(path))).toMatchObject([
    { lvl: 'target', msg: 'größe \u0007 "x"\n\u2028' }, { lvl: 'results', msg: { definition: 'lava', case: 'x', result: 'pass', measurement: 1.5 } },
    { lvl: 'feedback', msg: 'other', ns: 'ns1' },
  ]);
});

test('secrets are hidden wherever they are, and records stay whole', () => {
  const path = join(folder, 'secrets.yaml');
  const journal = new Journal({ path });
  journal.mask(['a"b', 'a"b longer', 'dt', '', '4711', 'line one of key\nline two of key']);
  journal.info('x a"b longer y a"b z');
  journal.results({ definition: 'd', case: 'a"b', result: 'pass', measurement: 4711, extra: { 'a"b': ['a"b', true, null] } });
  journal.target('line two of key');
  journal.close();
  expect(loadYaml(read(path))).toMatchObject([
    { lvl: 'info', msg: 'x [MASKED] y [MASKED] z' },
    { msg: { definition: 'd', case: '[MASKED]', measurement: '[MASKED]', extra: { '[MASKED]': ['[MASKED]', true, null] } } },
    { msg: '[MASKED]' },
  ]);
});

test('a disk that takes nothing is told once, and nothing is lost from memory', () => {
  const failures: Error[] = [];
  const journal = new Journal({ path: '/dev/full', onFailure: (error) => failures.push(error) });
  journal.info('one');
  journal.flush();
  journal.info('two');
  journal.close();
  expect(failures.map((f) => (f as NodeJS.ErrnoException).code)).toEqual(['ENOSPC']);
});

test('values print as Python prints them', () => {
  expect(pythonRepr(['a', "it's", '"\'', 'x\ny\\', 1, true, null, { k: 'v' }, /a b/])).toBe(`['a', "it's", '"\\'', 'x\\ny\\\\', 1, True, None, {'k': 'v'}, 'a b']`);
});
