import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { answerError } from '../errors.ts';
import { identifyRequests } from '../who.ts';
import { plainDevices } from './devices.ts';
import { plainJobData } from './job-data.ts';
import { plainJobTiming } from './job-timing.ts';
import { plainJobs } from './jobs.ts';
import { plainPeople } from './people.ts';
import { plainQueries } from './queries.ts';
import { plainResults } from './results.ts';

/** LAVA's plain texts and data at the addresses of its pages, for scripts and links. */
export async function plain(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  identifyRequests(app, services);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, services.log, ({ status, message }) => [status, 'text/plain; charset=utf-8', `${message}\n`]));
  plainJobs(app, services);
  plainJobData(app, services);
  plainJobTiming(app, services);
  plainResults(app, services);
  plainQueries(app, services);
  plainDevices(app, services);
  plainPeople(app, services);
}
