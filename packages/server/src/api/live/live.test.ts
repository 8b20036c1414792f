import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(() => server.stop());

type Message = { type: string; first: number; records: { msg: string }[]; job: { state: string }; kind: string; row: { id: number; hostname: string }; cases: { name: string }[] };
const logOf = (messages: Message[]) => messages.filter((m) => m.type === 'log');
const linesOf = (messages: Message[]) => logOf(messages).flatMap((m) => m.records.map((r) => r.msg));

describe('a watched job', () => {
  test('sends every line once and in order while the log grows, then that the job has finished', async () => {
    const job = await server.addJob({ state: 'Running' });
    await server.appendLog(job, Array.from({ length: 5000 }, (_, i) => ['target', `${i}`] as const));
    const live = await server.socket('/ws/live');
    live.socket.send(JSON.stringify({ watch: 'job', job, from: 10 }));
    for (let n = 5000; n < 7000; n += 100) await server.appendLog(job, Array.from({ length: 100 }, (_, i) => ['target', `${n + i}`] as const));
    await server.addCases(job, '0_smoke', [{ name: 'a' }, { name: 'b' }]);
    await server.services.db.updateTable('jobs').set({ state: 5, health: 1 }).where('id', '=', job).execute();
    server.services.events.publish({ type: 'job', id: job, state: 'Finished', health: 'Complete' });
    await live.until((m: Message[]) => m.at(-1)?.job?.state === 'Finished');
    expect(linesOf(live.messages)).toEqual(Array.from({ length: 6990 }, (_, i) => `${i + 10}`));
    let next = 10;
    for (const m of logOf(live.messages)) { expect(m.first).toBe(next); next += m.records.length; expect(m.records.length).toBeLessThanOrEqual(2000); }
    expect(live.messages.filter((m) => m.type === 'results').flatMap((m) => m.cases.map((c: { name: string }) => c.name))).toEqual(['a', 'b']);
    expect(live.messages.filter((m) => m.type === 'job').map((m) => m.job.state)).toEqual(['Running', 'Finished']);
  });

  test('waits for a reader that does not read, and drops nothing', async () => {
    const job = await server.addJob({ state: 'Finished' });
    const text = 'x'.repeat(2000);
    for (let i = 0; i < 20; i++) await server.appendLog(job, Array.from({ length: 1000 }, () => ['target', text] as const));
    const live = await server.socket('/ws/live');
    live.socket.pause();
    live.socket.send(JSON.stringify({ watch: 'job', job, from: 0 }));
    // Other requests are served meanwhile.
    expect((await server.ask('/api/v1/me')).status).toBe(200);
    live.socket.resume();
    await live.until((m: Message[]) => linesOf(m).length === 20_000);
  });

  test('starts anew from where the next connection is, and stops on request', async () => {
    const job = await server.addJob({ state: 'Running', device: null });
    await server.appendLog(job, [['target', 'a'], ['target', 'b']]);
    const one = await server.socket('/ws/live');
    one.socket.send(JSON.stringify({ watch: 'job', job, from: 0 }));
    await one.until((m: Message[]) => linesOf(m).length === 2);
    one.socket.terminate();
    await server.appendLog(job, [['target', 'c']]);
    const two = await server.socket('/ws/live');
    two.socket.send(JSON.stringify({ watch: 'job', job, from: 2 }));
    await two.until((m: Message[]) => linesOf(m).length === 1);
    expect(linesOf(two.messages)).toEqual(['c']);
    two.socket.send(JSON.stringify({ unwatch: 'job', job }));
    two.socket.send(JSON.stringify({ watch: 'nonsense' }));
    await two.until((m: Message[]) => m.some((x) => x.type === 'error'));
    await server.appendLog(job, [['target', 'd']]);
    two.socket.send('{"watch"');
    await two.until((m: Message[]) => m.filter((x) => x.type === 'error').length === 2);
    expect(linesOf(two.messages)).toEqual(['c']);
  });
});

