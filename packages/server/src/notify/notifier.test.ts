import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import { loadYaml } from '@lava/yaml';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestServer, testDefinition, type TestServer } from '../api/testing.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import { addDeliveries, claimDelivery, listDeliveries, markSent, retryDeliveries } from './deliveries.ts';
import { Notifier } from './notifier.ts';
import { notifySettings, type NotifySettings } from './settings.ts';
import { receiverKey } from './signature.ts';
import { httpReceiver, ircReceiver, mailReceiver, type HttpReceiver } from './testing.ts';

let server: TestServer;
let receiver: HttpReceiver;
let mail: Awaited<ReturnType<typeof mailReceiver>>;
let irc: Awaited<ReturnType<typeof ircReceiver>>;
let settings: NotifySettings;
let notifier: Notifier;
const signingKey = 'k'.repeat(40);

beforeAll(async () => {
  [server, mail, irc] = await Promise.all([startTestServer(), mailReceiver(), ircReceiver(['lava-bot'])]);
  settings = notifySettings({
    SITE_URL: 'https://lava.example.org', EMAIL_HOST: '127.0.0.1', EMAIL_PORT: mail.port, SERVER_EMAIL: 'lava@example.org', IRC_PORT: irc.port, CALLBACK_SIGNING_KEY: signingKey,
    NOTIFY_ALLOWED_NETWORKS: ['127.0.0.0/8'], INSTANCE_NAME: 'lab',
  });
  await server.services.db.updateTable('users').set({ email: 'alice@example.org', irc_handle: 'alice', irc_server: '127.0.0.1' }).where('username', '=', 'alice').execute();
});
beforeEach(async () => {
  receiver = await httpReceiver();
  await start();
});
afterEach(async () => {
  await notifier.close();
  await receiver.close();
  await server.services.db.deleteFrom('jobs').execute();
  mail.mails.length = irc.lines.length = 0;
});
afterAll(async () => {
  await Promise.all([mail.close(), irc.close()]);
  await server.stop();
});

async function start(more: Partial<NotifySettings> = {}, hold?: number): Promise<void> {
  notifier = new Notifier({ services: server.services, settings: { ...settings, ...more }, hold });
  await notifier.start();
}

const job = (notify: string, more: Parameters<TestServer['addJob']>[0] = {}) =>
  server.addJob({ submitter: 'alice', state: 'Scheduled', device: null, definition: `${testDefinition}notify:\n${notify.trim().replace(/^/gm, '  ')}\n`, ...more });

/** Changes a job's state as the server does: in the database, and then by an event. */
async function become(id: number, state: 'Running' | 'Finished', health: 'Unknown' | 'Complete' | 'Incomplete' | 'Canceled' = 'Unknown'): Promise<void> {
  await sql`update jobs set state = ${jobState[state]}, health = ${jobHealth[health]}, start_time = coalesce(start_time, now()),
    end_time = case when ${state} = 'Finished' then now() end where id = ${id}`.execute(server.services.db);
  server.services.events.publish({ type: 'job', id, state, health });
}

const all = async (id: number) => (await listDeliveries(server.services.db, { job: id, limit: 100 })).toReversed();
const statuses = async (id: number) => (await all(id)).map((d) => d.status);

/** Nothing of the job waits for the notifier. */
async function settled(id: number): Promise<void> {
  await expect.poll(async () => {
    const { rows: [row] } = await sql<{ open: number }>`select (select count(*) from job_news where job = ${id})::int + (select count(*) from deliveries where job = ${id} and status = 'waiting')::int as open`.execute(server.services.db);
    return row!.open;
  }, { timeout: 15_000, interval: 20 }).toBe(0);
}

