import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, testDefinition, type TestServer } from '../api/testing.ts';
import { SubmitError } from '../services.ts';

let server: TestServer;
let alice: { id: number; username: string };
beforeAll(async () => {
  server = await startTestServer();
  alice = await server.services.db.selectFrom('users').select(['id', 'username']).where('username', '=', 'alice').executeTakeFirstOrThrow();
});
afterAll(() => server.stop());

const definition = (notify: string) => `${testDefinition}notify:\n${notify.replace(/^/gm, '  ')}\n`;

/** What is said of the block, whether the job is taken or not. */
async function submit(notify: string) {
  return (await problemsOf(notify)).filter((p) => p.code.startsWith('notify'));
}

async function problemsOf(notify: string) {
  try {
    return (await server.services.jobs.submit(definition(notify), alice)).warnings;
  } catch (error) {
    if (error instanceof SubmitError) return error.problems;
    throw error;
  }
}

test("recipients that cannot be told refuse the job, in LAVA's words and at their place", async () => {
  const to = (text: string) => `criteria: {status: finished}\nrecipients:\n- to: {${text}}`;
  for (const [text, code, message] of [
    ['method: email', 'notify-recipient', 'No valid user or email address specified.'],
    ['method: irc, server: irc.example.org', 'notify-recipient', 'No valid user or IRC handle specified.'],
    ['method: email, user: nobody', 'notify-user', "'nobody' is not an existing user in LAVA."],
    ['method: email, email: not an address', 'notify-email', "'not an address' is not a valid email address."],
  ] as const) expect(await submit(to(text))).toMatchObject([{ severity: 'error', code, message, line: 10 }]);
  expect(await submit(to('method: email, user: bob'))).toEqual([]);
  expect(await submit(to('method: email, user: "{LAVA_DEVICE_OWNER}"'))).toEqual([]);
  expect(await submit(to('method: email, user: "a\\0b"'))).toMatchObject([{ code: 'notify-user' }]);
});

test('queries that cannot be read are refused; what cannot be sent or compared is warned of', async () => {
  expect(await submit('criteria: {status: finished, dependency_query: testjob__nothing__exact__1}')).toMatchObject([{ severity: 'error', code: 'notify-query' }]);
  expect(await submit('criteria: {status: finished, dependency_query: testjob__id__wrong__1}')).toMatchObject([{ severity: 'error', code: 'notify-query' }]);
  expect(await submit('criteria: {status: finished}\ncompare: {query: {username: alice, name: mine}}')).toMatchObject([{ severity: 'warning', code: 'notify-saved-query', message: 'Query ~alice/mine does not exist' }]);
  const callback = 'criteria: {status: finished}\ncallback: {url: "https://example.org", token: test}';
  expect(await submit(callback)).toMatchObject([{ severity: 'warning', code: 'notify-token', path: ['notify', 'callback', 'token'] }]);
  await server.services.db.insertInto('remote_artifact_tokens').values({ user_id: alice.id, name: 'test', token: 'secret' }).execute();
  expect(await submit(callback)).toEqual([]);
});