test('lists tell changes of jobs only to those who may see them', async () => {
  const [hidden, open] = [await server.addJob({ isPublic: false, state: 'Submitted' }), await server.addJob({ state: 'Submitted' })];
  const sockets = await Promise.all((['anonymous', 'bob', 'alice', 'root'] as const).map(async (who) => {
    const s = await server.socket('/ws/live', who);
    s.socket.send(JSON.stringify({ watch: 'lists' }));
    s.socket.send(JSON.stringify({ watch: 'job', job: hidden }));
    return { who, ...s };
  }));
  const sees = (who: string) => who === 'alice' || who === 'root';
  for (const s of sockets) await s.until((m: Message[]) => m.some((x) => x.type === (sees(s.who) ? 'job' : 'error')));
  server.services.events.publish({ type: 'job', id: hidden, state: 'Submitted', health: 'Unknown' });
  server.services.events.publish({ type: 'job', id: open, state: 'Submitted', health: 'Unknown' });
  server.services.events.publish({ type: 'device', hostname: 'qemu01' });
  server.services.events.publish({ type: 'worker', hostname: 'worker01' });
  for (const s of sockets) {
    await s.until((m: Message[]) => m.some((x) => x.kind === 'worker') && m.some((x) => x.kind === 'device') && m.some((x) => x.kind === 'job' && x.row.id === open));
    const jobs = s.messages.filter((m) => m.kind === 'job').map((m) => m.row.id);
    expect(jobs, s.who).toEqual(sees(s.who) ? [hidden, open] : [open]);
  }
});

test('changes of a hidden device and worker, and of the jobs on it, are told to those who may see them', async () => {
  const { db } = server.services;
  await sql`insert into groups (name) values ('watchers')`.execute(db);
  await sql`insert into user_groups (user_id, group_id) select users.id, groups.id from users, groups where username = 'bob' and name = 'watchers'`.execute(db);
  await db.insertInto('workers').values({ hostname: 'hidden' }).execute();
  await db.insertInto('devices').values({ hostname: 'hidden', device_type: 'qemu', worker: 'hidden' }).execute();
  for (const [table, column, permission] of [['group_device_permissions', 'device', 'view_device'], ['group_worker_permissions', 'worker', 'view_worker']] as const) {
    await sql`insert into ${sql.table(table)} (${sql.ref(column)}, group_id, permission) select 'hidden', id, ${permission} from groups where name = 'watchers'`.execute(db);
  }
  const job = await server.addJob({ submitter: 'root', device: 'hidden' });
  const rows = await Promise.all((['anonymous', 'alice', 'bob', 'root'] as const).map(async (who) => {
    const [list, events] = [await server.socket('/ws/live', who), await server.socket('/ws/', 'anonymous', who === 'anonymous' ? {} : { authorization: `Basic ${Buffer.from(`${who}:${server.tokens[who]}`).toString('base64')}` })];
    list.socket.send(JSON.stringify({ watch: 'lists' }));
    // Its answer says that what came before was heard.
    list.socket.send(JSON.stringify({ watch: 'nothing' }));
    await list.until((m: Message[]) => m.some((x) => x.type === 'error'));
    // Who listens to events is looked up after the handshake.
    while (!events.messages.some((m) => String(m[4]).includes('worker01'))) {
      server.services.events.publish({ type: 'worker', hostname: 'worker01' });
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    return { who, list, events };
  }));
  server.services.events.publish({ type: 'device', hostname: 'hidden' });
  server.services.events.publish({ type: 'worker', hostname: 'hidden' });
  server.services.events.publish({ type: 'job', id: job, state: 'Finished', health: 'Complete' });
  server.services.events.publish({ type: 'device', hostname: 'qemu01' });
  for (const { who, list, events } of rows) {
    await list.until((m: Message[]) => m.some((x) => x.kind === 'device' && x.row.hostname === 'qemu01'));
    await events.until((m: unknown[][]) => m.some((x) => String(x[4]).includes('qemu01')));
    const sees = who === 'bob' || who === 'root';
    expect([who, JSON.stringify(list.messages).includes('hidden')]).toEqual([who, sees]);
    expect([who, JSON.stringify(events.messages).includes('hidden')]).toEqual([who, sees]);
  }
});

test('a page of another site cannot use the session of a visitor', async () => {
  const login = await server.ask('/api/v1/login', { json: { username: 'alice', password: 'secret' } });
  const cookie = login.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  await expect(server.socket('/ws/live', 'anonymous', { cookie, origin: 'https://evil.example' })).rejects.toThrow('403');
  await server.socket('/ws/live', 'anonymous', { cookie, origin: server.url });
});
