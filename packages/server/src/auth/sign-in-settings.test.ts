import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noSignIn, signInSettings } from './sign-in-settings.ts';

const provider = { issuer: 'https://id.example.org', client_id: 'lava', client_secret: 'x' };

test('nothing is set, nothing is on', () => expect(signInSettings({})).toEqual(noSignIn));

test('GitLab and GitHub need their two secrets only; a secret may be in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lava-settings-'));
  try {
    writeFileSync(join(folder, 'secret'), 'from-file\n');
    const { oidc } = signInSettings({ PUBLIC_URL: 'https://lava.example.org/', OIDC: [{ kind: 'gitlab', client_id: 'a', client_secret_file: join(folder, 'secret') }, { kind: 'github', label: 'GitHub', client_id: 'b', client_secret: 'c' }] });
    expect(oidc).toMatchObject([
      { name: 'gitlab', issuer: 'https://gitlab.com', clientSecret: 'from-file', usernameClaim: 'nickname', create: true, allowedGroups: null },
      { name: 'github', label: 'GitHub', issuer: 'https://github.com', usernameClaim: 'login' },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each<[string, Record<string, unknown>]>([
  ['PUBLIC_URL in settings.yaml is missing', { OIDC: [provider] }],
  ['PUBLIC_URL in settings.yaml is "http://lava.example.org"', { PUBLIC_URL: 'http://lava.example.org', OIDC: [provider] }],
  ['OIDC[0].issuer in settings.yaml is "http://id.example.org"', { PUBLIC_URL: 'https://l.example', OIDC: [{ ...provider, issuer: 'http://id.example.org' }] }],
  ['OIDC[0].client_secret in settings.yaml is missing', { PUBLIC_URL: 'https://l.example', OIDC: [{ issuer: provider.issuer, client_id: 'x' }] }],
  ['OIDC[0].client_secret_file in settings.yaml cannot be read', { PUBLIC_URL: 'https://l.example', OIDC: [{ ...provider, client_secret_file: '/none' }] }],
  ['OIDC in settings.yaml has two providers named lab', { PUBLIC_URL: 'https://l.example', OIDC: [{ ...provider, name: 'lab' }, { ...provider, name: 'lab' }] }],
  ['LDAP.url in settings.yaml would send passwords in plain text', { LDAP: { url: 'ldap://ldap.example.org', user_dn: 'uid=%(user)s' } }],
  ['LDAP.user_dn in settings.yaml lacks %(user)s', { LDAP: { url: 'ldaps://ldap.example.org', user_dn: 'uid=x' } }],
  ['LDAP in settings.yaml needs one of user_dn and search_base', { LDAP: { url: 'ldaps://ldap.example.org' } }],
  ['CI[0].claims in settings.yaml is empty', { CI: [{ issuer: 'https://token.actions.githubusercontent.com', audience: 'lava', user: 'ci' }] }],
  ['CI[0].hours in settings.yaml is 99', { CI: [{ issuer: 'https://g.example', audience: 'lava', user: 'ci', claims: { repository: 'o/x' }, hours: 99 }] }],
  ['REQUIRE_LOGIN in settings.yaml must be true or false', { REQUIRE_LOGIN: 'yes please' }],
])('%s', (message, settings) => expect(() => signInSettings(settings)).toThrow(message));
