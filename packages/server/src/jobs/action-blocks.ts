import { sql, type RawBuilder } from 'kysely';

/** An action of the first level, as far as the job came: the one of level N is block N of its definition. */
export interface ActionBlock {
  readonly level: string;
  readonly ended: boolean;
  readonly failed: boolean;
}

/** The blocks of a job as JSON, for queries. */
export const actionBlocks = (job: RawBuilder<number>) => sql<ActionBlock[]>`(select coalesce(json_agg(json_build_object('level', level, 'ended', ended_at is not null, 'failed', failed)), '[]')
  from job_actions where job_actions.job = ${job} and level ~ '^[1-9][0-9]*$')`;
