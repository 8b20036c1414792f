import { ConfigurationError } from '@lava/base';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { User } from '../../auth/users.ts';
import { addChart, allCharts, changeChart, chartParts, findChart, type Chart, type ChartFields } from '../../queries/chart.ts';
import { chartData, chartTypes, isChartType } from '../../queries/chart-data.ts';
import { mayChangeQuery, maySeeQuery, savedRows } from '../../queries/saved-query.ts';
import type { Services } from '../../services.ts';
import { customRows } from '../custom-query.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { text, type Query } from '../query.ts';
import { requireUser } from '../who.ts';

interface OfChart { Params: { name: string } }

const short = { type: 'string', maxLength: 1000 } as const;
const part = {
  type: 'object', additionalProperties: false, required: ['query', 'type'],
  properties: {
    query: short, type: { enum: chartTypes }, representation: { enum: ['lines', 'bars'] }, visibility: { enum: ['chart', 'table', 'both'] }, height: { type: 'integer', minimum: 200, maximum: 400 },
    is_percentage: { type: 'boolean' }, target_goal: { type: ['number', 'null'] }, x_attribute: { type: ['string', 'null'], maxLength: 100 }, attributes: { type: 'array', maxItems: 20, items: short },
  },
};
const fields = { description: { type: 'string', maxLength: 10_000 }, is_published: { type: 'boolean' }, label: { type: 'string', maxLength: 200 }, group: short, parts: { type: 'array', maxItems: 50, items: part } };
const body = (properties: object) => ({ schema: { body: { type: 'object', additionalProperties: false, properties } } });

/** Charts of saved queries, and what they draw. */
export function charts(app: FastifyInstance, services: Services): void {
  const { db } = services;

  const find = async (request: FastifyRequest<OfChart>): Promise<{ chart: Chart; user: User }> => {
    const user = requireUser(request);
    const chart = await findChart(db, request.params.name);
    if (!chart || !maySeeQuery(user, chart)) throw notFound(`Chart ${request.params.name.slice(0, 100)}`);
    return { chart, user };
  };
  const findToChange = async (request: FastifyRequest<OfChart>) => {
    const found = await find(request);
    if (!mayChangeQuery(found.user, found.chart)) throw forbidden('Only its owner, the members of its group and superusers may change a chart.');
    return found;
  };

  app.get('/charts', async (request) => ({ charts: (await allCharts(db)).filter((chart) => maySeeQuery(request.user, chart)).map((chart) => shown(request.user, chart)) }));

  app.get<{ Querystring: Query }>('/charts/+custom', async (request) => {
    const user = requireUser(request);
    const type = text(request.query, 'type') ?? 'measurement';
    if (!isChartType(type)) throw badRequest(`There are no charts of type "${type.slice(0, 40)}".`, `One of: ${chartTypes.join(', ')}.`);
    return { series: await chartData(db, user, customRows(request.query), { type, attributes: text(request.query, 'attributes', 2000)?.split(',') ?? [] }) };
  });

  app.post<{ Body: ChartFields & { name?: string } }>('/charts', body({ name: short, ...fields }), async (request, reply) => {
    const user = requireUser(request);
    const { name = '', ...rest } = request.body;
    await addChart(db, user, name, rest);
    return reply.code(201).send(shown(user, (await findChart(db, name))!));
  });

  app.get<OfChart>('/charts/:name', async (request) => {
    const { chart, user } = await find(request);
    const parts = [];
    for (const { part: of, saved } of await chartParts(db, chart.id)) {
      const about = { ...of, entity: saved.entity, description: saved.description, is_live: saved.isLive, refreshed_at: saved.refreshedAt?.toISOString() ?? null, has_omitted: saved.omitted.length > 0 };
      try {
        parts.push({ ...about, series: await chartData(db, user, savedRows(saved), { type: of.type, xAttribute: of.x_attribute, attributes: of.attributes }) });
      } catch (error) {
        // One query that was not run must not hide the others.
        if (!(error instanceof ConfigurationError)) throw error;
        parts.push({ ...about, series: [], problem: error.message });
      }
    }
    return { ...shown(user, chart), parts };
  });

  app.post<OfChart & { Body: ChartFields }>('/charts/:name', body(fields), async (request, reply) => {
    const { chart, user } = await findToChange(request);
    await changeChart(db, user, chart, request.body);
    return reply.code(204).send();
  });

  app.delete<OfChart>('/charts/:name', async (request, reply) => {
    const { chart } = await findToChange(request);
    await db.deleteFrom('charts').where('id', '=', chart.id).execute();
    return reply.code(204).send();
  });
}

function shown(user: User | null, chart: Chart): Record<string, unknown> {
  const { name, owner, description, label, group, isPublished } = chart;
  return { name, owner, description, label, group, is_published: isPublished, can_change: mayChangeQuery(user, chart) };
}
