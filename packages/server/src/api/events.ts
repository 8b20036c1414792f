import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { WebSocket } from 'ws';
import { isoMicroseconds, messageOf } from '@lava/base';
import { deviceHealths, deviceStates, workerHealths, workerStates } from '@lava/job';
import { usersById, type User } from '../auth/users.ts';
import { may, type Guarded } from '../auth/permissions.ts';
import { grantsColumn, guardedDevice, maySeeJob } from '../auth/visibility.ts';
import type { ServerEvent, Services } from '../services.ts';
import { pythonJson } from './json.ts';
import { jobRows } from './read/jobs.ts';
import { userOfToken } from './who.ts';

const topic = 'org.lavasoftware';
/** A reader that is so far behind is cut off: these events are not kept, and it must read the states anew anyway. */
const mostBehind = 4 * 1024 * 1024;
const beatMs = 30_000;

type Frame = { readonly text: string; maySee(user: User | null): boolean };

/** `/ws/`: LAVA's events, each a JSON array of five texts: topic, UUID, time, user, JSON. */
export async function events(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  const listeners = new Map<WebSocket, User | null>();

  // Events go out in the order in which they came, although each is completed from the database first.
  let queue = Promise.resolve();
  const stop = services.events.subscribe((event) => {
    if (listeners.size === 0) return;
    const at = new Date();
    queue = queue.then(async () => {
      const frame = await frameOf(services, event, at);
      if (!frame) return;
      for (const [socket, user] of listeners) {
        if (!frame.maySee(user)) continue;
        if (socket.bufferedAmount > mostBehind) socket.terminate();
        else socket.send(frame.text);
      }
    }).catch((error: unknown) => services.log.warn(`[HTTP] an event was not told: ${messageOf(error)}`));
  });
  const timer = setInterval(() => {
    for (const socket of listeners.keys()) socket.ping();
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
  app.addHook('onClose', async () => { stop(); clearInterval(timer); });

  app.get('/ws/', { websocket: true }, (socket: WebSocket, request) => {
    socket.on('error', () => socket.terminate());
    socket.once('close', () => listeners.delete(socket));
    basicUser(services, request.headers.authorization).then(
      (user) => { if (socket.readyState === socket.OPEN) listeners.set(socket, user); },
      (error: unknown) => {
        const message = error instanceof BadCredentials ? error.message : 'Internal error';
        socket.send(JSON.stringify({ error: message }), () => socket.close());
      },
    );
  });
  app.get('/ws/v1/healthz', async () => ({ health: 'good' }));
}

class BadCredentials extends Error {}

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

async function frameOf(services: Services, event: ServerEvent, at: Date): Promise<Frame | undefined> {
  const frame = (suffix: string, user: string, content: Parameters<typeof pythonJson>[0], maySee: Frame['maySee']): Frame =>
    ({ text: JSON.stringify([`${topic}.${suffix}`, randomUUID(), isoMicroseconds(at), user, pythonJson(content)]), maySee });

  if (event.type === 'job') {
    const found = (await jobRows(services.db, [event.id]))[0];
    if (!found) return undefined;
    const { row, access } = found;
    const { sub_id } = await services.db.selectFrom('jobs').select('sub_id').where('id', '=', event.id).executeTakeFirstOrThrow();
    const time = (iso: string | null) => (iso === null ? undefined : isoMicroseconds(new Date(iso)));
    const content = {
      health: event.health, state: event.state, job: row.id, description: row.description, priority: row.priority, submit_time: time(row.submit_time),
      submitter: row.submitter, health_check: row.health_check, sub_id: sub_id || undefined, device: row.device ?? undefined, worker: row.worker ?? undefined,
      device_type: row.device_type ?? undefined, start_time: time(row.start_time), end_time: time(row.end_time),
    };
    const known = Object.fromEntries(Object.entries(content).filter(([, v]) => v !== undefined)) as Record<string, string | number | boolean>;
    return frame('testjob', row.submitter, known, (user) => maySeeJob(user, access));
  }
  if (event.type === 'device') {
    const { rows } = await sql<{ hostname: string; device_type: string; worker: string | null; state: number; health: number; job: number | null; sub_id: string | null; guard: Guarded }>`
      select d.hostname, d.device_type, d.worker, d.state, d.health, j.id as job, j.sub_id, ${guardedDevice('d.hostname', 'd.device_type')} as guard
      from devices d left join jobs j on j.actual_device = d.hostname and j.state < 5 where d.hostname = ${event.hostname}`.execute(services.db);
    const d = rows[0];
    if (!d) return undefined;
    const job: Record<string, string | number> = d.job === null ? {} : { job: d.sub_id || d.job };
    return frame('device', 'lavaserver', { health: deviceHealths[d.health]!, state: deviceStates[d.state]!, device: d.hostname, device_type: d.device_type, worker: d.worker, ...job }, (user) => may(user, 'view', d.guard));
  }
  if (event.type === 'worker') {
    const w = await services.db.selectFrom('workers').select(['hostname', 'health', 'state', grantsColumn('worker', 'workers.hostname').as('grants')]).where('hostname', '=', event.hostname).executeTakeFirst();
    return w && frame('worker', 'lavaserver', { hostname: w.hostname, health: workerHealths[w.health]!, state: workerStates[w.state]! }, (user) => may(user, 'view', { kind: 'worker', grants: w.grants }));
  }
  return undefined; // log records, results and test events do not go to web sockets
}
