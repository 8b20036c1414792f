import type { FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import { messageOf } from '@lava/base';
import type { Services } from '../../services.ts';
import { toHttpError } from '../errors.ts';
import { visibleJobId } from '../job-id.ts';
import { identifyRequests } from '../who.ts';
import { listChanges } from './changes.ts';
import { watchJob, type JobWatch } from './job-watch.ts';
import { checkOrigin, send, watchOver } from './socket.ts';

/** Jobs that one connection may watch at a time. */
const mostWatches = 50;

interface Command { watch?: unknown; unwatch?: unknown; job?: unknown; from?: unknown }

/** `/ws/live`: log lines, results and states as they happen (docs/api.md). */
export async function live(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  identifyRequests(app, services);
  app.addHook('preValidation', async (request) => checkOrigin(request));
  const lists = listChanges(services);
  app.addHook('onClose', async () => lists.close());

  app.get('/ws/live', { websocket: true }, (socket: WebSocket, request) => {
    const watches = new Map<number, JobWatch>();
    let leaveLists: (() => void) | undefined;
    const tell = (message: unknown) => { send(socket, JSON.stringify(message)).catch(() => {}); };
    const fail = (message: string) => tell({ type: 'error', message });
    const unwatch = (job: number) => { watches.get(job)?.stop(); watches.delete(job); };

    const stop = services.events.subscribe((event) => {
      if (event.type === 'device' || event.type === 'worker') return;
      watches.get(event.type === 'job' ? event.id : event.job)?.wake(event);
    });
    socket.once('close', () => {
      stop();
      leaveLists?.();
      for (const job of watches.keys()) unwatch(job);
    });
    socket.on('error', () => socket.terminate());
    watchOver(socket, request, services, () => { for (const w of watches.values()) w.wake('all'); });

    async function obey(command: Command): Promise<void> {
      const { job, from = 0 } = command;
      if (command.watch === 'lists') {
        leaveLists ??= lists.add({ user: () => request.user, behind: () => socket.bufferedAmount, send: (text) => { send(socket, text).catch(() => {}); } });
      } else if (command.unwatch === 'lists') {
        leaveLists?.();
        leaveLists = undefined;
      } else if ((command.watch === 'job' || command.unwatch === 'job') && isCount(job) && isCount(from)) {
        unwatch(job);
        if (command.unwatch === 'job') return;
        if (watches.size >= mostWatches) { fail(`One connection watches at most ${mostWatches} jobs.`); return; }
        await visibleJobId(services, request.user, String(job));
        if (socket.readyState !== socket.OPEN) return;
        const watch = watchJob({
          services, job, from, user: () => request.user, send: (text) => send(socket, text),
          failed: (error) => {
            if (watches.get(job) === watch) watches.delete(job);
            if (socket.readyState !== socket.OPEN) return;
            services.log.warn(`[HTTP] watching job ${job} ended: ${messageOf(error)}`);
            // The client comes back and asks from where it is.
            socket.close(1011, 'try again');
          },
        });
        watches.set(job, watch);
      } else fail('The request was not understood. It is {"watch": "job", "job": N, "from": N}, {"unwatch": "job", "job": N} or {"watch": "lists"}.');
    }

    // One command after the other: a watch that is replaced by a later one must not outlive it.
    let queue = Promise.resolve();
    socket.on('message', (data, isBinary) => {
      let command: unknown;
      try { command = isBinary ? undefined : JSON.parse(String(data)); } catch { /* answered below */ }
      if (typeof command !== 'object' || command === null) { fail('Send JSON texts.'); return; }
      queue = queue.then(() => obey(command as Command)).catch((error: unknown) => fail(toHttpError(error).message));
    });
  });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 31 - 1;
