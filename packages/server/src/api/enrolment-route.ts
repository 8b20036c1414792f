import type { FastifyInstance } from 'fastify';
import type { EnrolmentRequest } from '@lava/link';
import { texts } from './body.ts';
import { HttpError } from './errors.ts';
import type { Services } from '../services.ts';
import { enrolWorker, type EnrolmentTarget } from '../enrol/enrol-worker.ts';

/** The address at which workers enrol with a code (docs/workers.md). */
export async function enrolmentRoute(app: FastifyInstance, { services, targetNow }: { services: Services; targetNow: () => EnrolmentTarget | undefined }): Promise<void> {
  const options = { ...texts({ hostname: 200, public_key: 40, proof: 64 }), config: { rateLimit: { max: 30, timeWindow: '1 minute' } } };
  app.post<{ Body: EnrolmentRequest }>('/', options, async (request) => {
    const target = targetNow();
    if (!target) throw new HttpError(409, 'link-not-encrypted', 'The connections for workers are not encrypted here, so there are no certificates to enrol.', { hint: 'Start the server with encryption, its default.' });
    const { hostname } = request.body;
    const done = await enrolWorker(services, target, request.body, request.ip);
    if (!('refused' in done)) {
      services.log.info(`[AUTH] ${hostname} has enrolled from ${request.ip}`);
      return done;
    }
    services.log.warn(`[AUTH] Enrolment of ${JSON.stringify(hostname)} from ${request.ip} refused: ${done.refused}`);
    throw new HttpError(403, 'enrolment-refused', 'The code is not one for this worker, or was used, or has expired.', { hint: `Make a new one on the server: lava-server manage workers enroll NAME` });
  });
}
