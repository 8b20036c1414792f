import compress from '@fastify/compress';
import type { FastifyInstance } from 'fastify';
import type { PasswordSignIn } from '../../auth/sign-in.ts';
import type { Services } from '../../services.ts';
import { compression } from '../web-application.ts';
import { identifyRequests } from '../who.ts';
import { annotations } from './annotations.ts';
import { charts } from './charts.ts';
import { configuration } from './configuration.ts';
import { devices } from './devices.ts';
import { jobs } from './jobs.ts';
import { lab } from './lab.ts';
import { log } from './log.ts';
import { notifications } from './notifications.ts';
import { queries } from './queries.ts';
import { session } from './session.ts';
import { shares } from './shares.ts';
import { tokens } from './tokens.ts';
import { workers } from './workers.ts';

/** What LAVA's own API does not offer; for the web application and for `lava` (docs/api.md). */
export async function v1(app: FastifyInstance, { services, byPassword }: { services: Services; byPassword?: PasswordSignIn }): Promise<void> {
  await app.register(compress, compression);
  identifyRequests(app, services);
  app.addHook('onSend', async (_request, reply) => { reply.header('cache-control', 'no-store'); });
  session(app, services, byPassword);
  jobs(app, services);
  annotations(app, services);
  log(app, services);
  notifications(app, services);
  devices(app, services);
  configuration(app, services);
  workers(app, services);
  lab(app, services);
  tokens(app, services);
  queries(app, services);
  charts(app, services);
  shares(app, services);
}
