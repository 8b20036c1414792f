import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import { messageOf } from '@lava/base';
import { usersById, type User } from '../../auth/users.ts';
import { isWorkerToken } from '../../workers/worker-token.ts';
import type { Services } from '../../services.ts';
import { userOfToken } from '../who.ts';
import type { EventFeed, FedEvent, Listening } from './feed.ts';

/** A reader that is so far behind is cut off: these events are not kept, and it must read the states anew anyway. */
const mostBehind = 4 * 1024 * 1024;
const beatMs = 30_000;

/** `/ws/`: LAVA's events, each a JSON array of five texts: topic, UUID, time, user, JSON. */
export async function eventSocket(app: FastifyInstance, { services, feed }: { services: Services; feed: EventFeed }): Promise<void> {
  const listeners = new Map<WebSocket, User | null>();
  /** Workers of the HTTP protocol, by name: they hear of their own jobs, whoever may see those. */
  const workers = new Map<WebSocket, string>();

  const tell = (told: FedEvent) => {
    // What tests say of themselves has never gone to web sockets.
    if (told.parts[0].endsWith('.event')) return;
    const text = JSON.stringify(told.parts);
    const readers = [
      ...[...listeners].filter(([, user]) => told.maySee(user)),
      ...[...workers].filter(([, worker]) => told.worker === worker),
    ];
    for (const [socket] of readers) {
      if (socket.bufferedAmount > mostBehind) socket.terminate();
      else socket.send(text);
    }
  };
  // Without anybody here, no event is completed for nothing.
  let listening: Listening | undefined;
  const look = () => {
    if (listeners.size + workers.size > 0) listening ??= feed.listen(tell);
    else {
      listening?.stop();
      listening = undefined;
    }
  };
  const timer = setInterval(() => {
    for (const socket of [...listeners.keys(), ...workers.keys()]) socket.ping();
    refresh().catch((error: unknown) => services.log.warn(`[HTTP] who listens to events was not looked up: ${messageOf(error)}`));
  }, beatMs);
  /** What people may see changes while they listen; who may not be here any more is sent away. */
  async function refresh(): Promise<void> {
    const users = await usersById(services.db, [...listeners.values()].flatMap((user) => (user ? [user.id] : [])));
    for (const [socket, user] of listeners) {
      if (!user) continue;
      const now = users.get(user.id);
      if (now?.isActive) listeners.set(socket, now);
      else socket.close(4401, 'signed out');
    }
  }
  app.addHook('onClose', async () => { listening?.stop(); clearInterval(timer); });

  app.get('/ws/', { websocket: true }, (socket: WebSocket, request) => {
    socket.on('error', () => socket.terminate());
    socket.once('close', () => { listeners.delete(socket); workers.delete(socket); look(); });
    listenerOf(services, request.headers).then(
      (listener) => {
        if (socket.readyState !== socket.OPEN) return;
        if ('worker' in listener) workers.set(socket, listener.worker);
        else listeners.set(socket, listener.user);
        look();
      },
      (error: unknown) => {
        const message = error instanceof BadCredentials ? error.message : 'Internal error';
        socket.send(JSON.stringify({ error: message }), () => socket.close());
      },
    );
  });
  app.get('/ws/v1/healthz', async () => ({ health: 'good' }));
}

class BadCredentials extends Error {}

/** A worker, by `LAVA-Host` and `LAVA-Token`, or else a user. */
async function listenerOf(services: Services, headers: IncomingHttpHeaders): Promise<{ worker: string } | { user: User | null }> {
  const [worker, token] = [headers['lava-host'], headers['lava-token']];
  if (typeof worker !== 'string' || typeof token !== 'string') return { user: await basicUser(services, headers.authorization) };
  const known = await isWorkerToken(services.db, worker, token);
  if (!known) throw new BadCredentials(known === undefined ? 'Unknown worker' : 'Invalid worker token');
  return { worker };
}

/** The user of `Authorization: Basic user:token`; null without that header. */
async function basicUser(services: Services, header: string | undefined): Promise<User | null> {
  if (!header) return null;
  const [scheme, encoded = ''] = header.trim().split(/\s+/);
  if (scheme?.toLowerCase() !== 'basic') throw new BadCredentials('Only Basic authentication is supported');
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) throw new BadCredentials('Invalid basic authentication');
  const user = await userOfToken(services, decoded.slice(0, colon), decoded.slice(colon + 1));
  if (!user) throw new BadCredentials('Unknown user');
  return user;
}
