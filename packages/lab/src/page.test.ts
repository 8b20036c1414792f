import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { checkLab, emptyLab, fieldsOf, kindNames, labJsonSchema, readLab } from './index.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${project}docs/lab-file.md`, 'utf8');

describe('docs/lab-file.md', () => {
  test('its example is right, by the check and by the JSON Schema', async () => {
    const begin = page.indexOf('```yaml\n') + 8;
    const example = page.slice(begin, page.indexOf('```\n', begin));
    const { lab, problems, places } = readLab(example);
    expect(problems).toEqual([]);
    expect(await checkLab(lab!, emptyLab(), places, [`${project}device-types`])).toEqual([]);
    const fits = new Ajv({ strict: false, allErrors: true }).compile(labJsonSchema());
    fits(loadYaml(example));
    expect(fits.errors ?? []).toEqual([]);
  });

  test.each(kindNames)('names every field of %s', (kind) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${kind}\` |`)) ?? '';
    const named = [...row.matchAll(/`([a-z_]+)`/g)].map((m) => m[1]!).slice(1);
    expect(new Set(named)).toEqual(new Set(fieldsOf(kind).flatMap(([name]) => name.split('.'))));
  });
});
