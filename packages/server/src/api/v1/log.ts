import { Readable } from 'node:stream';
import { logLevels } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { badRequest } from '../errors.ts';
import { recordPieces } from '../../logs/json-records.ts';
import { searchLog } from '../../logs/search.ts';
import { text, whole, wordNumbers, type Query } from '../query.ts';
import { visibleJobId } from '../job-id.ts';

/** Records of one answer. */
const mostRecords = 20_000;
const mostHits = 10_000;

interface OfLog { Params: { job: string }; Querystring: Query }

async function* ndjson(pieces: AsyncIterable<string[]>): AsyncGenerator<string> {
  for await (const records of pieces) yield `${records.join('\n')}\n`;
}

export function log(app: FastifyInstance, services: Services): void {
  app.get<OfLog>('/jobs/:job/log', async (request, reply) => {
    const job = await visibleJobId(services, request.user, request.params.job);
    const total = await services.logs.count(job);
    const start = whole(request.query, 'start', 0, total) ?? 0;
    const end = Math.min(whole(request.query, 'end', 0, total) ?? total, start + mostRecords);
    reply.header('x-total-lines', total).type('application/x-ndjson; charset=utf-8');
    return reply.send(Readable.from(ndjson(recordPieces(services.logs, job, start, end))));
  });

  const limited = { config: { rateLimit: { max: 240, timeWindow: '1 minute' } } };
  app.get<OfLog>('/jobs/:job/log/search', limited, async (request, reply) => {
    const job = await visibleJobId(services, request.user, request.params.job);
    const wanted = text(request.query, 'q') ?? '';
    const levels = wordNumbers(request.query, 'level', logLevels).map((n) => logLevels[n]!);
    if (wanted === '' && levels.length === 0) throw badRequest('Nothing to search for: give "q" or "level".');
    const path = await services.logs.path(job);
    if (path === undefined) return { lines: [], total: 0 };
    const stop = new AbortController();
    reply.raw.once('close', () => stop.abort());
    return searchLog(path, { text: wanted, levels, most: mostHits, signal: stop.signal });
  });
}
