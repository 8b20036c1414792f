import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ActionRow, CaseRow } from '../src/api/types.ts';
import { fakeAdmin } from './fake-admin.ts';
import { fakeQueries } from './fake-queries.ts';
import { count, type LabJob, makeLab, row } from './lab.ts';

/**
 * The HTTP interface of docs/api.md over a made-up lab, to look at pages without a server: a running job whose log
 * grows, a log of 100,000 lines, failures, an empty lab. For pictures and for tests of the pages.
 */
export interface FakeServer {
  url: string;
  /** Cuts the live connections, as a lost network does, and takes no new ones until `mend`. */
  drop(): void;
  mend(): void;
  /** Makes a job's log that long. */
  longer(job: number, lines: number): void;
  stop(): Promise<void>;
}

const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export async function startFakeServer(options: { dist: string; port?: number; empty?: boolean; user?: string | null; linesPerSecond?: number }): Promise<FakeServer> {
  const lab = makeLab(Date.now(), options.empty);
  const admin = fakeAdmin(lab);
  let user = options.user === undefined ? 'ann' : options.user;
  const sockets = new Set<WebSocket>();
  const watches = new Map<WebSocket, Map<number, number>>();
  const tell = (socket: WebSocket, message: unknown) => socket.send(JSON.stringify(message));
  const changed = (kind: string, of: unknown) => { for (const s of sockets) tell(s, { type: 'changed', kind, row: of }); };

  /** Sends a watcher what it has not seen. */
  const feed = (socket: WebSocket, id: number) => {
    const entry = lab.jobs.get(id);
    const at = watches.get(socket)?.get(id);
    if (entry === undefined || at === undefined || at >= entry.log.length) return;
    const records = entry.log.slice(at, at + 2000);
    tell(socket, { type: 'log', job: id, first: at, records });
    watches.get(socket)?.set(id, at + records.length);
    feed(socket, id);
  };
  const toWatchers = (id: number, message: unknown) => { for (const [s, jobs] of watches) if (jobs.has(id)) tell(s, message); };

  let step = 0;
  const grow = (entry: LabJob) => {
    const { job, log } = entry;
    const now = () => new Date().toISOString().replace('Z', '000+00:00');
    for (let i = 0; i < Math.max(1, (options.linesPerSecond ?? 8) / 4); i++) log.push({ dt: now(), lvl: step % 40 === 0 ? 'debug' : 'target', msg: step % 40 === 0 ? `Received signal: <STARTTC> live-${step}` : `live line ${log.length}: \u001b[3${1 + (step % 6)}mcolour ${step}\u001b[0m` });
    step += 1;
    if (step % 12 === 0) {
      const c: CaseRow = { id: lab.ids.next++, name: `live-${step}`, result: step % 60 === 0 ? 'fail' : 'pass', measurement: step % 24 === 0 ? `${step}.5000000000` : null, units: 'ms', set: null, start_log_line: log.length - 3, end_log_line: log.length - 1, log_line: log.length - 1, logged: now(), metadata: {} };
      entry.suites.find((s) => s.name === '0_smoke')?.cases.push(c);
      toWatchers(job.id, { type: 'results', job: job.id, suite: '0_smoke', cases: [c] });
      count(entry);
      toWatchers(job.id, { type: 'job', job });
      changed('job', row(job));
    }
    if (step % 20 === 0) {
      const last = entry.actions.findLast((a) => a.level.startsWith('3.1.'));
      const news: ActionRow[] = [];
      if (last !== undefined && last.ended_at === null) { last.ended_at = now(); last.end_line = log.length - 1; news.push(last); }
      const next: ActionRow = { level: `3.1.${step / 20}`, name: `test-step-${step / 20}`, namespace: 'common', timeout: 60, start_line: log.length - 1, end_line: null, started_at: now(), ended_at: null, failed: false, usual_seconds: null };
      entry.actions.push(next);
      toWatchers(job.id, { type: 'actions', job: job.id, actions: [...news, next] });
    }
    job.log_lines = log.length;
    for (const [s, jobs] of watches) if (jobs.has(job.id)) feed(s, job.id);
  };
  const timer = setInterval(() => { const running = lab.jobs.get(43); if (running?.job.state === 'Running') grow(running); }, 250);

  const api = async (request: IncomingMessage, response: ServerResponse, path: string, query: URLSearchParams) => {
    const json = (body: unknown, status = 200) => {
      const bytes = gzipSync(JSON.stringify(body), { level: 1 });
      response.writeHead(status, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bytes);
    };
    const fail = (status: number, code: string, message: string, more: object = {}) => json({ error: { code, message, ...more } }, status);
    const body = request.method === 'POST' || request.method === 'PATCH' ? JSON.parse(await text(request) || '{}') as Record<string, string> : {};
    const me = { username: user, is_superuser: user === 'ann', version: '2026.11.0' };
    const more = admin.answer(request.method ?? 'GET', path, request.method === 'GET' ? Object.fromEntries(query) : body);
    if (more !== undefined) { if (more.status === 204) response.writeHead(204).end(); else json(more.body, more.status); return; }
    const found = fakeQueries(lab, path);
    if (found !== undefined) { json(found); return; }
    if (path === 'me') { json(me); return; }
    if (path === 'sign-in') { json({ require_login: false, providers: [{ name: 'example', label: 'Example', url: '/login/oidc/example' }] }); return; }
    if (path === 'login') { if (body.password !== 'secret') { fail(401, 'login', 'User name or password is wrong.'); return; } user = body.username ?? ''; json({ ...me, username: user, is_superuser: user === 'ann' }); return; }
    if (path === 'logout') { user = null; response.writeHead(204).end(); return; }
    if (path === 'validate' || (path === 'jobs' && request.method === 'POST')) {
      const problems = check(body.definition ?? '');
      if (path === 'validate') { json({ valid: problems.length === 0, problems }); return; }
      if (problems.length > 0) { fail(400, 'invalid', 'The definition has problems.', { problems }); return; }
      json({ job_ids: [43], warnings: [] }, 201);
      return;
    }
    if (path === 'jobs') {
      const states = query.get('state')?.split(','); const healths = query.get('health')?.split(','); const find = (query.get('search') ?? '').toLowerCase(); const limit = Number(query.get('limit') ?? 50);
      const all = [...lab.jobs.values()].map((e) => e.job).sort((a, b) => b.id - a.id);
      const fits = all.filter((j) => (states?.includes(j.state) ?? true) && (healths?.includes(j.health) ?? true) && (['device', 'submitter'] as const).every((k) => query.get(k) === null || j[k] === query.get(k)) && (query.get('type') === null || j.device_type === query.get('type'))
        && (query.get('before') === null || j.id < Number(query.get('before'))) && `${j.id} ${j.description} ${j.device} ${j.submitter}`.toLowerCase().includes(find));
      json({ jobs: fits.slice(0, limit).map(row), more: fits.length > limit, counts: { queued: all.filter((j) => j.state === 'Submitted').length, running: all.filter((j) => ['Running', 'Scheduled'].includes(j.state)).length, finished: all.filter((j) => j.state === 'Finished').length } });
      return;
    }
    const [, id, rest = ''] = /^jobs\/([^/]+)\/?(.*)$/u.exec(path) ?? [];
    if (id !== undefined) {
      const entry = lab.jobs.get(Number(id));
      if (entry === undefined) { fail(404, 'not-found', `There is no job ${id}.`); return; }
      if (rest === '') { json(entry.job); return; }
      if (rest === 'actions') { json({ actions: entry.actions }); return; }
      if (rest === 'results') { json({ suites: entry.suites }); return; }
      if (rest === 'configuration') { json({ definition: `${entry.definition}secrets: {}\n`, original_definition: entry.definition, multinode_definition: entry.job.role === null ? null : `# The whole group.\n${entry.definition}`, device: entry.device }); return; }
      if (rest === 'notifications') { json({ notifications: lab.notifications.get(entry.job.id) ?? [] }); return; }
      if (rest === 'cancel') { entry.job.state = 'Finished'; entry.job.health = 'Canceled'; entry.job.end_time = new Date().toISOString(); toWatchers(entry.job.id, { type: 'job', job: entry.job }); changed('job', row(entry.job)); json({ message: 'ok' }); return; }
      if (rest === 'annotation') { entry.job.failure_comment = body.comment ?? null; entry.job.failure_tags = body.tags as unknown as string[]; response.writeHead(204).end(); return; }
      if (rest === 'log') {
        const records = entry.log.slice(Number(query.get('start') ?? 0), Math.min(Number(query.get('end') ?? Infinity), Number(query.get('start') ?? 0) + 20_000));
        response.writeHead(200, { 'content-type': 'application/x-ndjson', 'x-total-lines': entry.log.length, 'content-encoding': 'gzip' }).end(gzipSync(records.map((r) => JSON.stringify(r)).join('\n'), { level: 1 }));
        return;
      }
      if (rest === 'log/search') {
        const q = (query.get('q') ?? '').toLowerCase(); const wanted = query.get('level')?.split(',');
        const lines = entry.log.flatMap((r, n) => ((wanted?.includes(r.lvl) ?? true) && (typeof r.msg === 'string' ? r.msg : JSON.stringify(r.msg)).toLowerCase().includes(q) ? [n] : []));
        json({ lines: lines.slice(0, 10_000), total: lines.length });
        return;
      }
    }
    if (path === 'failure-tags') { json({ failure_tags: [{ id: 1, name: 'flaky', description: 'Fails now and then' }] }); return; }
    if (path === 'devices') { json({ devices: lab.devices }); return; }
    if (path.startsWith('devices/')) {
      const device = lab.devices.find((d) => d.hostname === path.split('/')[1]);
      if (device === undefined) { fail(404, 'not-found', 'There is no such device.'); return; }
      if (path.endsWith('/health')) { device.health = body.health ?? ''; lab.audit.unshift({ at: new Date().toISOString(), actor: user ?? '', kind: 'device', object: device.hostname, message: `Health: ${body.health} (${body.reason})` }); changed('device', device); }
      json(device);
      return;
    }
    if (path === 'device-types') {
      const names = [...new Set(lab.devices.map((d) => d.device_type))];
      json({ device_types: names.map((name) => { const of = lab.devices.filter((d) => d.device_type === name); return { name, display: true, devices: of.length, idle: of.filter((d) => d.state === 'Idle' && ['Good', 'Unknown'].includes(d.health)).length, busy: of.filter((d) => d.state !== 'Idle').length, queued: [...lab.jobs.values()].filter((e) => e.job.state === 'Submitted' && e.job.device_type === name).length }; }) });
      return;
    }
    if (path === 'workers') { json({ workers: lab.workers }); return; }
    if (path.startsWith('workers/')) {
      const worker = lab.workers.find((w) => w.hostname === path.split('/')[1]);
      if (worker === undefined) { fail(404, 'not-found', 'There is no such worker.'); return; }
      json({ ...worker, devices: lab.devices.filter((d) => d.worker === worker.hostname) });
      return;
    }
    if (path === 'audit') { json({ entries: lab.audit.filter((e) => e.kind === query.get('kind') && e.object === query.get('object')) }); return; }
    fail(404, 'not-found', `No such address: ${path}`);
  };

  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://host');
    const [, base, path] = /^\/api\/(v1|v0\.2)\/(.*)$/u.exec(url.pathname) ?? [];
    if (path !== undefined) { void api(request, response, decodeURIComponent(base === 'v1' ? path : `v0.2/${path}`), url.searchParams).catch((e: unknown) => response.writeHead(500).end(String(e))); return; }
    // What LAVA has at its own addresses.
    if (url.pathname === '/results/query/+get-group-names') { response.writeHead(200, { 'content-type': 'application/json' }).end('[{"id":2,"name":"kernel","label":"kernel"}]'); return; }
    const asset = join(options.dist, url.pathname);
    const file = url.pathname !== '/' && existsSync(asset) && statSync(asset).isFile() ? asset : join(options.dist, 'index.html');
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  let down = false;
  const ws = new WebSocketServer({ server: http, path: '/ws/live', verifyClient: () => !down });
  ws.on('connection', (socket) => {
    sockets.add(socket);
    watches.set(socket, new Map());
    socket.on('close', () => { sockets.delete(socket); watches.delete(socket); });
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { watch?: string; unwatch?: string; job?: number; from?: number };
      if (message.watch === 'job' && message.job !== undefined) { watches.get(socket)?.set(message.job, message.from ?? 0); const entry = lab.jobs.get(message.job); if (entry) tell(socket, { type: 'job', job: entry.job }); feed(socket, message.job); }
      if (message.unwatch === 'job' && message.job !== undefined) watches.get(socket)?.delete(message.job);
    });
  });
  await new Promise<void>((done) => { http.listen(options.port ?? 0, '127.0.0.1', done); });
  const address = http.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    drop() { down = true; for (const socket of ws.clients) socket.terminate(); },
    mend() { down = false; },
    longer(id, lines) {
      const entry = lab.jobs.get(id);
      if (entry === undefined) return;
      const dt = new Date().toISOString();
      while (entry.log.length < lines) entry.log.push({ dt, lvl: 'target', msg: `filler ${entry.log.length}` });
      count(entry);
    },
    async stop() {
      clearInterval(timer);
      for (const socket of ws.clients) socket.terminate();
      ws.close();
      http.closeAllConnections();
      await new Promise((done) => { http.close(done); });
    },
  };
}

