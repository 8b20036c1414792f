import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { messageOf } from '@lava/base';
import type { Services } from '../../services.ts';
import { badRequest, HttpError } from '../errors.ts';
import { text, whole, type Query } from '../query.ts';
import { identifyRequests, whoAsks } from '../who.ts';
import type { EventFeed, FedEvent } from './feed.ts';

/** What may be asked for: the last parts of LAVA's topics. */
const types = ['testjob', 'device', 'worker', 'event'];
/** A reader that is so far behind is cut off; it comes back with `Last-Event-ID` and gets what it missed. */
const mostBehind = 4 * 1024 * 1024;
const beatMs = 15_000;

/** `/api/v1/events`: LAVA's events as server-sent events, for scripts (docs/notifications.md). */
export async function eventStream(app: FastifyInstance, { services, feed }: { services: Services; feed: EventFeed }): Promise<void> {
  identifyRequests(app, services);
  const open = new Set<PassThrough>();
  app.addHook('preClose', async () => { for (const stream of open) stream.end(); });

  app.get<{ Querystring: Query }>('/api/v1/events', async (request, reply) => {
    const wanted = (text(request.query, 'type') ?? types.join(',')).split(',');
    const unknown = wanted.find((type) => !types.includes(type));
    if (unknown !== undefined) throw badRequest(`There are no events of type "${unknown}": use ${types.join(', ')}.`);
    const job = whole(request.query, 'job', 1, 2 ** 31 - 1);
    const after = request.headers['last-event-id'];

    const stream = new PassThrough({ highWaterMark: mostBehind });
    const write = (lines: string) => {
      if (stream.writable && !stream.write(`${lines}\n\n`)) stream.destroy();
    };
    const replayed: FedEvent[] = [];
    let ready = false;
    const tell = (event: FedEvent) => {
      const [topic, uuid, time, user, json] = event.parts;
      const type = topic.slice(topic.lastIndexOf('.') + 1);
      if (!wanted.includes(type) || !event.maySee(request.user)) return;
      const data = JSON.parse(json) as { job?: number };
      if (job !== undefined && data.job !== job) return;
      write(`id: ${event.id}\nevent: ${type}\ndata: ${JSON.stringify({ topic, uuid, time, user, data })}`);
    };
    const listening = feed.listen((event) => { if (ready) tell(event); else replayed.push(event); }, typeof after === 'string' && after !== '' ? after : undefined);
    // A listener that leaves before the first event comes back to this place.
    write(`retry: 1000\n${replayed.length === 0 ? `id: ${listening.id}\n` : ''}event: open\ndata: ${JSON.stringify({ missed: listening.missed })}`);
    ready = true;
    for (const event of replayed.splice(0)) tell(event);

    const name = request.user?.username;
    const timer = setInterval(() => {
      write(':');
      // What people may see changes while they listen; an absent database signs nobody out.
      whoAsks(services, request).then(
        ({ user }) => { if (user?.username === name) request.user = user; else stream.end(); },
        (error: unknown) => { if (error instanceof HttpError) stream.end(); else services.log.debug(`[HTTP] ${messageOf(error)}`); },
      );
    }, beatMs);
    open.add(stream);
    stream.once('close', () => {
      clearInterval(timer);
      listening.stop();
      open.delete(stream);
    });
    return reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').header('x-accel-buffering', 'no').send(stream);
  });
}
