import { sql } from 'kysely';
import { readConditions } from '../queries/conditions.ts';
import { usersById } from '../auth/users.ts';
import { visibleJobs } from '../auth/visibility.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import type { Stored } from '../store/change.ts';
import { type JobFacts } from './job-facts.ts';
import type { Criteria } from './notify-block.ts';

type Db = Stored['db'];

/** States or health that a status of the criteria stands for. */
const meanings = {
  running: { states: [jobState.Running] }, finished: { states: [jobState.Finished] }, all: { states: [jobState.Running, jobState.Finished] },
  complete: { health: jobHealth.Complete }, incomplete: { health: jobHealth.Incomplete }, canceled: { health: jobHealth.Canceled },
} as const satisfies Record<Criteria['status'], { states?: readonly number[]; health?: number }>;

/** Is this the news that somebody wanted? */
export async function meets(db: Db, { status, type, dependencyQuery }: Criteria, facts: JobFacts): Promise<boolean> {
  const meaning: { readonly states?: readonly number[]; readonly health?: number } = meanings[status];
  if (meaning.states ? !meaning.states.includes(facts.state) : facts.health !== meaning.health) return false;
  if (type && !await hasTurned(db, type, facts)) return false;
  if (dependencyQuery === undefined || dependencyQuery.trim() === '') return true;

  // The submitter learns nothing here of jobs that the submitter may not see.
  const submitter = (await usersById(db, [facts.submitter])).get(facts.submitter) ?? null;
  const asFar = meaning.states ? sql<boolean>`jobs.state = any(${[...meaning.states]}::int[])` : sql<boolean>`jobs.health = ${meaning.health}`;
  const { rows } = await sql`select from jobs where jobs.id <> ${facts.id} and ${readConditions('testjob', dependencyQuery)} and ${visibleJobs(submitter)} and not ${asFar} limit 1`.execute(db);
  return rows.length === 0;
}

/**
 * Has the job done worse (or better) than the last one before it of the same name, submitter and device type? Canceled
 * jobs say nothing of either.
 */
async function hasTurned(db: Db, type: NonNullable<Criteria['type']>, facts: JobFacts): Promise<boolean> {
  const { Complete, Incomplete } = jobHealth;
  const [from, to] = type === 'regression' ? [Complete, Incomplete] : [Incomplete, Complete];
  if (facts.state !== jobState.Finished || facts.health !== to) return false;
  const { rows: [before] } = await sql<{ health: number }>`select health from jobs where id < ${facts.id} and submitter = ${facts.submitter} and description = ${facts.description}
    and requested_device_type is not distinct from ${facts.requested_device_type} and state = ${jobState.Finished} and health in (${Complete}, ${Incomplete}) order by id desc limit 1`.execute(db);
  return before?.health === from;
}
