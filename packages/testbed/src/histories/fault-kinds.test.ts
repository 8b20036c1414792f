import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project } from '../system/program.ts';
import { faultKinds } from './fault-kinds.ts';
import { planHistory, serversOf } from './plan.ts';

test('docs/fault-histories.md tells of every kind of fault', () => {
  const page = readFileSync(join(project, 'docs/fault-histories.md'), 'utf8').split('\n').filter((line) => line.startsWith('| `')).join('\n');
  expect(faultKinds.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('a plan follows from its seed, and every kind comes up', () => {
  const plans = Array.from({ length: 500 }, (_, seed) => planHistory(seed, faultKinds));
  expect(plans).toEqual(Array.from({ length: 500 }, (_, seed) => planHistory(seed, faultKinds)));
  expect(new Set(plans.map((plan) => JSON.stringify({ ...plan, seed: 0 }))).size).toBe(500);
  const chosen = new Set(plans.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect(faultKinds.map(({ name }) => name).filter((name) => !chosen.has(name))).toEqual([]);
  expect(plans.some(({ jobs }) => jobs.some(({ members }) => members > 1)) && plans.some(({ cancels }) => cancels.length > 0)).toBe(true);
  expect(plans.some(({ jobs }) => jobs.some(({ members, retries }) => members > 1 && retries! > 0))).toBe(true);
  expect(new Set(plans.map(({ seed }) => serversOf(seed)))).toEqual(new Set([1, 2]));
});
