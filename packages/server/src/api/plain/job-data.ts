import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { jsonBody, payloadFields } from '../../notify/callback-payload.ts';
import { readJobFacts } from '../../notify/job-facts.ts';
import { readNotify } from '../../notify/notify-block.ts';
import type { Services } from '../../services.ts';
import { jobState } from '../../store/numbers.ts';
import { forbidden, loginRequired, notFound } from '../errors.ts';
import { visibleJobId } from '../job-id.ts';
import { quotedAttachment } from '../send.ts';

/** What the first callback with a body of a finished job was about, as JSON, compressed; for who submitted it and for staff. */
export function plainJobData(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { job: string } }>('/scheduler/job/:job/job_data', async (request, reply) => {
    const { user } = request;
    const id = await visibleJobId(services, user, request.params.job);
    const facts = (await readJobFacts(services.db, id, jobState.Finished))!;
    if (!user) throw loginRequired();
    if (user.id !== facts.submitter && !user.isStaff && !user.isSuperuser) throw forbidden();
    const callbacks = readNotify(facts.definition)?.callbacks ?? [];
    const called = await services.db.selectFrom('deliveries').select(['key', 'state']).where('job', '=', id).where('method', '=', 'callback').where('attempts', '>', 0).orderBy('id').execute();
    const first = called.find(({ key }) => callbacks[Number(key.split(':')[0])]?.method === 'POST');
    if (facts.state !== jobState.Finished || !first) throw notFound(`The data of job ${request.params.job}`);
    const told = (await readJobFacts(services.db, id, first.state))!;
    const fields = await payloadFields(services, told, callbacks[Number(first.key.split(':')[0])]!.dataset);
    // What fails on the way ends the answer, which has told already that all is well.
    const body = pipeline(Readable.from(jsonBody(fields)), createGzip(), () => {});
    return quotedAttachment(reply, `job_data_${request.params.job}.gz`).type('application/gzip').send(body);
  });
}
