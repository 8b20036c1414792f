import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signInSettings } from '../../auth/sign-in-settings.ts';
import { startTestServer, testDefinition, type TestServer } from '../testing.ts';

/* A real OpenID provider, a real server; the browser is fetch with the cookies of two places. */

const publicUrl = 'https://lava.example.org';
const people: Record<string, object> = {
  s1: { preferred_username: 'ada', email: 'ada@example.org', email_verified: true, groups: ['lab', 'friends'] },
  s2: { preferred_username: 'alice', groups: ['lab'] },
  s3: { preferred_username: 'mallory', groups: ['others'] },
};
let provider: { url: string; server: Server };
let ci: { url: string; server: Server; sign: (claims: Record<string, unknown>, more?: { audience?: string; expires?: string }) => Promise<string> };
let server: TestServer;

const listening = async (http: Server) => {
  await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve); });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
};

async function startProvider(): Promise<typeof provider> {
  let handle: (request: Parameters<ReturnType<Provider['callback']>>[0], response: Parameters<ReturnType<Provider['callback']>>[1]) => void = () => {};
  const http = createServer((request, response) => { handle(request, response); });
  const url = await listening(http);
  const oidc = new Provider(url, {
    clients: [{ client_id: 'lava', client_secret: 'client-secret', redirect_uris: [`${publicUrl}/login/oidc/lab/callback`] }],
    claims: { profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['test'] },
    pkce: { required: () => true },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
    interactions: { url: (_ctx, interaction) => `/who/${interaction.uid}` },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client!.clientId, accountId: ctx.oidc.session!.accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  });
  const callback = oidc.callback();
  handle = (request, response) => {
    // The page where somebody types a name: here the header says who.
    if (request.url?.startsWith('/who/')) void oidc.interactionFinished(request, response, { login: { accountId: String(request.headers['x-person']) } });
    else void callback(request, response);
  };
  return { url, server: http };
}

