import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OidcClient } from './oidc.ts';
import { signInSettings } from './sign-in-settings.ts';

/* GitHub's OAuth 2 and API as its documents describe them: no OpenID, an answer that is JSON when asked for, scopes with commas. */

let github: Server;
let issuer: string;
const asked: { path: string; body: string; authorization: string | undefined }[] = [];

beforeAll(async () => {
  github = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => { body += data.toString(); });
    request.on('end', () => {
      asked.push({ path: request.url!, body, authorization: request.headers.authorization });
      const json = (value: unknown, status = 200) => response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
      if (request.url === '/login/oauth/access_token') {
        const sent = new URLSearchParams(body);
        const good = sent.get('client_id') === 'lava' && sent.get('client_secret') === 'hush' && sent.get('code') === 'good' && (sent.get('code_verifier') ?? '').length >= 43;
        return void json(good ? { access_token: 'gho_1', token_type: 'bearer', scope: 'read:user,user:email' } : { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' });
      }
      if (request.headers.authorization?.toLowerCase() !== 'bearer gho_1' || !request.headers['user-agent']) return void json({ message: 'Requires authentication' }, 401);
      if (request.url === '/api/v3/user') return void json({ id: 583_231, login: 'octocat', email: null });
      if (request.url === '/api/v3/user/orgs') return void json([{ login: 'example-org', id: 1 }]);
      json({ message: 'Not Found' }, 404);
    });
  });
  await new Promise<void>((resolve) => { github.listen(0, '127.0.0.1', resolve); });
  issuer = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
});
afterAll(() => { github.closeAllConnections(); github.close(); });

const client = () => {
  const { oidc: [provider], publicUrl } = signInSettings({ PUBLIC_URL: 'https://lava.example.org', OIDC: [{ kind: 'github', issuer, client_id: 'lava', client_secret: 'hush', allowed_groups: ['example-org'] }] });
  return new OidcClient(provider!, publicUrl!);
};

test('the number of an account names somebody, not the login, which may change', async () => {
  const { url, trip } = await client().leave('/');
  const sent = new URL(url);
  expect(`${sent.origin}${sent.pathname}`).toBe(`${issuer}/login/oauth/authorize`);
  expect(Object.fromEntries(sent.searchParams)).toMatchObject({ client_id: 'lava', redirect_uri: 'https://lava.example.org/login/oidc/github/callback', state: trip.state, code_challenge_method: 'S256' });
  expect(url).not.toContain('hush');
  expect(await client().arrive(`code=good&state=${trip.state}`, trip)).toEqual({ provider: 'oidc:github', subject: '583231', username: 'octocat', email: '', groups: ['example-org'] });
  expect(asked.map((a) => a.path)).toEqual(['/login/oauth/access_token', '/api/v3/user', '/api/v3/user/orgs']);
});

test.each([['code=bad&state=STATE', 'did not confirm'], ['code=good&state=other', 'did not confirm'], ['error=access_denied&state=STATE', 'did not confirm'], ['', 'did not confirm']])('%s is refused, without a secret in the text', async (query, message) => {
  const { trip } = await client().leave('/');
  const refused = client().arrive(query.replace('STATE', trip.state), trip);
  await expect(refused).rejects.toThrow(message);
  await refused.catch((error: Error) => expect(error.message).not.toMatch(/hush|gho_1/));
});
