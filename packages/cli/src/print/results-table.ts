import type { Suite } from '../api-types.ts';
import { style, verdict } from './style.ts';
import { table } from './table.ts';

/** `12.5000000000` as people write it. */
const short = (decimal: string) => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal);

/** All cases of a job, tests first and LAVA's own suite last, with a line of totals. */
export function resultsTable(suites: readonly Suite[]): string {
  const tests = suites.filter((s) => s.name !== 'lava');
  const ordered = [...tests, ...suites.filter((s) => s.name === 'lava')];
  const rows = ordered.flatMap((s) => s.cases.map((c) => [
    s.name, c.set ? `${c.set}/${c.name}` : c.name, verdict(c.result),
    c.measurement === null ? '' : `${short(c.measurement)} ${c.units}`.trimEnd(),
  ]));
  const all = tests.flatMap((s) => s.cases);
  const count = (result: string) => all.filter((c) => c.result === result).length;
  const totals = ['pass', 'fail', 'skip', 'unknown'].map((r) => `${count(r)} ${r}`).join(', ');
  return `${table(['suite', 'case', 'result', 'measurement'], rows)}${style('bold', `${all.length} test cases: ${totals}`)}\n`;
}
