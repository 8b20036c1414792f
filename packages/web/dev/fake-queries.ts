import type { Chart, ConditionTable, Point, SavedQuery } from '../src/queries/query-api.ts';
import { type Lab, row } from './lab.ts';

/** What the made-up lab answers about queries and charts; undefined: that is for somebody else. */
export function fakeQueries(lab: Lab, path: string): unknown {
  const query: SavedQuery = {
    owner: 'ann', name: 'nightly-failures', description: 'What to look at in the morning', entity: 'testjob', limit: 200, label: 'Triage', group: 'kernel', is_published: true, is_live: false, is_archived: false, is_changed: true,
    refreshed_at: new Date(Date.now() - 3600_000).toISOString(), omitted: [12], conditions: [{ table: 'testjob', field: 'health', operator: 'exact', value: 'Incomplete' }], conditions_text: 'testjob__health__exact__Incomplete', can_change: true,
  };
  const tables: ConditionTable[] = [
    { table: 'testjob', fields: [{ name: 'health', operators: ['exact', 'ne'], kind: 'choice', choices: ['Unknown', 'Complete', 'Incomplete', 'Canceled'] }, { name: 'description', operators: ['exact', 'icontains'], kind: 'text', choices: [] }] },
    { table: 'namedtestattribute', fields: [] },
  ];
  const jobs = [...lab.jobs.values()].map((e) => row(e.job)).filter((j) => j.health === 'Incomplete');
  const points = (from: number): Point[] => Array.from({ length: 12 }, (_, n) => {
    const date = new Date(Date.UTC(2026, 9, n + 1)).toISOString();
    return { job: 20 + n, date, x: date, pass: n % 5 !== 0, value: from + ((n * 7) % 11), counts: { passed: from + ((n * 7) % 11), failed: n % 5 === 0 ? 2 : 0, skipped: 1, unknown: 0 } };
  });
  const series = [{ name: '0_smoke', points: points(20) }, { name: '1_ltp', points: points(8) }];
  const about = { name: 'trend', owner: 'ann', description: 'Every night', label: '', group: null, is_published: true, can_change: true };
  const part = { query: '~ann/nightly-failures', type: 'pass/fail' as const, representation: 'lines' as const, visibility: 'both' as const, height: 300, is_percentage: false, target_goal: 25, x_attribute: null, attributes: [] };
  const chart: Chart = { ...about, parts: [{ ...part, description: query.description, is_live: false, refreshed_at: query.refreshed_at, has_omitted: true, series }, { ...part, representation: 'bars', visibility: 'chart', description: '', is_live: true, refreshed_at: null, has_omitted: false, series }] };
  const answers: Record<string, unknown> = {
    'queries': { queries: [query, { ...query, owner: 'ben', name: 'slow-boots', is_live: true }] }, 'queries/+choices': { tables }, 'queries/ann/nightly-failures': query,
    'queries/ann/nightly-failures/results': { entity: 'testjob', more: false, rows: jobs },
    'queries/+custom': { entity: 'testcase', more: false, rows: [{ id: 1, name: 'dns', suite: '0_smoke', job: 40, result: 'fail', measurement: '12.5', units: 'ms', logged: new Date().toISOString() }] },
    'charts': { charts: [about] }, 'charts/trend': chart, 'charts/+custom': { series },
  };
  return answers[path];
}
