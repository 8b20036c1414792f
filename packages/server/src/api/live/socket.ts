import type { WebSocket } from 'ws';
import type { FastifyRequest } from 'fastify';
import type { Services } from '../../services.ts';
import { HttpError } from '../errors.ts';
import { whoAsks } from '../who.ts';

/** Sends a text; resolves when the network has taken it, so that whoever waits for it goes at the reader's pace. */
export function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => { socket.send(text, (error) => (error ? reject(error) : resolve())); });
}

/**
 * Refuses a page of another site that opens a socket in the name of whoever is signed in here: the browser sends the
 * cookie along, and only `Origin` tells.
 */
export function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (!request.bySession || origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === request.host) return;
  throw new HttpError(403, 'foreign-origin', 'This socket may be opened only by pages of this server.');
}

const beatMs = 30_000;
/** Beats without an answer: over a slow line one waits behind much that was sent before. */
const mostSilent = 4;

/**
 * Ends a socket whose other side is gone, or whose user may no longer be here (session over, token removed, account
 * closed). `onBeat` runs at every beat.
 */
export function watchOver(socket: WebSocket, request: FastifyRequest, services: Services, onBeat: () => void): void {
  const name = request.user?.username;
  let silent = 0;
  socket.on('pong', () => { silent = 0; });
  const timer = setInterval(() => {
    if (silent >= mostSilent) { socket.terminate(); return; }
    silent += 1;
    socket.ping();
    onBeat();
    if (name !== undefined) {
      whoAsks(services, request).then(
        ({ user }) => { if (user?.username === name) request.user = user; else socket.close(4401, 'signed out'); },
        (error: unknown) => { if (error instanceof HttpError) socket.close(4401, 'signed out'); }, // an absent database signs nobody out
      );
    }
  }, beatMs);
  socket.once('close', () => clearInterval(timer));
}
