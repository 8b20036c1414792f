import { jobHealths, jobStates } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { visibleJobs } from '../../auth/visibility.ts';
import { replaceDefinition } from '../../jobs/hide-secrets.ts';
import { removeJob } from '../../jobs/remove-jobs.ts';
import type { Services } from '../../services.ts';
import { change as store } from '../../store/change.ts';
import { definitionLimit } from '../body.ts';
import { requireSuperuser, requireUser } from '../who.ts';
import { jobFields } from './fields.ts';
import { answerSubmission } from './job-actions.ts';
import { restJobId, type OfJob } from './job-id.ts';
import { metadataConditions } from './metadata-filter.ts';
import { listing } from './page.ts';
import { bodyText, restTime, route, textBody } from './route.ts';

interface Raw {
  id: number; submitter: string; viewing_groups: number[]; description: string; health_check: boolean; requested_device_type: string | null; tags: number[];
  actual_device: string | null; submit_time: Date; start_time: Date | null; end_time: Date | null; state: number; health: number; priority: number;
  definition: string; metadata: Record<string, unknown>; original_definition: string; multinode_definition: string; failure_tags: number[]; failure_comment: string | null;
}

const columns = sql`jobs.id, users.username as submitter, array(select g.group_id from job_groups g where g.job = jobs.id order by 1) as viewing_groups, jobs.description,
  jobs.health_check, jobs.requested_device_type, array(select t.tag_id from job_tags t where t.job = jobs.id order by 1) as tags, jobs.actual_device, jobs.submit_time,
  jobs.start_time, jobs.end_time, jobs.state, jobs.health, jobs.priority, jobs.definition, jobs.metadata, jobs.original_definition, jobs.multinode_definition,
  array(select f.failure_tag_id from job_failure_tags f where f.job = jobs.id order by 1) as failure_tags, jobs.failure_comment`;
const from = sql`jobs join users on users.id = jobs.submitter`;

const orderings = Object.fromEntries(
  ['id', 'description', 'health_check', 'requested_device_type', 'actual_device', 'submit_time', 'start_time', 'end_time', 'state', 'health', 'priority', 'submitter', 'failure_comment']
    .map((name) => [name, `jobs.${name}`]),
);

/** Jobs carry their whole definitions: more in one answer would be too much to hold. */
const mostJobs = 1000;

function show(raw: Raw): Record<string, unknown> {
  return {
    ...raw, submit_time: restTime(raw.submit_time), start_time: restTime(raw.start_time), end_time: restTime(raw.end_time),
    state: jobStates[raw.state], health: jobHealths[raw.health],
  };
}

export function restJobs(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const read = async (id: number) => show((await sql<Raw>`select ${columns} from ${from} where jobs.id = ${id}`.execute(db)).rows[0]!);

  route(app, '/jobs/', {
    GET: async (request) => listing<Raw, unknown>({
      db, request, columns, from, fields: jobFields, where: sql.join([visibleJobs(request.user), ...metadataConditions(request.query)], sql` and `), orderings, defaultOrder: sql`jobs.id desc`, most: mostJobs, show,
    }),
    POST: async (request, reply) => {
      const user = requireUser(request);
      return answerSubmission(reply, services.jobs.submit(bodyText(request, 'definition'), user));
    },
  }, { bodyLimit: definitionLimit, filters: jobFields, orderings: Object.keys(orderings), ...textBody('definition') });

  const change = async (request: Parameters<typeof requireSuperuser>[0] & { params: OfJob }) => {
    const user = requireSuperuser(request);
    const id = await restJobId(services, user, request.params.job);
    const definition = bodyText(request as never, 'definition');
    await store(services, user.username, async (c) => {
      await replaceDefinition(c.trx, id, definition);
      c.note('job', id, 'definition changed');
    });
    return read(id);
  };
  route<OfJob>(app, '/jobs/:job/', {
    GET: async (request) => read(await restJobId(services, request.user, request.params.job)),
    PUT: change, PATCH: change,
    DELETE: async (request, reply) => {
      const user = requireSuperuser(request);
      const id = await restJobId(services, user, request.params.job);
      const removeFiles = await store(services, user.username, (c) => removeJob(c, services.logs, id));
      await removeFiles();
      return reply.code(204).send();
    },
  }, { bodyLimit: definitionLimit, ...textBody('definition') });
}
