import { sql } from 'kysely';
import { testResults } from '@lava/job';
import { usersById, type User } from '../auth/users.ts';
import { visibleJobs } from '../auth/visibility.ts';
import { readConditions } from '../queries/conditions.ts';
import type { RowSource } from '../queries/rows.ts';
import { findQueryNamed, maySeeQuery, savedRows } from '../queries/saved-query.ts';
import type { Services } from '../services.ts';
import { jobHealth } from '../store/numbers.ts';
import type { JobFacts } from './job-facts.ts';
import type { Comparison } from './notify-block.ts';

/** Jobs of the query among which one to compare with is looked for. */
const mostJobs = 5;

/** What differs from the newest other Complete job of the query, of the newest five that the submitter may see. */
export async function comparisonText({ db }: Services, facts: JobFacts, comparison: Comparison): Promise<string> {
  const submitter = (await usersById(db, [facts.submitter])).get(facts.submitter) ?? null;
  const source = await jobsOf(db, submitter, comparison);
  if (typeof source === 'string') return `Comparison\n  ${source}`;
  const { where } = source;
  const { rows: jobs } = await sql<{ id: number; health: number }>`select jobs.id, jobs.health from jobs where ${where} and ${visibleJobs(submitter)} order by jobs.id desc limit ${mostJobs}`.execute(db);
  const other = jobs.find((j) => j.id !== facts.id && j.health === jobHealth.Complete);
  if (!other) return 'Comparison\n  the query found no other Complete job';

  const left = new Set(comparison.blacklist);
  const [before, now] = [await resultsOf(db, other.id, left), await resultsOf(db, facts.id, left)];
  const lines = compare(before, now);
  return `Comparison with job ${other.id}\n${(lines.length === 0 ? ['no differences'] : lines).map((line) => `  ${line}`).join('\n')}`;
}

/** The jobs to compare with, or why there are none. */
async function jobsOf(db: Services['db'], submitter: User | null, { conditions, saved = '' }: Comparison): Promise<RowSource | string> {
  if (conditions !== undefined) return { entity: 'testjob', where: conditions === '' ? sql<boolean>`true` : readConditions('testjob', conditions) };
  const query = await findQueryNamed(db, saved);
  if (!query || query.isArchived || !maySeeQuery(submitter, query)) return `there is no query ${saved}`;
  if (query.entity !== 'testjob') return `query ${saved} does not find jobs`;
  return !query.isLive && query.found === null ? `query ${saved} was not run yet` : savedRows(query);
}

type Results = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Results by suite and case; of a case that came more than once the last. */
async function resultsOf(db: Services['db'], job: number, left: ReadonlySet<string>): Promise<Results> {
  const { rows } = await sql<{ suite: string; name: string; result: number }>`
    select s.name as suite, c.name, c.result from test_cases c join test_suites s on s.id = c.suite_id where c.job = ${job} order by c.id`.execute(db);
  const suites = new Map<string, Map<string, string>>();
  for (const { suite, name, result } of rows) {
    if (left.has(suite) || left.has(name)) continue;
    const cases = suites.get(suite) ?? new Map<string, string>();
    suites.set(suite, cases.set(name, testResults[result] ?? 'unknown'));
  }
  return suites;
}

function compare(before: Results, now: Results): string[] {
  const lines: string[] = [];
  for (const suite of new Set([...before.keys(), ...now.keys()])) {
    const [old, fresh] = [before.get(suite), now.get(suite)];
    if (!old || !fresh) { lines.push(`suite ${suite}: ${old ? 'is gone' : 'is new'}`); continue; }
    for (const result of ['pass', 'fail', 'skip']) {
      const [was, is] = [count(old, result), count(fresh, result)];
      if (was !== is) lines.push(`suite ${suite}: ${result} ${was} → ${is}`);
    }
    for (const name of new Set([...old.keys(), ...fresh.keys()])) {
      const [was, is] = [old.get(name), fresh.get(name)];
      if (was !== is) lines.push(`case ${suite}/${name}: ${was ?? 'missing'} → ${is ?? 'missing'}`);
    }
  }
  return lines;
}

const count = (cases: ReadonlyMap<string, string>, result: string) => [...cases.values()].filter((r) => r === result).length;