test("a callback gets LAVA's payload, with the token of the submitter and a signature", async () => {
  await server.services.db.insertInto('remote_artifact_tokens').values({ user_id: (await server.services.db.selectFrom('users').select('id').where('username', '=', 'alice').executeTakeFirstOrThrow()).id, name: 'kernelci', token: 'the secret' }).execute();
  const id = await job(`
criteria: {status: finished}
callback: {url: '${receiver.url}/cb/{ID}?s={STATUS_STRING}&d={DESCRIPTION}&x={NOTHING}', method: POST, token: kernelci, header: X-Auth, dataset: all, content-type: json}`, { description: 'boot é & more', device: 'qemu01' });
  await server.appendLog(id, [['target', 'grüße "x"'], ['info', 'second']]);
  await server.addCases(id, 'lava', [{ name: 'job', metadata: '{case: job, result: pass, definition: lava}' }]);
  await server.addCases(id, '0_smoke', [{ name: 'a', result: 'fail', measurement: '2.5', units: 's' }, { name: 'b', result: 'skip' }]);
  await become(id, 'Running');
  await become(id, 'Finished', 'Complete');
  await settled(id);

  expect(receiver.got).toHaveLength(1);
  const [{ method, url, headers, body } = receiver.got[0]!] = receiver.got;
  expect([method, url]).toEqual(['POST', `/cb/${id}?s=complete&d=boot%20%C3%A9%20%26%20more&x={NOTHING}`]);
  expect(headers['x-auth']).toBe('the secret');
  expect([headers['content-type'], headers['content-length']]).toEqual(['application/json', String(Buffer.byteLength(body))]);
  const [, t, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(headers['x-lava-signature']))!;
  expect(v1).toBe(createHmac('sha256', receiverKey(signingKey, receiver.url)).update(`${t}.${body}`).digest('hex'));

  const payload = JSON.parse(body) as Record<string, unknown> & { results: Record<string, string>; log: string };
  expect(Object.keys(payload)).toEqual([
    'id', 'status', 'status_string', 'state', 'state_string', 'health', 'health_string', 'submit_time', 'start_time', 'end_time', 'submitter_username', 'submitter_email',
    'failure_comment', 'priority', 'description', 'actual_device_id', 'definition', 'metadata', 'health_check', 'log', 'results',
  ]);
  expect(payload).toMatchObject({
    id, status: 2, status_string: 'complete', state: 5, state_string: 'Finished', health: 1, health_string: 'Complete', submitter_username: 'alice', submitter_email: 'alice@example.org',
    failure_comment: null, priority: 50, description: 'boot é & more', actual_device_id: 'qemu01', health_check: false, metadata: [],
  });
  for (const key of ['submit_time', 'start_time', 'end_time']) expect(payload[key]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?\+00:00$/);
  expect((loadYaml(payload.log) as { msg: string }[]).map((r) => r.msg)).toEqual(['grüße "x"', 'second']);
  expect(Object.keys(payload.results)).toEqual(['lava', '0_smoke']);
  expect(loadYaml(payload.results['0_smoke']!)).toMatchObject([{ name: 'a', result: 'fail', measurement: '2.5000000000', unit: 's', suite: '0_smoke', job: String(id) }, { name: 'b', result: 'skip' }]);
  expect(payload.results['0_smoke']).toContain(`job: '${id}'`);
  expect(JSON.stringify(await all(id))).not.toContain('the secret');
});

test('a form has what Python writes; without dataset no log; a GET has no body', async () => {
  const id = await job(`
criteria: {status: all}
callbacks:
- {url: '${receiver.url}/form', method: POST}
- {url: '${receiver.url}/get', token: as it is}`);
  await server.services.db.updateTable('jobs').set({ metadata: JSON.stringify({ c: ['y'], 'a b': 'x' }) }).where('id', '=', id).execute();
  await become(id, 'Running');
  await settled(id);
  await become(id, 'Finished', 'Incomplete');
  await settled(id);
  const forms = receiver.got.filter((g) => g.url === '/form').map((g) => new URLSearchParams(g.body));
  expect(forms.map((f) => [f.get('status'), f.get('state_string'), f.get('end_time') === 'None', f.get('health_check'), f.getAll('metadata'), f.has('failure_comment'), f.has('log')])).toEqual([
    ['1', 'Running', true, 'False', ['c', 'a b'], false, false], ['3', 'Finished', false, 'False', ['c', 'a b'], false, false],
  ]);
  const gets = receiver.got.filter((g) => g.url === '/get');
  expect(gets.map((g) => [g.method, g.body, g.headers.authorization])).toEqual([['GET', '', 'as it is'], ['GET', '', 'as it is']]);
  expect(await statuses(id)).toEqual(['sent', 'sent', 'sent', 'sent']);
});

