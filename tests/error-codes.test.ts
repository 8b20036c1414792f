import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkDevice } from '@lava/device';
import { checkJob, checkTestDefinition, problemCodes } from '@lava/job';
import { checkLab, emptyLab, labProblemCodes, readLab } from '@lava/lab';

// docs/errors.md has a section on every code, and its examples show what they say.

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(`${root}docs/errors.md`, 'utf8');
const sections = page.split(/^### /m).slice(1).map((text) => ({ codes: [...text.slice(0, text.indexOf('\n')).matchAll(/`([a-z-]+)`/g)].map((m) => m[1]!), text }));

const sources = (folder: string) => readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).map((name) => readFileSync(`${root}${folder}/${name}`, 'utf8')).join('\n');
const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((m) => m[1]!);

const codes = new Set<string>([
  ...problemCodes,
  ...labProblemCodes,
  ...found(sources('packages/server/src/lab') + sources('packages/server/src/api/v1'), /'(lab-(?:changed|refused))'/g),
  ...found(sources('packages/yaml/src'), /'(yaml-[a-z-]+)'/g),
  ...found(sources('packages/device/src'), /'(device-(?:yaml|empty|configuration)|legacy-device|missing-command)'/g),
  ...found(sources('packages/jinja/src'), /'(template-[a-z-]+)'/g),
  ...found(sources('packages/jinja/src'), /(?:exceeded|limit)\('(\w+)'/g).map((what) => `template-limit-${what}`),
  ...found(sources('packages/server/src/notify'), /'(notify-[a-z]+(?:-[a-z]+)*)'/g),
  ...found(sources('packages/server/src/jobs'), /(?:code: |(?:unavailable|data)\('\w+', )'([a-z]+(?:-[a-z]+)*)'/g),
]);

test('every code has one section, and every section a code', () => {
  const described = sections.flatMap((section) => section.codes);
  expect([...described].sort()).toEqual([...codes].sort());
});

test('every code of the checks of definitions is used', () => {
  const used = sources('packages/job/src').replace(/export const problemCodes[^;]*;/, '');
  expect(problemCodes.filter((code) => !used.includes(`'${code}'`))).toEqual([]);
});

const base: Readonly<Record<string, string>> = { job_name: 'job_name: a', device_type: 'device_type: qemu', visibility: 'visibility: public', timeouts: 'timeouts: {job: {minutes: 10}}', actions: 'actions: []' };

/** The part of a definition with what else it needs. */
const completed = (part: string) => [part, ...Object.entries(base).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(part)).map(([, line]) => line)].join('\n');

async function problemsOfLab(text: string) {
  const { lab, problems, places } = readLab(text);
  return [...problems, ...(lab ? await checkLab(lab, emptyLab(), places, [`${root}device-types`]) : [])];
}

describe('the examples', () => {
  for (const { codes: [code], text } of sections) {
    const dictionary = /^```jinja\n([\s\S]*?)^```/m.exec(text)?.[1];
    if (dictionary !== undefined) test(`${code}`, () => expect(checkDevice({ name: 'board01', dictionary, lookup: [`${root}device-types`] }).problems.map((problem) => problem.code)).toContain(code));
    const example = /^```yaml(?: (\S+))?\n([\s\S]*?)^```/m.exec(text);
    if (!example) continue;
    const [, kind, yaml = ''] = example;
    test(`${code}`, async () => {
      const problems = kind === 'lab' ? await problemsOfLab(yaml)
        : (kind === 'test-definition' ? checkTestDefinition(yaml) : checkJob(kind === 'text' ? yaml : completed(yaml))).problems;
      expect(problems.map((problem) => problem.code)).toContain(code);
    });
  }
});