async function text(request: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of request) all += String(chunk);
  return all;
}

/** Enough of a check to show problems at their places. */
function check(definition: string) {
  const lines = definition.split('\n');
  const problems = [];
  for (const [i, line] of lines.entries()) {
    if (line.includes('\t')) problems.push({ severity: 'error', code: 'yaml', message: 'A tab cannot indent YAML.', hint: 'Use spaces.', path: [], line: i + 1, column: line.indexOf('\t') + 1 });
    const unknown = /^(\s*)(timeoutz|prioritty):/u.exec(line);
    if (unknown) problems.push({ severity: 'error', code: 'unknown-key', message: `Unknown key "${unknown[2]}".`, hint: 'Did you mean "timeouts"?', path: [unknown[2] ?? ''], line: i + 1, column: (unknown[1]?.length ?? 0) + 1, endColumn: (unknown[1]?.length ?? 0) + (unknown[2]?.length ?? 0) + 1 });
  }
  if (!definition.includes('visibility:')) problems.push({ severity: 'error', code: 'missing-key', message: 'Key "visibility" is missing.', hint: 'Add "visibility: public".', path: [], line: 1 });
  if (!definition.includes('priority:')) problems.push({ severity: 'warning', code: 'default', message: 'No "priority" is given: medium is used.', path: ['priority'], line: 1 });
  return problems;
}
