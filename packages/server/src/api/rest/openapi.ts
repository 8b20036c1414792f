import { version } from '@lava/base';
import type { FastifyInstance } from 'fastify';
import { textLookups, type Field, type Fields } from './filter.ts';
import type { Described } from './route.ts';
import type { WriteField } from './write.ts';

type Schema = Record<string, unknown>;

const words: Readonly<Record<string, string>> = { GET: 'Read', POST: 'Add to or act on', PUT: 'Replace fields of', PATCH: 'Change fields of', DELETE: 'Remove' };

/**
 * `/api/`: what the REST API has, as an OpenAPI document. It is made from the tables that the API itself works with, so
 * that it names every address, filter and field there is and none that is not.
 */
export function openApi(app: FastifyInstance): void {
  app.decorate('restRoutes', []);
  let text: string | undefined;
  app.get('/api/', async (_request, reply) => reply.type('application/json; charset=utf-8').send(text ??= JSON.stringify(document(app.restRoutes ?? []))));
  app.get('/api', async (_request, reply) => reply.redirect('/api/', 301));
}

function document(routes: readonly Described[]): Schema {
  const paths: Record<string, Schema> = {};
  for (const route of routes) {
    const url = route.url.replace(/:(\w+)/g, '{$1}');
    const parameters = [...route.url.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
    paths[url] = { ...(parameters.length > 0 ? { parameters } : {}), ...Object.fromEntries(route.methods.map((method) => [method.toLowerCase(), operation(route, method)])) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'LAVA REST API', version, description: 'Lists take `limit`, `offset` and `ordering`; a filter with `!` before `=` asks for the opposite.' },
    servers: [{ url: '/' }],
    components: { securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`Token SECRET`' } } },
    // What is open to everybody is open without a token, too.
    security: [{ token: [] }, {}],
    paths,
  };
}

function operation(route: Described, method: string): Schema {
  const { url, filters, orderings = [], body, required = [] } = route;
  const resource = url.split('/')[3] || 'api';
  const query = method === 'GET' && filters ? [
    ...['limit', 'offset'].map((name) => ({ name, in: 'query', schema: { type: 'integer', minimum: 0 } })),
    { name: 'ordering', in: 'query', description: `One of ${orderings.join(', ')}, or several with commas; \`-\` before it for the other way round.`, schema: { type: 'string' } },
    ...filterParameters(filters),
  ] : [];
  const takesBody = body && ['POST', 'PUT', 'PATCH'].includes(method);
  return {
    operationId: `${method.toLowerCase()}${url.replace(/^\/api\/v0\.2/, '').replace(/[^\w]+/g, '_').replace(/_$/, '')}` || method.toLowerCase(),
    summary: `${words[method]} ${url.replace(/^\/api\/v0\.2\//, '') || 'the API'}`,
    tags: [resource],
    ...(query.length > 0 ? { parameters: query } : {}),
    ...(takesBody ? { requestBody: { required: true, content: bodyContent(body, method === 'PATCH' ? [] : required) } } : {}),
    responses: { [method === 'DELETE' ? '204' : method === 'POST' && filters ? '201' : '2XX']: { description: 'Done.' }, '4XX': { description: 'Refused, with the reason.' } },
  };
}

function bodyContent(body: Readonly<Record<string, WriteField>>, required: readonly string[]): Schema {
  const schema = { type: 'object', properties: Object.fromEntries(Object.entries(body).map(([name, field]) => [name, writeSchema(field)])), ...(required.length > 0 ? { required } : {}) };
  return { 'application/json': { schema }, 'application/x-www-form-urlencoded': { schema } };
}

function writeSchema(field: WriteField): Schema {
  const or = (type: string) => ('nullable' in field && field.nullable ? [type, 'null'] : type);
  switch (field.kind) {
    case 'text': return { type: or('string'), maxLength: field.most };
    case 'slug': return { type: 'string', maxLength: field.most, pattern: '^[-\\w]+$' };
    case 'integer': return { type: or('integer'), minimum: 0 };
    case 'boolean': return { type: 'boolean' };
    case 'choice': case 'word': return { enum: field.words };
  }
}

/** The filters of a list; those of another table are named as far as its own fields go. */
function filterParameters(fields: Fields, prefix = ''): Schema[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (field.kind !== 'relation') return lookupsOf(field).map((lookup) => parameter(prefix + name, lookup, field));
    const key = ['exact', 'in'].map((lookup) => parameter(prefix + name, lookup, field.key));
    return prefix === '' ? [...key, ...filterParameters(field.fields(), `${name}__`)] : key;
  });
}

function lookupsOf(field: Exclude<Field, { kind: 'relation' }>): readonly string[] {
  return field.kind === 'words' ? ['exact', 'in'] : field.lookups ?? textLookups;
}

function parameter(name: string, lookup: string, field: Exclude<Field, { kind: 'relation' }>): Schema {
  const type = lookup === 'isnull' ? { type: 'boolean' }
    : lookup === 'in' ? { type: 'string', description: 'Values with commas between them.' }
      : field.kind === 'words' ? { enum: field.words }
        : field.kind === 'time' ? { type: 'string', format: 'date-time' } : { type: field.kind === 'text' ? 'string' : field.kind };
  return { name: lookup === 'exact' ? name : `${name}__${lookup}`, in: 'query', schema: type };
}