async function startCi(): Promise<typeof ci> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...await exportJWK(publicKey), kid: 'k', alg: 'RS256' };
  const http = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/jwks` }));
  });
  const url = await listening(http);
  return {
    url, server: http,
    sign: (claims, { audience = 'lava', expires = '5m' } = {}) => new SignJWT({ sub: 'project:org/x', ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k' }).setIssuer(url).setAudience(audience).setIssuedAt().setExpirationTime(expires).sign(privateKey),
  };
}

beforeAll(async () => {
  provider = await startProvider();
  ci = await startCi();
  server = await startTestServer({
    signIn: signInSettings({
      PUBLIC_URL: `${publicUrl}/`,
      OIDC: [{ name: 'lab', issuer: provider.url, client_id: 'lava', client_secret: 'client-secret', allowed_groups: ['lab'], groups: { lab: 'lab', admins: 'admins' } }],
      CI: [{ issuer: ci.url, audience: 'lava', claims: { repository: 'org/x', ref: ['refs/heads/main', 'refs/heads/next'] }, user: 'bob', device_types: ['qemu'], hours: 1 }],
    }),
  });
  await server.services.db.insertInto('groups').values([{ name: 'lab' }, { name: 'admins' }]).execute();
});
afterAll(async () => {
  await server?.stop();
  for (const { server: http } of [provider, ci]) { http.closeAllConnections(); http.close(); }
});

/** Cookies of one place. */
function browser(base: string, more: Record<string, string> = {}) {
  const jar = new Map<string, string>();
  return {
    jar,
    async get(path: string): Promise<Response> {
      const answer = await fetch(new URL(path, base), { redirect: 'manual', headers: { ...more, cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; ') } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') jar.delete(name); else jar.set(name, value);
      }
      return answer;
    },
  };
}

/** Goes to the provider and comes back with its answer: the path of the callback. */
async function travel(person: string, here: ReturnType<typeof browser>, next = '/scheduler/alljobs'): Promise<string> {
  const left = await here.get(`/login/oidc/lab?next=${encodeURIComponent(next)}`);
  expect(left.status).toBe(302);
  const there = browser(provider.url, { 'x-person': person });
  let at = left.headers.get('location')!;
  for (let hops = 0; !at.startsWith(publicUrl); hops++) {
    expect(hops).toBeLessThan(6);
    const answer = await there.get(at);
    expect(answer.headers.get('location'), await answer.text()).not.toBeNull();
    at = new URL(answer.headers.get('location')!, provider.url).href;
  }
  return at.slice(publicUrl.length);
}

const rows = (username: string) => server.services.db.selectFrom('users').selectAll().where('username', '=', username).execute();

describe('OpenID Connect', () => {
  test('who comes for the first time gets an account with the groups of the settings, and the same one later', async () => {
    for (let i = 0; i < 2; i++) {
      const here = browser(server.url);
      const back = await here.get(await travel('s1', here));
      expect([back.status, back.headers.get('location')]).toEqual([302, '/scheduler/alljobs']);
      expect(await (await here.get('/api/v1/me')).json()).toMatchObject({ username: 'ada', is_superuser: false });
      expect(here.jar.has('lava_sign_in')).toBe(false);
    }
    expect(await rows('ada')).toMatchObject([{ email: 'ada@example.org', password: null }]);
    const groups = await server.services.db.selectFrom('user_groups').innerJoin('groups', 'groups.id', 'group_id').innerJoin('users', 'users.id', 'user_id').where('username', '=', 'ada').select('groups.name').execute();
    expect(groups).toEqual([{ name: 'lab' }]);
  });

  test('a name that somebody has here is not taken over', async () => {
    const here = browser(server.url);
    const refused = await here.get(await travel('s2', here));
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'sign-in-refused', hint: expect.stringContaining('users link alice --provider oidc:lab --subject s2') } });
    expect((await (await here.get('/api/v1/me')).json() as { username: null }).username).toBeNull();
    const [alice] = await rows('alice');
    await server.services.db.insertInto('user_identities').values({ provider: 'oidc:lab', subject: 's2', user_id: alice!.id }).execute();
    await here.get(await travel('s2', here));
    expect(await (await here.get('/api/v1/me')).json()).toMatchObject({ username: 'alice' });
  });

  test('who is in no allowed group, or whose account is closed, stays outside', async () => {
    const here = browser(server.url);
    expect((await here.get(await travel('s3', here))).status).toBe(403);
    expect(await rows('mallory')).toEqual([]);
    await server.services.db.updateTable('users').set({ is_active: false }).where('username', '=', 'ada').execute();
    expect((await here.get(await travel('s1', here))).status).toBe(403);
    await server.services.db.updateTable('users').set({ is_active: true }).where('username', '=', 'ada').execute();
  });

  test('an answer fits one trip of one browser only, and once', async () => {
    const [here, other] = [browser(server.url), browser(server.url)];
    const answer = await travel('s1', here);
    await travel('s1', other);
    expect((await other.get(answer)).status).toBe(403);
    expect((await browser(server.url).get(answer)).status).toBe(400);
    expect((await here.get(answer)).status).toBe(302);
    expect((await here.get(answer)).status).toBe(400);
  });

  test('nobody is sent on to another site', async () => {
    for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
      const here = browser(server.url);
      expect((await here.get(await travel('s1', here, next))).headers.get('location')).toBe('/');
    }
    expect((await server.ask('/login/oidc/none')).status).toBe(404);
  });

  test('the page learns where one can sign in, and no secret', async () => {
    const { json, text } = await server.ask('/api/v1/sign-in');
    expect(json).toEqual({ require_login: false, providers: [{ name: 'lab', label: 'lab', url: '/login/oidc/lab' }] });
    expect(text).not.toContain('secret');
  });
});

describe('CI jobs', () => {
  const exchange = async (token: unknown) => server.ask('/api/v1/ci/token', { json: { token } });
  const main = { repository: 'org/x', ref: 'refs/heads/main' };

  test('the branch of the rule gets a token that submits to its types and ends', async () => {
    const { status, json } = await exchange(await ci.sign(main));
    expect(status).toBe(201);
    expect(json).toMatchObject({ user: 'bob', token: expect.stringMatching(/^\w{128}$/) });
    const headers = { authorization: `Token ${json.token}` };
    expect((await server.ask('/api/v1/jobs', { json: { definition: testDefinition }, headers })).status).toBe(201);
    expect((await server.ask('/api/v1/tokens', { json: {}, headers })).status).toBe(403);
    const row = await server.services.db.selectFrom('tokens').selectAll().where('description', '=', 'CI: project:org/x').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ scope: 'submit', device_types: ['qemu'] });
    expect(row.expires_at!.getTime() - Date.now()).toBeLessThan(3_601_000);
  });

  test('all others get none', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const forged = await new SignJWT(main).setProtectedHeader({ alg: 'RS256', kid: 'k' }).setIssuer(ci.url).setAudience('lava').setExpirationTime('5m').sign(privateKey);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ ...main, iss: ci.url, aud: 'lava', exp: 9_999_999_999 })).toString('base64url')}.`;
    const elsewhere = await new SignJWT(main).setProtectedHeader({ alg: 'RS256' }).setIssuer('https://evil.example').setAudience('lava').setExpirationTime('5m').sign(privateKey);
    const before = (await server.services.db.selectFrom('tokens').select('id').execute()).length;
    for (const token of [
      forged, unsigned, elsewhere, 'x', await ci.sign({ ...main, ref: 'refs/heads/evil' }), await ci.sign({ ...main, repository: ['org/x'] }), await ci.sign({ ref: main.ref }),
      await ci.sign(main, { audience: 'other' }),
    ]) {
      const { status, json } = await exchange(token);
      expect([status, json.error.code], String(token).slice(0, 40)).toEqual([403, 'ci-refused']);
    }
    expect((await server.services.db.selectFrom('tokens').select('id').execute()).length).toBe(before);
    expect((await exchange(1)).status).toBe(400);
  });
});