test('criteria: the status, and whether it got worse or better than the last time', async () => {
  const cb = `callback: {url: '${receiver.url}/x'}`;
  const told = async (criteria: string, health: 'Complete' | 'Incomplete' | 'Canceled', description = 'boot') => {
    const id = await job(`criteria: ${criteria}\n${cb}`, { description });
    await become(id, 'Running');
    await become(id, 'Finished', health);
    await settled(id);
    return (await all(id)).length;
  };
  expect(await told('{status: complete}', 'Complete')).toBe(1);
  expect(await told('{status: complete}', 'Incomplete')).toBe(0);
  expect(await told('{status: canceled}', 'Canceled')).toBe(1);
  expect(await told('{status: incomplete}', 'Canceled')).toBe(0);
  expect(await told('{status: running}', 'Complete')).toBe(1);
  expect(await told('{status: incomplete, type: regression}', 'Incomplete')).toBe(1); // the last was Complete
  expect(await told('{status: incomplete, type: regression}', 'Incomplete')).toBe(0);
  expect(await told('{status: complete, type: progression}', 'Complete')).toBe(1);
  expect(await told('{status: complete, type: progression}', 'Complete')).toBe(0);
  expect(await told('{status: incomplete, type: regression}', 'Incomplete', 'another name')).toBe(0);
  expect(await told('{status: finished, dependency_query: testjob__description__exact__other}', 'Complete')).toBe(1);
  await server.addJob({ submitter: 'alice', description: 'other', state: 'Submitted' });
  expect(await told('{status: finished, dependency_query: testjob__description__exact__other}', 'Complete')).toBe(0);
  expect(await told('{status: finished, dependency_query: testjob__nothing__exact__x}', 'Complete')).toBe(0);
});

test('mails: to the submitter if nobody is named, as long as the verbosity says', async () => {
  const before = await job('criteria: {status: incomplete}', { description: 'compared' });
  await server.addCases(before, 's', [{ name: 'same' }, { name: 'worse' }, { name: 'gone' }, { name: 'noise', result: 'fail' }]);
  await become(before, 'Finished', 'Complete');
  const id = await job(`
criteria: {status: finished}
verbosity: verbose
recipients:
- to: {method: email, user: alice}
- to: {method: email, email: refused@example.org}
- to: {method: email, user: bob}
- to: {method: email, user: '{LAVA_DEVICE_OWNER}'}
- to: {method: irc, user: alice}
- to: {method: irc, handle: nobody, server: 127.0.0.1}
compare: {query: {entity: testjob, conditions: {testjob__description__exact: compared}}, blacklist: [noise]}`, { description: 'compared\nBcc: eve@example.org', device: 'qemu01' });
  await server.services.db.updateTable('jobs').set({ error_type: 'Infrastructure', error_msg: 'the bed is broken' }).where('id', '=', id).execute();
  await server.addCases(id, 's', [{ name: 'same' }, { name: 'worse', result: 'fail' }, { name: 'noise', result: 'pass' }]);
  await become(id, 'Finished', 'Incomplete');
  await expect.poll(async () => (await all(id)).map((d) => [d.method, d.recipient, d.status, d.error]), { timeout: 10_000 }).toEqual([
    ['email', 'alice@example.org', 'sent', null],
    ['email', 'refused@example.org', 'failed', expect.stringContaining('no such mailbox')],
    ['email', 'bob', 'failed', 'the account has no e-mail address'],
    ['irc', 'alice@127.0.0.1', 'sent', null],
    ['irc', 'nobody@127.0.0.1', 'waiting', expect.stringContaining('No such nick')],
  ]);
  expect(mail.mails).toHaveLength(1);
  const { to, from, text } = mail.mails[0]!;
  expect([to, from]).toEqual([['alice@example.org'], 'lava@example.org']);
  const plain = text.replace(/=\r?\n/g, '').replace(/((?:=[0-9A-F]{2})+)/g, (hex) => Buffer.from(hex.replaceAll('=', ''), 'hex').toString());
  expect(plain).toContain(`Subject: LAVA notification for Test Job ${id} compared`);
  expect(plain).not.toMatch(/^Bcc:/m);
  for (const part of ['is Finished: Incomplete', `https://lava.example.org/scheduler/job/${id}`, 'Infrastructure error: the bed is broken', 'name: qemu01', 'worse: fail',
    `Comparison with job ${before}`, 'suite s: pass 3 → 1', 'case s/worse: pass → fail', 'case s/gone: pass → missing']) expect(plain).toContain(part);
  expect(plain).not.toContain('noise');
  expect(irc.lines.find((l) => l.startsWith('PRIVMSG alice'))).toBe(`PRIVMSG alice :Test job ${id} (compared Bcc: eve@example.org) of alice: Finished, Incomplete - https://lava.example.org/scheduler/job/${id}`);
  expect(irc.lines).toContain('NICK lava-bot1');
});

