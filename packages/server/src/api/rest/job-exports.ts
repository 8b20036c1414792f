import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { casesAsCsv, casesAsYaml, jobMetadata, storedCases } from '../../export/cases.ts';
import { junit, tap13 } from '../../export/reports.ts';
import { storedPieces } from '../../logs/json-records.ts';
import { attachment, file, stream } from '../send.ts';
import { restJobId, type OfJob } from './job-id.ts';
import { fieldError } from './refusals.ts';
import { route, type RestRequest } from './route.ts';

/** A number of the query, or undefined; anything else is refused. */
export function queryNumber(request: RestRequest, name: string): number | undefined {
  const value = request.query[name];
  const text = Array.isArray(value) ? value.at(-1) : value;
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw fieldError(name, 'A valid integer is required.');
  return Number(text);
}

export function restJobExports(app: FastifyInstance, services: Services): void {
  const { db } = services;

  route<OfJob>(app, '/jobs/:job/logs/', {
    GET: async (request, reply) => {
      const id = await restJobId(services, request.user, request.params.job);
      const [start, end] = [queryNumber(request, 'start'), queryNumber(request, 'end')];
      const path = await services.logs.path(id);
      if (path === undefined) throw notFound('The log');
      if (start === undefined && end === undefined) return file(attachment(reply, `job_${id}.yaml`), 'application/yaml', path);
      // An end of 0 means no end, as it always did.
      const [from, to] = [start ?? 0, Math.min(end || Infinity, await services.logs.count(id))];
      if (from >= to) throw notFound('This part of the log');
      return stream(attachment(reply, `job_${id}.yaml`), 'application/yaml', storedPieces(services.logs, id, from, to));
    },
  });

  route<OfJob>(app, '/jobs/:job/metadata/', {
    GET: async (request) => {
      const id = await restJobId(services, request.user, request.params.job);
      const { metadata } = await db.selectFrom('jobs').select('metadata').where('id', '=', id).executeTakeFirstOrThrow();
      return { metadata: jobMetadata(metadata) };
    },
  });

  const range = (request: RestRequest) => ({ limit: queryNumber(request, 'limit'), offset: queryNumber(request, 'offset') });
  route<OfJob>(app, '/jobs/:job/csv/', {
    GET: async (request, reply) => {
      const id = await restJobId(services, request.user, request.params.job);
      return stream(attachment(reply, `job_${id}.csv`), 'application/csv', casesAsCsv(storedCases(services, id, range(request)), true));
    },
  });
  route<OfJob>(app, '/jobs/:job/yaml/', {
    GET: async (request, reply) => {
      const id = await restJobId(services, request.user, request.params.job);
      return stream(attachment(reply, `job_${id}.yaml`), 'application/yaml', casesAsYaml(storedCases(services, id, range(request))));
    },
  });
  route<OfJob>(app, '/jobs/:job/junit/', {
    GET: async (request, reply) => {
      const id = await restJobId(services, request.user, request.params.job);
      const { end_time } = await db.selectFrom('jobs').select('end_time').where('id', '=', id).executeTakeFirstOrThrow();
      const prefix = request.query['classname_prefix'];
      return stream(attachment(reply, `job_${id}.xml`), 'application/xml', junit(services, id, end_time, Array.isArray(prefix) ? prefix.at(-1) : prefix));
    },
  });
  route<OfJob>(app, '/jobs/:job/tap13/', {
    GET: async (request, reply) => {
      const id = await restJobId(services, request.user, request.params.job);
      return stream(attachment(reply, `job_${id}.yaml`), 'application/yaml', tap13(services, id));
    },
  });
}
