import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { User } from '../../auth/users.ts';
import { addQuery, changeQuery, omitRow, refreshQuery, type QueryFields } from '../../queries/change-query.ts';
import { conditionChoices, conditionsText, queryEntities } from '../../queries/conditions.ts';
import { findRows } from '../../queries/rows.ts';
import { findQuery, listQueries, mayChangeQuery, maySeeQuery, savedRows, type SavedQuery } from '../../queries/saved-query.ts';
import type { Services } from '../../services.ts';
import { customRows } from '../custom-query.ts';
import { badRequest, forbidden, HttpError, notFound } from '../errors.ts';
import { whole, type Query } from '../query.ts';
import { requireUser } from '../who.ts';

interface OfQuery { Params: { owner: string; name: string } }
interface Rows { Querystring: Query }

const short = { type: 'string', maxLength: 1000 } as const;
const flag = { type: 'boolean' } as const;
const condition = { type: 'object', additionalProperties: false, required: ['table', 'field', 'operator', 'value'], properties: { table: short, field: short, operator: short, value: short } };
const fields = {
  description: { type: 'string', maxLength: 10_000 }, entity: { enum: queryEntities }, limit: { type: 'integer' }, is_published: flag, is_live: flag, is_archived: flag,
  label: { type: 'string', maxLength: 200 }, group: short, conditions: { type: 'array', maxItems: 50, items: condition },
};
const body = (properties: object) => ({ schema: { body: { type: 'object', additionalProperties: false, properties } } });

/** Saved queries, and what they and those of an address find. */
export function queries(app: FastifyInstance, services: Services): void {
  const { db } = services;
  const page = (query: Query) => [whole(query, 'limit', 1, 500) ?? 50, whole(query, 'before', 0, 2 ** 31 - 1)] as const;

  const find = async (request: FastifyRequest<OfQuery>): Promise<SavedQuery> => {
    const query = await findQuery(db, request.params.owner, request.params.name);
    if (!query || !maySeeQuery(request.user, query)) throw notFound(`Query ~${request.params.owner.slice(0, 100)}/${request.params.name.slice(0, 100)}`);
    return query;
  };
  const findToChange = async (request: FastifyRequest<OfQuery>): Promise<{ query: SavedQuery; user: User }> => {
    const user = requireUser(request);
    const query = await find(request);
    if (!mayChangeQuery(user, query)) throw forbidden('Only its owner, the members of its group and superusers may change a query.');
    return { query, user };
  };

  app.get('/queries', async (request) => ({ queries: (await listQueries(db, request.user)).map((query) => shown(request.user, query)) }));

  app.get('/queries/+choices', async () => ({ tables: conditionChoices }));

  app.get<Rows>('/queries/+custom', async (request) => {
    const user = requireUser(request);
    return findRows(db, user, customRows(request.query), ...page(request.query));
  });

  app.post<{ Body: QueryFields & { name?: string } }>('/queries', body({ name: short, ...fields }), async (request, reply) => {
    const user = requireUser(request);
    const { name = '', ...rest } = request.body;
    await addQuery(db, user, name, rest);
    return reply.code(201).send(shown(user, (await findQuery(db, user.username, name))!));
  });

  app.get<OfQuery>('/queries/:owner/:name', async (request) => shown(request.user, await find(request)));

  app.post<OfQuery & { Body: QueryFields }>('/queries/:owner/:name', body(fields), async (request) => {
    const { query, user } = await findToChange(request);
    await changeQuery(db, user, query, request.body);
    return shown(user, (await findQuery(db, query.owner, query.name))!);
  });

  app.get<OfQuery & Rows>('/queries/:owner/:name/results', async (request) => findRows(db, request.user, savedRows(await find(request)), ...page(request.query)));

  app.post<OfQuery>('/queries/:owner/:name/refresh', async (request) => {
    const { query, user } = await findToChange(request);
    const refused = await refreshQuery(db, query);
    if (refused === 'live') throw badRequest('A live query is never refreshed: it is evaluated whenever somebody looks.');
    if (refused === 'busy') throw new HttpError(409, 'query-busy', 'Somebody else refreshes this query right now.');
    return shown(user, (await findQuery(db, query.owner, query.name))!);
  });

  app.post<OfQuery & { Body: { id?: number; omit?: boolean } }>('/queries/:owner/:name/omit', body({ id: { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 }, omit: flag }), async (request, reply) => {
    const { query } = await findToChange(request);
    const { id, omit = true } = request.body;
    if (id === undefined) throw badRequest('Say which row: "id".');
    await omitRow(db, query, id, omit);
    return reply.code(204).send();
  });
}

function shown(user: User | null, query: SavedQuery): Record<string, unknown> {
  const { owner, name, description, entity, limit, label, group, omitted } = query;
  const conditions = query.conditions.map(({ table, field, operator, value }) => ({ table, field, operator, value }));
  return {
    owner, name, description, entity, limit, label, group, omitted, is_published: query.isPublished, is_live: query.isLive, is_archived: query.isArchived, is_changed: query.isChanged,
    refreshed_at: query.refreshedAt?.toISOString() ?? null, conditions, conditions_text: conditionsText(conditions), can_change: mayChangeQuery(user, query),
  };
}
