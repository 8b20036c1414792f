import { LavaError } from '@lava/base';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { LabProblem } from '@lava/lab';
import { labService, type LabFile } from '../../lab/lab-service.ts';
import type { Services } from '../../services.ts';
import { HttpError, shownProblem } from '../errors.ts';
import { text as one, type Query } from '../query.ts';
import { requireSuperuser } from '../who.ts';

/** Bytes of a lab file with the files that it names. */
const labFileLimit = 24 * 1024 * 1024;

interface Sent { lab: string; files?: Record<string, string>; prune?: boolean; revision?: string }

const schema = (needsRevision: boolean) => ({
  bodyLimit: labFileLimit,
  // Before the large body is read.
  onRequest: async (request: FastifyRequest) => { requireSuperuser(request); },
  schema: {
    body: {
      type: 'object', additionalProperties: false, required: ['lab', ...(needsRevision ? ['revision'] : [])],
      properties: {
        lab: { type: 'string' }, files: { type: 'object', additionalProperties: { type: 'string' } }, prune: { type: 'boolean' },
        ...(needsRevision && { revision: { type: 'string', maxLength: 100 } }),
      },
    },
  },
});

const fileOf = ({ lab, files = {}, prune = false }: Sent): LabFile => ({ text: lab, files, prune });
const shown = (problem: LabProblem) => ({ ...shownProblem(problem), file: problem.file });

/** The lab as one file (docs/lab-file.md); for superusers, as dictionaries may hold passwords of power switches. */
export function lab(app: FastifyInstance, services: Services): void {
  const labs = labService({ stored: services, paths: services.paths });

  app.get<{ Querystring: Query }>('/lab', async (request, reply) => {
    requireSuperuser(request);
    const { revision, text } = await labs.export(one(request.query, 'full') === 'true');
    return reply.header('etag', `"${revision}"`).type('application/yaml; charset=utf-8').send(text);
  });

  app.post<{ Body: Sent }>('/lab/plan', schema(false), async (request) => {
    const { username } = requireSuperuser(request);
    const { revision, problems, plan } = await labs.plan(fileOf(request.body), username);
    return { revision, problems: problems.map(shown), plan };
  });

  app.post<{ Body: Sent }>('/lab/apply', schema(true), async (request) => {
    const { username } = requireSuperuser(request);
    const { revision, problems, plan } = await labs.apply(fileOf(request.body), request.body.revision!, username).catch((error: unknown) => {
      if (error instanceof LavaError && error.code === 'lab-changed') throw new HttpError(409, error.code, error.message, { hint: error.hint });
      throw error;
    });
    if (problems.some((p) => p.severity === 'error')) throw new HttpError(400, 'lab-refused', 'The lab file was refused; nothing was done.', { problems });
    return { revision, problems: problems.map(shown), plan };
  });
}
