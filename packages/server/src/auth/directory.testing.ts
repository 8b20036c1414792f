import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@lava/testbed';

/* A real directory, OpenLDAP's slapd, on this machine. */

/** The program; undefined where it is not installed. */
export const slapd = ['/usr/sbin/slapd', '/usr/bin/slapd'].find((path) => existsSync(path));

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
givenName: Given
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

/** Where people are found, and as whom they are searched; `LDAP` of the settings but for its address. */
export const directorySearch = { search_base: 'dc=example,dc=org', bind_dn: 'cn=reader,dc=example,dc=org', bind_password: 'reader-secret' };

export interface TestDirectory {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startDirectory(): Promise<TestDirectory> {
  const folder = await mkdtemp(join(tmpdir(), 'lava-ldap-'));
  await mkdir(join(folder, 'db'));
  await writeFile(join(folder, 'entries.ldif'), entries);
  await writeFile(join(folder, 'slapd.conf'), [
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`), 'modulepath /usr/lib/ldap', 'moduleload back_mdb', `pidfile ${folder}/pid`,
    'access to attrs=userPassword by anonymous auth by * none', 'access to * by users read by anonymous auth',
    'database mdb', 'suffix "dc=example,dc=org"', 'rootdn "cn=admin,dc=example,dc=org"', `directory ${folder}/db`, '',
  ].join('\n'));
  execFileSync(slapd!, ['-T', 'add', '-f', join(folder, 'slapd.conf'), '-l', join(folder, 'entries.ldif')]);
  const port = await freePort();
  const url = `ldap://127.0.0.1:${port}`;
  const directory = spawn(slapd!, ['-f', join(folder, 'slapd.conf'), '-h', url, '-d', '0'], { stdio: 'ignore' });
  await answers(port);
  return {
    url,
    async stop() {
      const gone = new Promise((resolve) => { directory.once('exit', resolve); });
      directory.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<void> {
  while (!await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  })) await new Promise((resolve) => { setTimeout(resolve, 20); });
}
