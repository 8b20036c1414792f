import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { lavaPaths } from '@lava/base';
import { formatRecord, jobHealths, jobStates, testResults, type JobHealth, type JobState, type LogLevel, type LogValue, type TestResult } from '@lava/job';
import { WebSocket } from 'ws';
import { hashPassword } from '../auth/passwords.ts';
import type { SignInSettings } from '../auth/sign-in-settings.ts';
import { newToken } from '../auth/tokens.ts';
import { renderFrom } from '../devices/renderer.ts';
import { eventBus } from '../event-bus.ts';
import { LogFile } from '../logs/log-file.ts';
import { openServices } from '../core/open-services.ts';
import type { Services } from '../services.ts';
import { quietLog, startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { startHttp } from './http.ts';

type Who = 'anonymous' | 'alice' | 'bob' | 'root';

interface Ask {
  readonly as?: Who;
  readonly method?: string;
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; fails when it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly json: any;
}

/** A real HTTP server on a real database, with users alice and bob, the superuser root and a qemu device. */
export interface TestServer {
  readonly services: Services;
  readonly url: string;
  readonly tokens: Readonly<Record<Who, string>>;
  ask(path: string, options?: Ask): Promise<Answer>;
  addJob(job?: { submitter?: Who; isPublic?: boolean; groups?: string[]; state?: JobState; health?: JobHealth; definition?: string; description?: string; device?: string | null }): Promise<number>;
  addCases(job: number, suite: string, cases: { name: string; result?: TestResult; measurement?: string; units?: string; metadata?: string; lines?: [number, number]; set?: string }[]): Promise<number[]>;
  /** Appends records and tells it, as the intake of logs does. */
  appendLog(job: number, records: readonly (readonly [LogLevel, LogValue])[] | string): Promise<number>;
  /** Writes a file beside the log of a job. */
  writeJobFile(job: number, name: string, text: string): Promise<void>;
  socket(path: string, as?: Who, headers?: Record<string, string>): Promise<TestSocket>;
  stop(): Promise<void>;
}

interface TestSocket {
  readonly socket: WebSocket;
  // oxlint-disable-next-line typescript/no-explicit-any -- messages of every shape
  readonly messages: any[];
  /** Waits until `wanted` is true of the messages so far. */
  // oxlint-disable-next-line typescript/no-explicit-any -- messages of every shape
  until(wanted: (messages: any[]) => boolean): Promise<void>;
}

export const testDefinition = 'job_name: boot\ndevice_type: qemu\ntimeouts:\n  job: {minutes: 10}\nvisibility: public\nactions: []\n';

export async function startTestServer(options: { webRoot?: string; databases?: TestDatabases; signIn?: SignInSettings } = {}): Promise<TestServer> {
  const databases = options.databases ?? await startTestDatabases();
  const connection = await databases.fresh(0.2);
  const { db } = connection;
  const events = eventBus(quietLog);
  const paths = lavaPaths(await mkdtemp(join(databases.folder, 'http-')));
  const services = openServices({ connection, events, log: quietLog, paths, settings: { contextVariables: [], queueTimeout: null }, render: renderFrom({ db, paths }) });
  const { folders } = services;
  const password = await hashPassword('secret');
  const ids: Record<string, number> = {};
  const tokens: Record<Who, string> = { anonymous: '', alice: '', bob: '', root: '' };
  for (const username of ['alice', 'bob', 'root'] as const) {
    const user = await db.insertInto('users').values({ username, password, is_superuser: username === 'root' }).returning('id').executeTakeFirstOrThrow();
    ids[username] = user.id;
    tokens[username] = await newToken(db, user.id, 'test');
  }
  await db.insertInto('device_types').values({ name: 'qemu' }).execute();
  await db.insertInto('workers').values({ hostname: 'worker01', state: 0 }).execute();
  await db.insertInto('devices').values({ hostname: 'qemu01', device_type: 'qemu', worker: 'worker01', health: 0 }).execute();
  await services.devices.setDictionary('qemu01', "{% extends 'qemu.jinja2' %}\n", 'root');
  const { url, close } = await startHttp(services, { host: '127.0.0.1', port: 0, webRoot: options.webRoot, signIn: options.signIn });
  const files = new Map<number, LogFile>();
  const sockets = new Set<WebSocket>();
  const authorization = (who: Who): Record<string, string> => (who === 'anonymous' ? {} : { authorization: `Token ${tokens[who]}` });

  return {
    services, url, tokens,
    async ask(path, { as = 'anonymous', method, json, body, headers = {} } = {}) {
      const sent = json === undefined ? body : JSON.stringify(json);
      const response = await fetch(url + path, {
        method: method ?? (sent === undefined ? 'GET' : 'POST'), redirect: 'manual', body: sent ?? null,
        headers: { ...authorization(as), ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, get json() { return JSON.parse(text) as unknown; } };
    },
    async addJob({ submitter = 'alice', isPublic = true, groups = [], state = 'Finished', health = 'Complete', definition = testDefinition, description = 'boot', device } = {}) {
      const started = state === 'Submitted' ? null : new Date('2026-11-22T10:30:00Z');
      const { id } = await db.insertInto('jobs').values({
        submitter: ids[submitter]!, description, definition, original_definition: definition, is_public: isPublic, requested_device_type: 'qemu',
        actual_device: device === undefined ? (state === 'Submitted' ? null : 'qemu01') : device, state: jobStates.indexOf(state), health: state === 'Finished' ? jobHealths.indexOf(health) : 0,
        start_time: started, end_time: state === 'Finished' ? new Date('2026-11-22T10:31:00.25Z') : null,
      }).returning('id').executeTakeFirstOrThrow();
      for (const name of groups) {
        await sql`insert into groups (name) values (${name}) on conflict do nothing`.execute(db);
        await sql`insert into job_groups (job, group_id) select ${id}, id from groups where name = ${name}`.execute(db);
      }
      return id;
    },
    async addCases(job, suite, cases) {
      await sql`insert into test_suites (job, name) values (${job}, ${suite}) on conflict do nothing`.execute(db);
      const { id: suiteId } = await db.selectFrom('test_suites').select('id').where('job', '=', job).where('name', '=', suite).executeTakeFirstOrThrow();
      const added: number[] = [];
      for (const c of cases) {
        if (c.set) await sql`insert into test_sets (suite_id, name) values (${suiteId}, ${c.set}) on conflict do nothing`.execute(db);
        const set = c.set ? await db.selectFrom('test_sets').select('id').where('suite_id', '=', suiteId).where('name', '=', c.set).executeTakeFirstOrThrow() : undefined;
        const row = await db.insertInto('test_cases').values({
          suite_id: suiteId, set_id: set?.id ?? null, job, name: c.name, result: testResults.indexOf(c.result ?? 'pass'), measurement: c.measurement ?? null, units: c.units ?? '',
          metadata: c.metadata ?? `case: ${c.name}\ndefinition: ${suite}\nresult: ${c.result ?? 'pass'}\n`, start_log_line: c.lines?.[0] ?? null, end_log_line: c.lines?.[1] ?? null,
        }).returning('id').executeTakeFirstOrThrow();
        added.push(row.id);
      }
      events.publish({ type: 'results', job, cases: added });
      return added;
    },
    async appendLog(job, records) {
      let file = files.get(job);
      if (!file) files.set(job, file = await LogFile.open((await folders.of(job))!));
      const lines = typeof records === 'string' ? records : records.map(([lvl, msg]) => formatRecord(lvl, msg)).join('');
      await file.append(Buffer.from(lines), lines.split('\n').length - 1);
      events.publish({ type: 'log', job, lines: file.synced });
      return file.synced;
    },
    async writeJobFile(job, name, text) {
      const path = join((await folders.of(job))!, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    },
    async socket(path, as = 'anonymous', headers = {}) {
      const socket = new WebSocket(url.replace('http', 'ws') + path, { headers: { ...authorization(as), ...headers } });
      sockets.add(socket);
      const messages: unknown[] = [];
      const waiting = new Set<() => void>();
      socket.on('message', (data) => { messages.push(JSON.parse(String(data))); for (const look of waiting) look(); });
      socket.on('close', () => { for (const look of waiting) look(); });
      await new Promise<void>((resolve, reject) => { socket.once('open', () => resolve()); socket.once('error', reject); });
      return {
        socket, messages,
        until: (wanted) => new Promise((resolve, reject) => {
          const look = () => {
            if (wanted(messages)) { waiting.delete(look); resolve(); }
            else if (socket.readyState === WebSocket.CLOSED) { waiting.delete(look); reject(new Error(`the socket closed; it had sent ${JSON.stringify(messages).slice(-2000)}`)); }
          };
          waiting.add(look);
          look();
        }),
      };
    },
    async stop() {
      for (const s of sockets) s.terminate();
      await close();
      for (const f of files.values()) await f.close();
      await connection.close().catch(() => {});
      if (!options.databases) await databases.stop();
    },
  };
}
