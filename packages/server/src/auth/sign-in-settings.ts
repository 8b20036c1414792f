import { readFileSync } from 'node:fs';
import { ConfigurationError, messageOf } from '@lava/base';
import { isMapping } from '@lava/job';

/** Another place where people sign in: OpenID Connect, or GitHub, which speaks OAuth 2 only. */
export interface OidcProvider {
  readonly name: string;
  readonly kind: 'generic' | 'gitlab' | 'github';
  /** For the button. */
  readonly label: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: string;
  readonly usernameClaim: string;
  readonly groupsClaim: string;
  /** Only members of one of these groups there get in; null: everybody. */
  readonly allowedGroups: readonly string[] | null;
  /** Groups there → groups here, brought up to date at each sign-in. */
  readonly groups: Readonly<Record<string, string>>;
  /** Whether somebody who comes for the first time gets an account. */
  readonly create: boolean;
}

export interface LdapSettings {
  readonly url: string;
  readonly startTls: boolean;
  readonly ca: string | undefined;
  /** `uid=%(user)s,ou=people,dc=example,dc=org`; otherwise people are searched. */
  readonly userDn: string | undefined;
  readonly search: { readonly base: string; readonly filter: string; readonly bindDn: string | undefined; readonly bindPassword: string } | undefined;
  readonly groupSearch: { readonly base: string; readonly filter: string } | undefined;
  readonly groups: Readonly<Record<string, string>>;
  readonly allowedGroups: readonly string[] | null;
  readonly create: boolean;
}

/** A CI system that proves with a signed token which project and branch it works for. */
export interface CiRule {
  readonly issuer: string;
  readonly audience: string;
  /** All of these must be in the token; of a list, one. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** Account here that submits. */
  readonly user: string;
  readonly deviceTypes: readonly string[] | null;
  readonly hours: number;
}

export interface SignInSettings {
  /** Private instance: nothing is shown to who is not signed in. */
  readonly requireLogin: boolean;
  /** Address under which people reach this server, without a slash at the end. */
  readonly publicUrl: string | undefined;
  readonly oidc: readonly OidcProvider[];
  readonly ldap: LdapSettings | undefined;
  readonly ci: readonly CiRule[];
}

export const noSignIn: SignInSettings = { requireLogin: false, publicUrl: undefined, oidc: [], ldap: undefined, ci: [] };

/** From the settings of an installation. @throws ConfigurationError that names the setting */
export function signInSettings(all: Readonly<Record<string, unknown>>): SignInSettings {
  const settings = reader(all, '');
  const oidc = settings.list('OIDC').map(provider);
  const publicUrl = settings.text('PUBLIC_URL', null)?.replace(/\/+$/, '');
  if (oidc.length > 0 && publicUrl === undefined) throw wrong('PUBLIC_URL', 'is missing', 'OIDC needs the address under which people reach this server, such as https://lava.example.org.');
  if (publicUrl !== undefined) checkAddress('PUBLIC_URL', publicUrl);
  const twice = oidc.find((p, i) => oidc.findIndex((q) => q.name === p.name) !== i);
  if (twice) throw wrong('OIDC', `has two providers named ${twice.name}`);
  return {
    requireLogin: settings.flag('REQUIRE_LOGIN', false), publicUrl, oidc,
    ldap: all['LDAP'] === undefined ? undefined : ldap(settings.inner('LDAP')),
    ci: settings.list('CI').map(ciRule),
  };
}

function provider(s: Reader): OidcProvider {
  const kind = s.text('kind', 'generic');
  if (kind !== 'generic' && kind !== 'gitlab' && kind !== 'github') throw wrong(s.name('kind'), `is "${kind}"`, 'Use generic, gitlab or github.');
  const defaults = { generic: [undefined, 'openid profile email', 'preferred_username', 'groups'], gitlab: ['https://gitlab.com', 'openid profile email', 'nickname', 'groups_direct'], github: ['https://github.com', 'read:user user:email', 'login', 'orgs'] } as const;
  const [issuer, scopes, username, groups] = defaults[kind];
  const name = s.text('name', kind);
  if (!/^[a-z0-9-]{1,30}$/.test(name)) throw wrong(s.name('name'), `is "${name}"`, 'Use small letters, digits and dashes: it is part of an address.');
  return {
    name, kind, label: s.text('label', name), issuer: checkAddress(s.name('issuer'), s.text('issuer', issuer)), clientId: s.text('client_id'), clientSecret: s.secret('client_secret'),
    scopes: s.text('scopes', scopes), usernameClaim: s.text('username_claim', username), groupsClaim: s.text('groups_claim', groups),
    allowedGroups: s.texts('allowed_groups'), groups: s.map('groups'), create: s.flag('create', true),
  };
}