test('what did not arrive is tried again, also by the next server, and not given twice', async () => {
  receiver.answer = { status: 503 };
  const id = await job(`criteria: {status: finished}\ncallback: {url: '${receiver.url}/x', method: POST}`);
  await become(id, 'Finished', 'Complete');
  await expect.poll(async () => (await all(id))[0]?.error).toBe(`127.0.0.1:${receiver.port} answered 503`);
  const [waiting] = await all(id);
  expect(waiting).toMatchObject({ status: 'waiting', attempts: 1 });
  const pause = waiting!.next_at.getTime() - waiting!.created_at.getTime();
  expect(pause).toBeGreaterThanOrEqual(30_000);

  await notifier.close();
  receiver.answer = { status: 200 };
  await start();
  await retryDeliveries(server.services.db, { id: waiting!.id });
  notifier.wake();
  await settled(id);
  expect(receiver.got.map((g) => g.headers['x-lava-delivery'])).toEqual([waiting!.id, waiting!.id]);
  // The same news once more is no news.
  await server.services.db.insertInto('job_news').values({ job: id, state: jobState.Finished }).execute();
  notifier.wake();
  await settled(id);
  expect(receiver.got).toHaveLength(2);
});

test('a day later it is given up; a refusal is final at once', async () => {
  receiver.answer = { status: 500 };
  const late = await job(`criteria: {status: finished}\ncallback: {url: '${receiver.url}/x'}`);
  await become(late, 'Finished', 'Complete');
  await expect.poll(async () => (await all(late))[0]?.attempts).toBe(1);
  await expect.poll(async () => (await all(late))[0]?.claimed_until).toBe(null);
  await sql`update deliveries set created_at = now() - interval '25 hours', next_at = now() where job = ${late}`.execute(server.services.db);
  notifier.wake();
  await settled(late);
  expect(await all(late)).toMatchObject([{ status: 'failed', attempts: 2 }]);

  receiver.answer = { status: 403 };
  const refused = await job(`criteria: {status: finished}\ncallback: {url: '${receiver.url}/x'}`);
  await become(refused, 'Finished', 'Complete');
  await settled(refused);
  expect(await all(refused)).toMatchObject([{ status: 'failed', attempts: 1, error: `127.0.0.1:${receiver.port} answered 403` }]);
});

test('two servers on one database send everything once', async () => {
  const other = new Notifier({ services: server.services, settings });
  await other.start();
  const ids = await Promise.all(Array.from({ length: 20 }, () => job(`criteria: {status: finished}\ncallback: {url: '${receiver.url}/{ID}'}`)));
  await Promise.all(ids.map((id) => become(id, 'Finished', 'Complete')));
  for (const id of ids) await settled(id);
  await other.close();
  expect(receiver.got.map((g) => g.url).sort()).toEqual(ids.map((id) => `/${id}`).sort());
});

