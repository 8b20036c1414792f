import type { FastifyInstance, FastifyRequest } from 'fastify';
import { rowsAsCsv } from '../../queries/export-csv.ts';
import { findQuery, listQueries, maySeeQuery, queryName, savedRows } from '../../queries/saved-query.ts';
import type { Services } from '../../services.ts';
import { customRows } from '../custom-query.ts';
import { notFound } from '../errors.ts';
import { text, type Query } from '../query.ts';
import { attachment, stream } from '../send.ts';
import { requireUser } from '../who.ts';

interface Asked { Querystring: Query }

/** What scripts and links read of queries at LAVA's addresses: CSV, and names for forms. */
export function plainQueries(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const wanted = (request: FastifyRequest<Asked>, ...names: (string | null)[]) => {
    const term = text(request.query, 'term')?.toLowerCase() ?? '';
    return names.some((name) => name?.toLowerCase().includes(term));
  };

  app.get<Asked>('/results/query/+export-custom', async (request, reply) =>
    stream(attachment(reply, 'query_custom.csv'), 'text/csv', rowsAsCsv(db, requireUser(request), customRows(request.query))));

  app.get<{ Params: { owner: string; name: string } }>('/results/query/:owner/:name/+export', async (request, reply) => {
    const { owner, name } = request.params;
    const user = requireUser(request);
    const query = await findQuery(db, owner.replace(/^~/, ''), name);
    if (!query || !maySeeQuery(user, query)) throw notFound(`Query ${owner.slice(0, 100)}/${name.slice(0, 100)}`);
    return stream(attachment(reply, `query_${query.owner}_${query.name}.csv`), 'text/csv', rowsAsCsv(db, user, savedRows(query)));
  });

  app.get<Asked>('/results/query/+get-query-names', async (request) => (await listQueries(db, request.user)).filter((query) => wanted(request, queryName(query))).map((query) => ({
    value: queryName(query), label: queryName(query), id: query.id, content_type: { testjob: 'TestJob', testsuite: 'TestSuite', testcase: 'TestCase' }[query.entity],
  })));

  app.get<Asked>('/results/query/get-query-groups', async (request) => {
    const labels = (await listQueries(db, requireUser(request))).map((query) => query.label);
    return [...new Set(labels)].filter((label) => label !== '' && wanted(request, label)).sort();
  });

  for (const path of ['/results/query/+get-group-names', '/results/chart/+get-group-names']) {
    app.get<Asked>(path, async (request) => {
      const user = requireUser(request);
      const groups = await db.selectFrom('groups').select(['id', 'name']).where('id', 'in', [...user.groups, -1]).orderBy('name').execute();
      return groups.filter((group) => wanted(request, group.name)).map(({ id, name }) => ({ id, name, label: name }));
    });
  }
}
