import type { CaseRow, SuiteRow } from '../api/types.ts';

export interface Tally { pass: number; fail: number; skip: number; unknown: number }

export function tally(cases: readonly CaseRow[]): Tally {
  const count: Tally = { pass: 0, fail: 0, skip: 0, unknown: 0 };
  for (const c of cases) count[c.result] += 1;
  return count;
}

export interface CaseGroup { readonly set: string | null; readonly cases: CaseRow[] }

/** Cases by test set, in order of arrival; those without a set come where they came. */
export function bySet(cases: readonly CaseRow[]): CaseGroup[] {
  const groups: CaseGroup[] = [];
  const named = new Map<string, CaseGroup>();
  for (const c of cases) {
    let group = c.set === null ? groups.at(-1) : named.get(c.set);
    if (group === undefined || group.set !== c.set) {
      group = { set: c.set, cases: [] };
      groups.push(group);
      if (c.set !== null) named.set(c.set, group);
    }
    group.cases.push(c);
  }
  return groups;
}

const rank = { fail: 0, unknown: 1, skip: 2, pass: 3 };

/** Failures before the rest; equal results keep their order of arrival. */
export const failuresFirst = (cases: readonly CaseRow[]): CaseRow[] => [...cases].sort((a, b) => rank[a.result] - rank[b.result]);

/** Adds cases that arrived to their suite; a case that is known (by id) is replaced. */
export function mergeCases(suites: readonly SuiteRow[], name: string, cases: readonly CaseRow[]): SuiteRow[] {
  const suite = suites.find((s) => s.name === name) ?? { id: -1, name, cases: [] };
  const byId = new Map(suite.cases.map((c) => [c.id, c]));
  for (const c of cases) byId.set(c.id, c);
  const next = { ...suite, cases: [...byId.values()].sort((a, b) => a.id - b.id) };
  return suites.includes(suite) ? suites.map((s) => (s === suite ? next : s)) : [...suites, next];
}

/** The suites of tests first, the job's own steps (suite `lava`) last. */
export const testsFirst = (suites: readonly SuiteRow[]): SuiteRow[] => [...suites].sort((a, b) => Number(a.name === 'lava') - Number(b.name === 'lava'));

/** `12.5000000000` → `12.5`: the number as it was measured. */
export const trimMeasurement = (text: string): string => (/^-?\d+\.\d+$/u.test(text) ? text.replace(/\.?0+$/u, '') : text);

/** The log line to look at for a case. */
export const caseLine = (c: CaseRow): number | null => c.start_log_line ?? c.log_line ?? c.end_log_line;
