import { request as askHttp } from 'node:http';
import { request as askHttps } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { messageOf, type DaemonLog } from '@lava/base';
import { HttpError } from './errors.ts';

export interface LeaderAddress {
  /** This process leads: it answers itself. */
  leading(): boolean;
  /** Where the leader's HTTP is; undefined while there is none. */
  url(): Promise<string | undefined>;
}

/** A request that came to a server before it led or since it does no more: not sent on a second time. */
const sentOn = 'lava-sent-on';
/** Milliseconds until the leader has begun to answer. */
const patience = 30_000;

/** While a new leader is being found: the client tries again. */
export const noLeader = () => new HttpError(503, 'no-leader', 'No server leads just now; another takes over within seconds.', { hint: 'Try again in a few seconds.' });

/** Requests below these paths are answered by the leader, whichever server they reach. */
export function toLeader(app: FastifyInstance, prefixes: readonly string[], leader: LeaderAddress, log: DaemonLog): void {
  app.addHook('onRequest', async (request, reply) => {
    if (leader.leading() || !prefixes.some((prefix) => request.url.startsWith(`${prefix}/`))) return;
    const url = sentOn in request.headers ? undefined : await leader.url();
    if (url === undefined) throw noLeader();
    const to = new URL(request.url, url);
    const { 'transfer-encoding': _, connection: __, ...headers } = request.headers;
    await new Promise<void>((resolve, reject) => {
      const asked = (to.protocol === 'https:' ? askHttps : askHttp)(to, { method: request.method, headers: { ...headers, [sentOn]: '1', 'x-forwarded-for': request.ip }, timeout: patience }, (answer) => {
        void reply.code(answer.statusCode ?? 502).headers(answer.headers).send(answer);
        resolve();
      });
      asked.once('timeout', () => asked.destroy(new Error('no answer')));
      asked.once('error', (error) => {
        log.warn(`[HTTP] the leader at ${to.origin} did not answer: ${messageOf(error)}`);
        reject(noLeader());
      });
      request.raw.pipe(asked);
    });
    return reply;
  });
}