test('what a server held when it died is sent by the next, not before its hold is over', async () => {
  await notifier.close();
  const { db } = server.services;
  const id = await job(`criteria: {status: finished}\ncallback: {url: '${receiver.url}/x'}`);
  await addDeliveries(db, [{ job: id, state: jobState.Finished, method: 'callback', key: '0:5', recipient: `${receiver.url}/x`, host: '127.0.0.1' }]);
  const dead = await claimDelivery(db, { hold: 60, busyHosts: [] });
  expect(dead).toMatchObject({ job: id, attempts: 1 });
  expect(await claimDelivery(db, { hold: 60, busyHosts: [] })).toBeUndefined();
  await start();
  const other = await job(`criteria: {status: finished}\ncallback: {url: '${receiver.url}/other'}`);
  await become(other, 'Finished', 'Complete');
  await settled(other);
  expect(receiver.got.map((g) => g.url)).toEqual(['/other']);
  await sql`update deliveries set claimed_until = now() where job = ${id}`.execute(db);
  notifier.wake();
  await settled(id);
  expect(receiver.got.map((g) => g.url)).toEqual(['/other', '/x']);
  // The dead one, should it only have slept, changes nothing any more.
  expect(await markSent(db, dead!)).toBeUndefined();
});

test('a receiver that hangs delays nobody else, and its hold ends', async () => {
  const silent = await httpReceiver();
  silent.answer = 'hang';
  await notifier.close();
  await start({ callback: { ...settings.callback, timeout: 1000 } }, 2);
  const hanging = await Promise.all(Array.from({ length: 6 }, () => job(`criteria: {status: finished}\ncallback: {url: '${silent.url.replace('127.0.0.1', 'localhost')}/x'}`)));
  await sql`update jobs set state = ${jobState.Finished} where id = any(${hanging})`.execute(server.services.db);
  const id = await job(`criteria: {status: finished}\ncallback: {url: '${receiver.url}/x'}`);
  await become(id, 'Finished', 'Complete');
  await settled(id);
  expect(receiver.got).toHaveLength(1);
  await expect.poll(async () => (await all(hanging[0]!))[0]?.error, { timeout: 10_000 }).toContain('localhost');
  await silent.close();
});

test('a try that failed is not made up for when the job has gone on', async () => {
  receiver.answer = { status: 500 };
  const id = await job(`criteria: {status: all}\ncallback: {url: '${receiver.url}/x', method: POST, content-type: json}`);
  await become(id, 'Running');
  await expect.poll(async () => (await all(id))[0]?.error).toBeTruthy();
  receiver.answer = { status: 200 };
  await become(id, 'Finished', 'Complete');
  await settled(id);
  expect(await statuses(id)).toEqual(['superseded', 'sent']);
  expect(receiver.got.map((g) => (JSON.parse(g.body) as { status: number }).status)).toEqual([1, 2]);
});

test('receivers are where they may be, also after a redirect, and secrets stay with the first', async () => {
  const second = await httpReceiver();
  const send = async (url: string) => {
    const id = await job(`criteria: {status: finished}\ncallback: {url: '${url}', method: POST, token: a-secret}`);
    await become(id, 'Finished', 'Complete');
    await settled(id);
    return (await all(id))[0]!;
  };
  for (const url of ['http://169.254.169.254/latest', 'http://[::1]:80/', 'http://0x0a.1/', 'http://[::ffff:10.0.0.1]/', 'http://[fe80::1]/']) {
    expect(await send(url)).toMatchObject({ status: 'failed', error: expect.stringContaining('NOTIFY_ALLOWED_NETWORKS') });
  }
  expect(await send('file:///etc/passwd')).toMatchObject({ status: 'failed', error: expect.stringContaining('http://') });
  receiver.answer = { status: 307, headers: { location: `${second.url}/moved` } };
  expect(await send(`${receiver.url}/x`)).toMatchObject({ status: 'sent' });
  expect(second.got).toMatchObject([{ method: 'POST', url: '/moved' }]);
  expect([receiver.got[0]!.headers.authorization, second.got[0]!.headers.authorization, second.got[0]!.headers['x-lava-signature']]).toEqual(['a-secret', undefined, undefined]);
  receiver.answer = { status: 302, headers: { location: 'http://10.1.2.3/' } };
  expect(await send(`${receiver.url}/x`)).toMatchObject({ status: 'failed', error: expect.stringContaining('10.1.2.3') });
  receiver.answer = { status: 302, headers: { location: '/again' } };
  expect(await send(`${receiver.url}/x`)).toMatchObject({ status: 'failed', error: expect.stringContaining('more than 5 times') });
  await second.close();
});

