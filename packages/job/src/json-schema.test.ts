import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { checkJob, jobJsonSchema, testDefinitionJsonSchema, validateJob } from './index.ts';
import { loadYaml } from '@lava/yaml';
import { readBroken } from '../test/corpus/broken.ts';
import { broken, valid } from '../test/corpus/corpus.ts';

// An independent reader of JSON Schema.
const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allErrors: false });
const fits = ajv.compile(jobJsonSchema());

describe('the JSON Schema of jobs', () => {
  test.each([...valid('classic'), ...valid('newer'), ...valid('beyond'), ...valid('whole')])('accepts $name', ({ job }) => {
    fits(job);
    expect(fits.errors).toBeNull();
  });

  test('refuses broken definitions by itself', () => {
    const samples = broken([...valid('classic'), ...valid('newer')]).filter((_, i) => i % 13 === 0);
    const refused = samples.filter(({ job }) => validateJob(JSON.stringify(job), { strict: true }) !== undefined);
    const missed = refused.filter(({ job }) => fits(job));
    expect(refused.length).toBeGreaterThan(500);
    expect(missed.length / refused.length, missed.slice(0, 5).map(({ name }) => name).join('\n')).toBeLessThan(0.05);
  });

  test('refuses nearly all that is wrong in broken.txt', () => {
    const wrong = readBroken().filter(({ isJob, says }) => isJob && says.some((line) => line.startsWith('error'))).flatMap(({ name, text }) => {
      try {
        return [{ name, job: JSON.parse(JSON.stringify(loadYaml(text))) as unknown }];
      } catch {
        // Not even YAML.
        return [];
      }
    });
    const missed = wrong.filter(({ job }) => fits(job)).map(({ name }) => name);
    // What no JSON Schema can say: names that must be those of others, sums, and what JSON does not have.
    expect(missed).toEqual(['a name that is a date', 'a host that is not there', 'one who is not there is awaited', 'a role without blocks', 'several hosts', 'a thousand machines']);
    expect(missed.length / wrong.length).toBeLessThan(0.05);
  });

  test('accepts what the strict form and submission accept', () => {
    const samples = broken([...valid('classic'), ...valid('newer')]).filter((_, i) => i % 13 === 3);
    const accepted = samples.filter(({ job }) => validateJob(JSON.stringify(job), { strict: true }) === undefined && checkJob(JSON.stringify(job)).definition !== undefined);
    expect(accepted.length).toBeGreaterThan(50);
    // Python takes true and 1.5 for times; nobody means it.
    expect(accepted.filter(({ job, name }) => !fits(job) && !/is (?:true|1\.5)$/.test(name)).map(({ name }) => name)).toEqual([]);
  });

  test('explains keys and methods', () => {
    const { properties, definitions } = jobJsonSchema() as { properties: Record<string, { description?: string }>; definitions: Record<string, { description?: string; properties?: Record<string, { description?: string }> }> };
    expect(Object.entries(properties).filter(([key, { description }]) => !description && key !== 'reboot_to_fastboot')).toEqual([]);
    expect(Object.entries(definitions).filter(([name, { description }]) => /^(?:deploy|boot|test)\b/.test(name) && !description).map(([name]) => name)).toEqual(['deploy-nfs']);
    expect(definitions['boot-u-boot']?.properties?.['commands']?.description).toMatch(/list of commands/);
  });

  test('knows the variables that a server allows', () => {
    const { job } = valid('classic').find(({ name }) => name === 'job: bare')!;
    const own = new Ajv({ strict: false }).compile(jobJsonSchema({ contextVariables: ['site'] }));
    expect([fits({ ...(job as object), context: { site: 'x' } }), own({ ...(job as object), context: { site: 'x' } })]).toEqual([false, true]);
  });
});

test('the JSON Schema of test definitions', () => {
  const ofTest = new Ajv({ strict: false }).compile(testDefinitionJsonSchema());
  const good = { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'a' }, run: { steps: ['true'] } };
  expect([ofTest(good), ofTest({ ...good, run: { steps: 'true' } }), ofTest({ run: good.run })]).toEqual([true, false, false]);
});
