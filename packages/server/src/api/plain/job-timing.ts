import type { FastifyInstance } from 'fastify';
import { jobActions } from '../../read/actions.ts';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { visibleJobId } from '../job-id.ts';

/** The part of its timeout from which on LAVA warns of an action. */
const nearlyAll = 0.85;

/** How long the actions of a job took: level, name, seconds, seconds it may take, and whether these nearly were not enough. */
export function plainJobTiming(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { job: string } }>('/scheduler/job/:job/timing', async (request) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    if (await services.logs.path(id) === undefined) throw notFound(`The log of job ${id}`);
    const actions = (await jobActions(services.db, id)).filter((a) => a.name !== 'validate');
    // A level that ran again counts as it did last.
    const byLevel = new Map(actions.map((a) => {
      const seconds = a.ended_at === null ? 0 : Math.round((Date.parse(a.ended_at) - Date.parse(a.started_at)) / 1000);
      const timeout = a.timeout ?? 0;
      return [a.level, [a.level, a.name, seconds, timeout, seconds >= timeout * nearlyAll]];
    }));
    const graph = [...byLevel.keys()].sort().map((level) => byLevel.get(level));
    // The other member is the markup of a page.
    return { timing: '', graph };
  });
}