test('callbacks and recipients that make no sense fail by themselves', async () => {
  for (const [callback, error] of [
    ["url: 'http://'", 'no URL'], ["url: 'http://['", 'no URL'], ["url: 'gopher://x/'", 'http://'], ["url: ''", 'no URL'],
    [`url: '${receiver.url}', token: t, header: Host`, 'cannot carry a token'], [`url: '${receiver.url}', token: t, header: 'two words'`, '127.0.0.1'],
    [`url: '${receiver.url}', token: "a-secret\\r\\nX: y", method: POST`, '127.0.0.1'], [`url: '${receiver.url}', token: "a-secret\\0"`, '127.0.0.1'],
  ] as const) {
    const id = await job(`criteria: {status: finished}\ncallback: {${callback}}`);
    await become(id, 'Finished', 'Complete');
    await settled(id);
    const [delivery] = await all(id);
    expect(delivery).toMatchObject({ status: 'failed', error: expect.stringContaining(error) });
    expect(delivery!.error).not.toContain('a-secret');
  }
  const id = await job(`criteria: {status: finished}
recipients:
- to: {method: irc, handle: "x\\r\\nQUIT", server: 127.0.0.1}
- to: {method: irc, handle: ada, server: 10.9.8.7}
- to: {method: irc, user: bob}
- to: {method: email, email: "a@b\\r\\nBcc: c@d"}
- to: {method: email, email: "${'x'.repeat(3000)}\\0"}
- to: {method: email, user: alice}
- to: {method: email, email: alice@example.org}`);
  await become(id, 'Finished', 'Complete');
  await settled(id);
  expect(await statuses(id)).toEqual(['failed', 'failed', 'failed', 'failed', 'failed', 'sent']);
  expect(mail.mails).toHaveLength(1);
  expect(receiver.got).toHaveLength(0);
});

test('a name is as good as its addresses; hosts may be listed', async () => {
  const id = async (url: string) => {
    const made = await job(`criteria: {status: finished}\ncallback: {url: '${url}'}`);
    await become(made, 'Finished', 'Complete');
    await settled(made);
    return (await all(made))[0]!;
  };
  await notifier.close();
  await start({ networks: [] });
  expect(await id(receiver.url.replace('127.0.0.1', 'localhost'))).toMatchObject({ status: 'failed', error: expect.stringMatching(/^localhost is at .*NOTIFY_ALLOWED_NETWORKS/) });
  await notifier.close();
  await start({ networks: ['127.0.0.0/8', '::1'], callback: { ...settings.callback, hosts: ['*.example.org', 'LOCAL*'] } });
  expect(await id(receiver.url)).toMatchObject({ status: 'failed', error: expect.stringContaining('CALLBACK_ALLOWED_HOSTS') });
  expect(await id(receiver.url.replace('127.0.0.1', 'localhost'))).toMatchObject({ status: 'sent' });
});

test('definitions are noticed however they are written, and those that only look so are not', async () => {
  const { jobs, db } = server.services;
  const alice = await db.selectFrom('users').select(['id', 'username']).where('username', '=', 'alice').executeTakeFirstOrThrow();
  const plain = { job_name: 'a "notify: b"\nnotify: c', device_type: 'qemu', timeouts: { job: { minutes: 5 } }, visibility: 'public', actions: [] };
  const told = async (definition: string) => {
    const { ids } = await jobs.submit(definition, alice);
    await jobs.cancel(ids[0]!, 'alice');
    await settled(ids[0]!);
    return (await all(ids[0]!)).length;
  };
  const notify = { criteria: { status: 'canceled' }, callback: { url: `${receiver.url}/{ID}` } };
  expect(await told(JSON.stringify({ ...plain, notify }))).toBe(1);
  expect(await told(JSON.stringify({ notify, ...plain }))).toBe(1);
  expect(await told(JSON.stringify(plain))).toBe(0);
});
