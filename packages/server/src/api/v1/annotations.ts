import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { mayChangeJob, readJobAccess } from '../../auth/visibility.ts';
import type { Services } from '../../services.ts';
import { change } from '../../store/change.ts';
import { texts } from '../body.ts';
import { badRequest, forbidden, HttpError, notFound } from '../errors.ts';
import { visibleJobId } from '../job-id.ts';
import { requireSuperuser, requireUser } from '../who.ts';

/** What people say of jobs that failed: tags of the lab, and a comment. */
export function annotations(app: FastifyInstance, services: Services): void {
  const { db } = services;

  app.get('/failure-tags', async () => ({ failure_tags: await db.selectFrom('failure_tags').selectAll().orderBy('name').execute() }));

  app.post<{ Body: { name?: string; description?: string } }>('/failure-tags', texts({ 'name?': 100, 'description?': 1000 }), async (request, reply) => {
    requireSuperuser(request);
    const { name = '', description = '' } = request.body;
    if (!/^[-\w]{1,100}$/.test(name)) throw badRequest(`"${name}" cannot be a tag.`, 'Use letters, digits, dashes and underscores.');
    const made = await db.insertInto('failure_tags').values({ name, description }).onConflict((c) => c.doNothing()).returningAll().executeTakeFirst();
    if (!made) throw new HttpError(409, 'taken', `There is a failure tag ${name} already.`);
    return reply.code(201).send(made);
  });

  app.delete<{ Params: { id: string } }>('/failure-tags/:id', async (request, reply) => {
    requireSuperuser(request);
    const { numDeletedRows } = await db.deleteFrom('failure_tags').where('id', '=', /^\d{1,9}$/.test(request.params.id) ? Number(request.params.id) : 0).executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound(`Failure tag ${request.params.id.slice(0, 20)}`);
    return reply.code(204).send();
  });

  const annotation = { schema: { body: { type: 'object', additionalProperties: false, properties: { comment: { type: 'string', maxLength: 10_000 }, tags: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 100 } } } } } };
  app.post<{ Params: { job: string }; Body: { comment?: string; tags?: string[] } }>('/jobs/:job/annotation', annotation, async (request, reply) => {
    const user = requireUser(request);
    const id = await visibleJobId(services, user, request.params.job);
    const access = await readJobAccess(db, id);
    if (!access || !mayChangeJob(user, access)) throw forbidden('Only the submitter of a job and who may change its device may annotate it.');
    const { comment, tags } = request.body;
    const known = tags === undefined ? [] : await db.selectFrom('failure_tags').select(['id', 'name']).where('name', 'in', [...tags, '']).execute();
    const unknown = tags?.find((name) => !known.some((tag) => tag.name === name));
    if (unknown !== undefined) throw badRequest(`There is no failure tag ${unknown}.`, 'GET /api/v1/failure-tags lists them.');
    await change(services, user.username, async (c) => {
      if (comment !== undefined) await c.trx.updateTable('jobs').set({ failure_comment: comment || null }).where('id', '=', id).execute();
      if (tags !== undefined) {
        await c.trx.deleteFrom('job_failure_tags').where('job', '=', id).execute();
        await sql`insert into job_failure_tags (job, failure_tag_id) select ${id}, unnest(${known.map((tag) => tag.id)}::integer[])`.execute(c.trx);
      }
      c.note('job', id, `annotated${tags ? `: ${tags.join(', ') || 'no tags'}` : ''}`);
    });
    return reply.code(204).send();
  });
}
