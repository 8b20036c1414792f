import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '@lava/testbed';
import { directorySearch, slapd, startDirectory, type TestDirectory } from '../auth/directory.testing.ts';
import { manage, startInstallation, type Installation } from './testing.ts';

describe.skipIf(!slapd)('people of a directory', () => {
  let directory: TestDirectory;
  let lab: Installation;
  const settings = (more: object) => writeFile(join(lab.root, 'etc/lava-server/settings.yaml'), JSON.stringify({ LDAP: { url: directory.url, ...more } }));

  beforeAll(async () => {
    directory = await startDirectory();
    lab = await startInstallation();
    await mkdir(join(lab.root, 'etc/lava-server'), { recursive: true });
  });
  afterAll(async () => {
    await lab?.stop();
    await directory?.stop();
  });

  test('get accounts before they sign in, or take over one that is there', async () => {
    expect(await manage('addldapuser', '--username', 'Ada')).toBe('CommandError: There is no LDAP in settings.yaml (docs/sign-in.md)\n');
    await settings(directorySearch);
    expect(await manage('addldapuser', '--username', 'ADA', '--superuser')).toBe('User "Ada" added with superuser status\n');
    expect(await manage('addldapuser', '--username', 'Ada')).toBe('');
    for (const name of ['nobody', 'A*', 'twin', '']) expect(await manage('addldapuser', '--username', name)).toBe(`CommandError: User ${name} does not exist in LDAP\n`);
    await manage('users', 'add', 'robert', '--passwd', 'secret');
    expect(await manage('mergeldapuser', '--lava-user', 'robert', '--ldap-user', 'Ada')).toMatch(/^CommandError: There is a user "Ada" here already/);
    expect(await manage('mergeldapuser', '--lava-user', 'nobody', '--ldap-user', 'bob')).toBe("CommandError: User 'nobody' does not exist\n");
    expect(await manage('mergeldapuser', '--lava-user', 'robert', '--ldap-user', 'bob')).toBe('User "bob" merged with "robert"\n');
    const rows = await lab.connection.db.selectFrom('users').innerJoin('user_identities', 'user_id', 'id').select(['username', 'email', 'first_name', 'last_name', 'is_superuser', 'subject']).orderBy('id').execute();
    expect(rows).toEqual([
      { username: 'Ada', email: 'Ada@example.org', first_name: 'Given', last_name: 'Ada', is_superuser: true, subject: 'uid=ada,dc=example,dc=org' },
      { username: 'bob', email: 'bob@example.org', first_name: 'Given', last_name: 'bob', is_superuser: false, subject: 'uid=bob,dc=example,dc=org' },
    ]);
  });

  test('are listed', async () => {
    expect(await manage('linaro_ldapuserlist')).toMatch(/^Ada\nbob\n[^]*Total "\d" LDAP users\n$/);
    const file = join(lab.root, 'people.csv');
    await manage('linaro_ldapuserlist', '--filename', file);
    expect((await readFile(file, 'utf8')).split('\n')).toContain('alice');
    await settings({ user_dn: 'uid=%(user)s,dc=example,dc=org' });
    expect(await manage('linaro_ldapuserlist')).toMatch(/^CommandError: LDAP in settings.yaml says no search_base/);
    await settings({ ...directorySearch, url: `ldap://127.0.0.1:${await freePort()}` });
    expect(await manage('linaro_ldapuserlist')).toMatch(/^CommandError: ldap:\/\/127\.0\.0\.1:\d+ does not answer: /);
  });
});
