import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { definitionLimit } from '../body.ts';
import { HttpError, loginRequired } from '../errors.ts';
import { fieldError, fieldText } from './refusals.ts';
import type { Fields } from './filter.ts';
import type { WriteField } from './write.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export type RestRequest<P = unknown> = FastifyRequest<{ Params: P; Querystring: Record<string, string | string[] | undefined>; Body: unknown }>;
type Handler<P> = (request: RestRequest<P>, reply: FastifyReply) => Promise<unknown>;

/** What the description of the API says of an address beside its methods. */
interface Description {
  /** Filters of a list, and the fields it can be ordered by. */
  readonly filters?: Fields;
  readonly orderings?: readonly string[];
  /** Fields of what is sent, and those that must be there. */
  readonly body?: Readonly<Record<string, WriteField>>;
  readonly required?: readonly string[];
}

export interface Described extends Description {
  readonly url: string;
  readonly methods: readonly string[];
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The addresses of the REST API, where somebody describes it. */
    restRoutes?: Described[];
  }
}

/** A text of a body, for descriptions. */
export const textBody = (...names: string[]) => ({ body: Object.fromEntries(names.map((name) => [name, { kind: 'text', column: name, most: definitionLimit }] as const)), required: names });

const renders = ['application/json'];
const parses = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'];

/** A path with its methods; any other method is told to be wrong, to who is not signed in only if it reads. */
export function route<P>(app: FastifyInstance, url: string, handlers: Partial<Record<Method, Handler<P>>>, { bodyLimit, ...description }: Description & { bodyLimit?: number } = {}): void {
  const options = bodyLimit === undefined ? {} : { bodyLimit };
  app.restRoutes?.push({ url: app.prefix + url, methods: Object.keys(handlers), ...description });
  for (const [method, handler] of Object.entries(handlers)) app.route<{ Params: P }>({ method, url, ...options, handler: handler as never });
  const allow = [...methods.filter((m) => handlers[m]), ...(handlers.GET ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  app.route({ method: 'OPTIONS', url, handler: async (_request, reply) => reply.header('allow', allow).send({ name: url, description: '', renders, parses }) });
  app.route({
    method: methods.filter((m) => !handlers[m]), url,
    handler: async (request, reply) => {
      if (request.user === null && request.method !== 'GET') throw loginRequired();
      reply.header('allow', allow);
      throw new HttpError(405, 'wrong-method', `Method "${request.method}" not allowed.`);
    },
  });
}

/** The address of the API as the client sees it. */
export function base(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}/api/v0.2`;
}

/** A text of the body, not empty. */
export function bodyText(request: RestRequest, field: string, messages: { missing?: string; wrongType?: string } = {}): string {
  const body: unknown = request.body;
  const value: unknown = typeof body === 'object' && body !== null && !Array.isArray(body) && Object.hasOwn(body, field) ? (body as Record<string, unknown>)[field] : undefined;
  if (value === undefined) throw missing(field, messages.missing, 'This field is required.');
  if (value === null) throw missing(field, messages.missing, 'This field may not be null.');
  if (typeof value !== 'string') throw missing(field, messages.wrongType, 'Not a valid string.');
  if (value.trim() === '') throw missing(field, messages.missing, 'This field may not be blank.');
  return value;
}

/** A text of its own comes bare, the usual ones come in a list. */
const missing = (field: string, own: string | undefined, usual: string) => (own === undefined ? fieldError(field, usual) : fieldText(field, own));

/** A flag of the body, which forms send as a word; false if it is not there. */
export function bodyFlag(request: RestRequest, field: string): boolean {
  const body: unknown = request.body;
  const value: unknown = typeof body === 'object' && body !== null && Object.hasOwn(body, field) ? (body as Record<string, unknown>)[field] : undefined;
  return typeof value === 'string' ? !/^(?:false|no|off|0|)$/i.test(value.trim()) : Boolean(value);
}

/** A time as the API writes it: UTC with microseconds and `Z`; whole seconds without a fraction. */
export function restTime(time: Date | null): string | null {
  return time && time.toISOString().replace(/\.(\d{3})Z$/, (_, ms: string) => (ms === '000' ? 'Z' : `.${ms}000Z`));
}
