import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '@lava/testbed';
import { startTestServer, type TestServer } from '../api/testing.ts';
import { pythonClient } from '../api/xmlrpc/python-client.testing.ts';
import { directorySearch, slapd, startDirectory, type TestDirectory } from './directory.testing.ts';
import { personInDirectory } from './ldap.ts';
import { signInSettings } from './sign-in-settings.ts';

describe.skipIf(!slapd)('LDAP', () => {
  let directory: TestDirectory;
  let server: TestServer;
  const search = () => ({ url: directory.url, ...directorySearch, group_base: 'dc=example,dc=org', groups: { lab: 'lab' } });
  const settings = (more: object = search()) => signInSettings({ LDAP: more }).ldap!;

  beforeAll(async () => {
    directory = await startDirectory();
    server = await startTestServer({ signIn: signInSettings({ LDAP: search() }) });
    await server.services.db.insertInto('groups').values({ name: 'lab' }).execute();
  });
  afterAll(async () => {
    await server?.stop();
    await directory?.stop();
  });

  const login = (username: string, password: string) => server.ask('/api/v1/login', { json: { username, password } });

  test('who is in the directory signs in, gets an account and the groups of the settings', async () => {
    expect((await login('ADA', 'ada-secret')).json).toMatchObject({ username: 'Ada' });
    expect((await login('Ada', 'ada-secret')).status).toBe(200);
    const rows = await server.services.db.selectFrom('users').innerJoin('user_groups', 'user_id', 'users.id').innerJoin('groups', 'groups.id', 'group_id').select(['username', 'email', 'password', 'groups.name']).execute();
    expect(rows).toEqual([{ username: 'Ada', email: 'Ada@example.org', password: null, name: 'lab' }]);
    const token = await server.ask('/api/v0.2/token/', { json: { username: 'Ada', password: 'ada-secret' } });
    expect(token.json).toEqual({ token: expect.stringMatching(/^\w{128}$/) });
  });

  test('wrong passwords, none, and names that mean something in filters do not', async () => {
    for (const [name, password] of [['Ada', 'wrong'], ['Ada', ''], ['*', 'ada-secret'], ['A*', 'ada-secret'], ['Ada)(uid=*', 'ada-secret'], ['nobody', 'x'], ['twin', 'one'], ['\0', 'x']] as const) {
      expect([400, 401], name).toContain((await login(name, password)).status);
    }
    expect(await personInDirectory(settings(), 'Ada', '')).toBeUndefined();
  });

  test('who has a password here signs in with that one', async () => {
    expect((await login('bob', 'secret')).status).toBe(200);
    expect((await login('bob', 'bob-directory')).status).toBe(401);
  });

  test('an account without a password is theirs; a closed one stays closed', async () => {
    await server.services.db.updateTable('users').set({ password: null }).where('username', '=', 'alice').execute();
    expect((await login('alice', 'x')).json).toMatchObject({ username: 'alice' });
    await server.services.db.updateTable('users').set({ is_active: false }).where('username', '=', 'alice').execute();
    expect((await login('alice', 'x')).json).toMatchObject({ error: { code: 'sign-in-refused' } });
  });

  test('names can be put into a pattern, whatever is in them', async () => {
    const pattern = settings({ url: directory.url, user_dn: 'uid=%(user)s,dc=example,dc=org' });
    expect(await personInDirectory(pattern, 'eve,o', 'eve-secret')).toMatchObject({ username: 'eve,o' });
    expect(await personInDirectory(pattern, 'Ada,dc=example,dc=org', 'ada-secret')).toBeUndefined();
    expect(await personInDirectory(settings(), 'eve,o', 'eve-secret')).toMatchObject({ groups: ['lab'] });
  });

  test('XML-RPC adds people of the directory, who sign in there', async () => {
    const python = pythonClient(server.url);
    const add = async (who: 'root' | 'bob', ...params: unknown[]) => (await python.calls([{ method: 'auth.users.add', params, as: `${who}:${server.tokens[who]}` }]))[0];
    const rest = [null, null, null, true, true, false, true];
    try {
      expect(await add('root', 'EVE,O', ...rest)).toBeNull();
      expect(await add('root', 'eve,o', ...rest)).toEqual({ fault: 400, text: 'Bad request: user already exists?' });
      expect(await add('root', 'nobody', ...rest)).toEqual({ fault: 404, text: "User 'nobody' was not found in LDAP." });
      expect(await add('bob', 'nobody', ...rest)).toMatchObject({ fault: 403 });
    } finally {
      await python.end();
    }
    expect(await server.services.db.selectFrom('users').select(['email', 'first_name', 'last_name', 'is_staff', 'is_superuser', 'password']).where('username', '=', 'eve,o').executeTakeFirst())
      .toEqual({ email: 'eveo@example.org', first_name: 'Given', last_name: 'eve,o', is_staff: true, is_superuser: false, password: null });
    expect((await login('eve,o', 'eve-secret')).status).toBe(200);
  });

  test('a directory that is away is told, and who has a password here gets in', async () => {
    const away = await startTestServer({ signIn: signInSettings({ LDAP: { ...search(), url: `ldap://127.0.0.1:${await freePort()}` } }) });
    try {
      const refused = await away.ask('/api/v1/login', { json: { username: 'Ada', password: 'ada-secret' } });
      expect(refused.json).toMatchObject({ error: { code: 'sign-in-refused', message: expect.stringContaining('does not answer') } });
      expect(refused.text).not.toContain('secret"');
      const python = pythonClient(away.url);
      const [fault] = await python.calls([{ method: 'auth.users.add', params: ['Ada', null, null, null, true, false, false, true], as: `root:${away.tokens.root}` }]).finally(() => python.end());
      expect(fault).toEqual({ fault: 503, text: expect.stringMatching(/^The directory of people does not answer/) });
      expect((await away.ask('/api/v1/login', { json: { username: 'bob', password: 'secret' } })).status).toBe(200);
    } finally {
      await away.stop();
    }
  });
});