function ldap(s: Reader): LdapSettings {
  const url = s.text('url');
  const startTls = s.flag('start_tls', false);
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  if (!['ldap:', 'ldaps:'].includes(protocol)) throw wrong(s.name('url'), `is "${url}"`, 'Write ldaps://HOST or ldap://HOST.');
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol === 'ldap:' && !startTls && !local) throw wrong(s.name('url'), 'would send passwords in plain text', 'Write ldaps://, or start_tls: true.');
  const userDn = s.text('user_dn', null);
  const base = s.text('search_base', null);
  if ((userDn === undefined) === (base === undefined)) throw wrong('LDAP', 'needs one of user_dn and search_base');
  if (userDn !== undefined && !userDn.includes('%(user)s')) throw wrong(s.name('user_dn'), 'lacks %(user)s');
  const groupBase = s.text('group_base', null);
  return {
    url, startTls, ca: s.file('ca_file'), userDn,
    search: base === undefined ? undefined : { base, filter: s.text('search_filter', '(uid=%(user)s)'), bindDn: s.text('bind_dn', null), bindPassword: s.text('bind_dn', null) === undefined ? '' : s.secret('bind_password') },
    groupSearch: groupBase === undefined ? undefined : { base: groupBase, filter: s.text('group_filter', '(member=%(dn)s)') },
    groups: s.map('groups'), allowedGroups: s.texts('allowed_groups'), create: s.flag('create', true),
  };
}

function ciRule(s: Reader): CiRule {
  const claims = Object.fromEntries(Object.entries(s.mapping('claims')).map(([claim, value]) => [claim, (Array.isArray(value) ? value : [value]).map(String)]));
  // A provider such as github.com signs for everybody in the world.
  if (Object.keys(claims).length === 0) throw wrong(s.name('claims'), 'is empty: everybody at this issuer could submit', 'Name the repository at least.');
  const hours = s.number('hours', 2);
  if (!(hours > 0 && hours <= 48)) throw wrong(s.name('hours'), `is ${hours}`, 'Give hours up to 48.');
  return { issuer: checkAddress(s.name('issuer'), s.text('issuer')), audience: s.text('audience'), claims, user: s.text('user'), deviceTypes: s.texts('device_types'), hours };
}

/** https, or this machine for trying. */
function checkAddress(name: string, url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname))) return url;
  throw wrong(name, `is "${url}"`, 'Write an address that begins with https://.');
}

const wrong = (name: string, what: string, hint?: string) => new ConfigurationError(`${name} in settings.yaml ${what}`, { code: 'settings-file', hint });

type Reader = ReturnType<typeof reader>;

/** Reads one mapping of the settings; `where` stands before the names in messages. */
function reader(mapping: Readonly<Record<string, unknown>>, where: string) {
  const name = (key: string) => `${where}${key}`;
  function text(key: string, otherwise?: string): string;
  function text(key: string, otherwise: null): string | undefined;
  function text(key: string, otherwise?: string | null): string | undefined {
    const value = mapping[key] ?? otherwise;
    if (value === null) return undefined;
    if (typeof value !== 'string' || value === '') throw wrong(name(key), value === undefined ? 'is missing' : 'must be a text');
    return value;
  }
  const file = (key: string) => {
    const path = text(key, null);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw wrong(name(key), `cannot be read: ${messageOf(error)}`);
    }
  };
  const inner = (key: string, value: unknown = mapping[key]) => {
    if (!isMapping(value)) throw wrong(name(key), 'must be a mapping');
    return reader(value, `${name(key)}.`);
  };
  const whole = (key: string): Readonly<Record<string, unknown>> => {
    const value = mapping[key] ?? {};
    if (!isMapping(value)) throw wrong(name(key), 'must be a mapping');
    return value;
  };
  return {
    name, text, file, inner, mapping: whole,
    /** The text itself, or what is in the file that KEY_file names. */
    secret: (key: string) => file(`${key}_file`)?.trim() ?? text(key),
    flag(key: string, otherwise: boolean) {
      const value = mapping[key] ?? otherwise;
      if (typeof value !== 'boolean') throw wrong(name(key), 'must be true or false');
      return value;
    },
    number(key: string, otherwise: number) {
      const value = mapping[key] ?? otherwise;
      if (typeof value !== 'number') throw wrong(name(key), 'must be a number');
      return value;
    },
    texts(key: string): readonly string[] | null {
      const value = mapping[key];
      if (value === undefined || value === null) return null;
      if (!Array.isArray(value)) throw wrong(name(key), 'must be a list');
      return value.map(String);
    },
    map: (key: string) => Object.fromEntries(Object.entries(whole(key)).map(([from, to]) => [from, String(to)])),
    list(key: string) {
      const value = mapping[key] ?? [];
      if (!Array.isArray(value)) throw wrong(name(key), 'must be a list');
      return value.map((entry: unknown, i) => inner(`${key}[${i}]`, entry));
    },
  };
}
