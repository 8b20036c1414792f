import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../api/testing.ts';
import { personInDirectory } from './ldap.ts';
import { signInSettings } from './sign-in-settings.ts';

/* A real directory, OpenLDAP's slapd, on this machine. */

const slapd = ['/usr/sbin/slapd', '/usr/bin/slapd'].find((path) => existsSync(path));

const entries = `
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=reader,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reader-secret

${[['Ada', 'ada-secret'], ['bob', 'bob-directory'], ['alice', 'x'], ['eve,o', 'eve-secret'], ['twin', 'one']].map(([name, password]) => `dn: uid=${name!.replace(',', '\\2c')},dc=example,dc=org
objectClass: inetOrgPerson
uid: ${name}
cn: ${name}
sn: ${name}
mail: ${name!.replace(',', '')}@example.org
userPassword: ${password}
`).join('\n')}
dn: cn=twin,dc=example,dc=org
objectClass: inetOrgPerson
uid: twin
cn: twin
sn: twin
userPassword: two

dn: cn=lab,dc=example,dc=org
objectClass: groupOfNames
cn: lab
member: uid=Ada,dc=example,dc=org
member: uid=eve\\2co,dc=example,dc=org
`;

describe.skipIf(!slapd)('LDAP', () => {
  let folder: string;
  let directory: ChildProcess;
  let server: TestServer;
  let url: string;
  const search = () => ({ url, search_base: 'dc=example,dc=org', bind_dn: 'cn=reader,dc=example,dc=org', bind_password: 'reader-secret', group_base: 'dc=example,dc=org', groups: { lab: 'lab' } });
  const settings = (more: object = search()) => signInSettings({ LDAP: more }).ldap!;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lava-ldap-'));
    await mkdir(join(folder, 'db'));
    await writeFile(join(folder, 'entries.ldif'), entries);
    await writeFile(join(folder, 'slapd.conf'), [
      ...['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`), 'modulepath /usr/lib/ldap', 'moduleload back_mdb', `pidfile ${folder}/pid`,
      'access to attrs=userPassword by anonymous auth by * none', 'access to * by users read by anonymous auth',
      'database mdb', 'suffix "dc=example,dc=org"', 'rootdn "cn=admin,dc=example,dc=org"', `directory ${folder}/db`, '',
    ].join('\n'));
    execFileSync(slapd!, ['-T', 'add', '-f', join(folder, 'slapd.conf'), '-l', join(folder, 'entries.ldif')]);
    const port = await freePort();
    url = `ldap://127.0.0.1:${port}`;
    directory = spawn(slapd!, ['-f', join(folder, 'slapd.conf'), '-h', url, '-d', '0'], { stdio: 'ignore' });
    await answers(port);
    server = await startTestServer({ signIn: signInSettings({ LDAP: search() }) });
    await server.services.db.insertInto('groups').values({ name: 'lab' }).execute();
  });
  afterAll(async () => {
    await server?.stop();
    const gone = new Promise((resolve) => { directory.once('exit', resolve); });
    directory.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
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
    const pattern = settings({ url, user_dn: 'uid=%(user)s,dc=example,dc=org' });
    expect(await personInDirectory(pattern, 'eve,o', 'eve-secret')).toMatchObject({ username: 'eve,o' });
    expect(await personInDirectory(pattern, 'Ada,dc=example,dc=org', 'ada-secret')).toBeUndefined();
    expect(await personInDirectory(settings(), 'eve,o', 'eve-secret')).toMatchObject({ groups: ['lab'] });
  });

  test('a directory that is away is told, and who has a password here gets in', async () => {
    const away = await startTestServer({ signIn: signInSettings({ LDAP: { ...search(), url: `ldap://127.0.0.1:${await freePort()}` } }) });
    try {
      const refused = await away.ask('/api/v1/login', { json: { username: 'Ada', password: 'ada-secret' } });
      expect(refused.json).toMatchObject({ error: { code: 'sign-in-refused', message: expect.stringContaining('does not answer') } });
      expect(refused.text).not.toContain('secret"');
      expect((await away.ask('/api/v1/login', { json: { username: 'bob', password: 'secret' } })).status).toBe(200);
    } finally {
      await away.stop();
    }
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => { probe.listen(0, '127.0.0.1', resolve); });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => { probe.close(resolve); });
  return port;
}

async function answers(port: number): Promise<void> {
  while (!await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  })) await new Promise((resolve) => { setTimeout(resolve, 20); });
}
