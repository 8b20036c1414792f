import { testResults } from '@lava/job';
import { pythonFloat } from '@lava/yaml';
import { sql } from 'kysely';
import type { Services } from '../services.ts';
import { caseMetadata } from '../read/results.ts';

interface ReportCase { id: number; name: string; result: string; logged: Date; metadata: string | null; start_log_line: number | null; end_log_line: number | null }
interface ReportSuite { id: number; name: string; cases: ReportCase[] }

/** Bytes of log that one failed case brings along at most. */
const mostLog = 512 * 1024;

async function readSuites(services: Services, job: number): Promise<ReportSuite[]> {
  const suites = await services.db.selectFrom('test_suites').select(['id', 'name']).where('job', '=', job).orderBy('id').execute();
  const { rows } = await sql<Omit<ReportCase, 'result'> & { result: number; suite_id: number }>`
    select id, name, result, logged, metadata, start_log_line, end_log_line, suite_id from test_cases where job = ${job} order by id`.execute(services.db);
  const bySuite = new Map(suites.map((s) => [s.id, { ...s, cases: [] as ReportCase[] }]));
  for (const { result, suite_id, ...c } of rows) bySuite.get(suite_id)?.cases.push({ ...c, result: testResults[result] ?? 'unknown' });
  return [...bySuite.values()];
}

/** The log between the markers of a case; undefined when they are not known. */
async function logOf(services: Services, job: number, c: ReportCase): Promise<string | undefined> {
  if (c.start_log_line === null || c.end_log_line === null) return undefined;
  return (await services.logs.read(job, c.start_log_line, c.end_log_line, mostLog)).toString('utf8');
}

// What XML 1.0 cannot hold in any form.
// eslint-disable-next-line no-control-regex
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const xmlText = (text: string) => text.replace(notXml, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const attributes = (all: Record<string, string | number | undefined>) => Object.entries(all)
  .filter(([, v]) => v !== undefined)
  .map(([k, v]) => ` ${k}="${xmlText(String(v)).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\r', '&#13;').replaceAll('\t', '&#9;')}"`).join('');

/** Seconds that a case took, as its metadata say. */
function durationOf(c: ReportCase): number | undefined {
  const seconds = Number(caseMetadata(c.metadata)['duration'] ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** JUnit XML of a job. An unknown result looks like a pass, which consumers know. */
export async function* junit(services: Services, job: number, endTime: Date | null, prefix: string | undefined): AsyncGenerator<string> {
  const suites = await readSuites(services, job);
  const count = (cases: ReportCase[], result: string) => cases.filter((c) => c.result === result).length;
  const seconds = (cases: ReportCase[]) => cases.reduce((n, c) => n + (durationOf(c) ?? 0), 0);
  const iso = (date: Date) => date.toISOString().replace(/\.(\d{3})Z$/, (_, ms: string) => (ms === '000' ? '+00:00' : `.${ms}000+00:00`));
  const all = suites.flatMap((s) => s.cases);
  yield '<?xml version="1.0" encoding="utf-8"?>\n';
  if (suites.length === 0) {
    yield '<testsuites/>\n';
    return;
  }
  // The sum of sums, a float even where it is nothing: consumers compare texts.
  const total = suites.reduce((n, s) => n + seconds(s.cases), 0);
  yield `<testsuites${attributes({ disabled: 0, errors: 0, failures: count(all, 'fail'), tests: all.length, time: pythonFloat(total) })}>\n`;
  for (const { name, cases } of suites) {
    yield `\t<testsuite${attributes({
      disabled: 0, errors: 0, failures: count(cases, 'fail'), name, skipped: count(cases, 'skip'), tests: cases.length, time: seconds(cases) === 0 ? 0 : pythonFloat(seconds(cases)), timestamp: endTime === null ? undefined : iso(endTime),
    })}>\n`;
    for (const c of cases) {
      const head = `\t\t<testcase${attributes({ name: c.name, classname: prefix ? `${prefix}_${name}` : name, time: durationOf(c)?.toFixed(6), timestamp: iso(c.logged) })}`;
      if (c.result === 'fail') yield `${head}>\n\t\t\t<failure type="failure" message="failed">${xmlText(await logOf(services, job, c) ?? '')}</failure>\n\t\t</testcase>\n`;
      else if (c.result === 'skip') yield `${head}>\n\t\t\t<skipped type="skipped" message="skipped"/>\n\t\t</testcase>\n`;
      else yield `${head}/>\n`;
    }
    yield '\t</testsuite>\n';
  }
  yield '</testsuites>\n';
}

/** TAP version 13 of a job. */
export async function* tap13(services: Services, job: number): AsyncGenerator<string> {
  const suites = await readSuites(services, job);
  const line = (text: string) => text.replace(/[\r\n]+/g, ' ');
  yield `1..${suites.reduce((n, s) => n + s.cases.length, 0)}\n`;
  let number = 0;
  for (const { name, cases } of suites) {
    yield `# TAP results for ${line(name)}\n`;
    for (const c of cases) {
      const point = `${(number += 1)} ${line(c.name)}`;
      if (c.result === 'pass') yield `ok ${point}\n`;
      else if (c.result === 'skip') yield `ok ${point} # SKIP test skipped\n`;
      else if (c.result === 'unknown') yield `not ok ${point} # TODO unknown result\n`;
      else {
        const log = await logOf(services, job, c);
        yield `not ok ${point}\n`;
        if (log !== undefined) yield ` ---\n${log.split('\n').filter(Boolean).map((l) => ` ${l}\n`).join('')} ...\n`;
      }
    }
  }
}