test('a private instance shows nothing to who is not signed in', async () => {
  const closed = await startTestServer({ signIn: signInSettings({ REQUIRE_LOGIN: true }) });
  try {
    await closed.addJob();
    for (const path of ['/api/v1/jobs', '/api/v0.2/jobs/', '/api/v0.2/system/version/', '/scheduler/job/1/definition/plain', '/results/1/csv', '/metrics', '/v1/prometheus/', '/api/', '/nothing/api', '/api/nothing']) {
      const { status, text } = await closed.ask(path);
      // LAVA's own interface says 403 for it.
      expect(path.includes('nothing') ? [401, 403, 404] : [401, 403], path).toContain(status);
      expect(text, path).not.toContain('boot');
    }
    expect((await closed.ask('/RPC2', { body: '<methodCall><methodName>system.version</methodName></methodCall>', headers: { 'content-type': 'text/xml' } })).status).toBe(401);
    await expect(closed.socket('/ws/')).rejects.toThrow('401');
    expect((await closed.ask('/api/v1/jobs', { as: 'bob' })).status).toBe(200);
    expect((await closed.ask('/metrics', { as: 'bob' })).status).toBe(200);
    const basic = { authorization: `Basic ${Buffer.from(`bob:${closed.tokens.bob}`).toString('base64')}` };
    expect((await closed.ask('/RPC2', { body: '<methodCall><methodName>system.version</methodName></methodCall>', headers: { 'content-type': 'text/xml', ...basic } })).status).toBe(200);
    for (const path of ['/healthz', '/readyz', '/api/v1/me', '/api/v1/sign-in', '/']) expect((await closed.ask(path)).status, path).toBe(200);
    expect((await closed.ask('/api/v1/login', { json: { username: 'bob', password: 'secret' } })).status).toBe(200);
  } finally {
    await closed.stop();
  }
});
