import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../store/connection.ts';
import { startTestDatabases, type TestDatabases } from '../store/testing.ts';
import { passwordFromDjango } from './django-passwords.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { randomSecret } from './secrets.ts';
import { csrfToken, openSession, userBySession } from './sessions.ts';
import { loginThrottle } from './throttle.ts';
import { newToken, userByToken } from './tokens.ts';
import { userByPassword } from './users.ts';

describe('passwords', () => {
  test('argon2id, salted, and only the whole password fits', async () => {
    const [a, b] = [await hashPassword('grüße'), await hashPassword('grüße')];
    expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(a).not.toBe(b);
    expect(await verifyPassword(a, 'grüße')).toBe(true);
    expect(await verifyPassword(a, 'grüß')).toBe(false);
    expect(await verifyPassword(a, '')).toBe(false);
    expect(await verifyPassword(await hashPassword('x'.repeat(1024)), 'x'.repeat(1025))).toBe(false);
    expect(() => hashPassword('x'.repeat(1025))).toThrow(RangeError);
  });

  test('nothing fits a user without a password or with a broken hash', async () => {
    for (const stored of [null, undefined, '', '!', '$argon2id$broken', 'pbkdf2_sha256$1$x$y']) expect(await verifyPassword(stored, 'x')).toBe(false);
  });
});

describe('hashes that Django made', () => {
  test.each([
    ['pbkdf2_sha256$260000$jIu8kgPqHRr2Wz$5zdWrQOHfnPHl+AzLVMOtH2s7+YxtAK83qToAeHGUx4=', true],
    ['pbkdf2_sha1$1000$salt$dhuoYEqsDvey5PJ1l93CDUAW0tY=', true],
    ['sha1$salt$56916360cfc5b5b3d7a1bc67fb5b3745393cf883', true],
    ['md5$salt$c5518342facabd11b3822205765c5f4e', true],
    ['scrypt$16384$salt$8$1$h3XTq9OxykDBKiwYUZHeN+fKh7P/9+G4txUw3Bigc4LPTwy4XdgkTDsC7VMoYuir6OEqqgnBqNQz9af/5zO9ag==', true],
    ['bcrypt_sha256$$2b$06$abcdefghijklmnopqrstuuBxMTZ1MJ5W/4hd0PpzFEEuMCBzZRBM.', true],
    ['bcrypt$$2b$06$abcdefghijklmnopqrstuuYHaJqceV21XYlrYNP/3QghOIkFSAtuO', true],
    ['bcrypt$$2b$31$abcdefghijklmnopqrstuuYHaJqceV21XYlrYNP/3QghOIkFSAtuO', false],
    ['pbkdf2_sha256$1000000000$salt$aaaa', false],
    ['pbkdf2_sha256$-1$salt$aaaa', false],
    ['scrypt$1048576$salt$64$64$aaaa', false],
    ['constructor$salt$aaaa', false],
  ])('%s', async (stored, fits) => {
    expect(await verifyPassword(stored, 'grüße')).toBe(fits);
    expect(await verifyPassword(stored, 'wrong')).toBe(false);
  });

  test('which are taken', async () => {
    const own = await hashPassword('x');
    expect(passwordFromDjango(`argon2${own}`)).toBe(own);
    expect(passwordFromDjango('md5$salt$abc')).toBe('md5$salt$abc');
    expect(await verifyPassword(passwordFromDjango(createHash('md5').update('x').digest('hex')), 'x')).toBe(true);
    for (const unusable of ['!', '!abcdefg', '', '1e5e1b4372b843938b5be39f5941f72', 'bcrypt_sha256$$2b$12$abc', 'crypt$ab$abJnggxhB/yWI']) expect(passwordFromDjango(unusable)).toBeUndefined();
  });
});

test('random secrets use the whole alphabet evenly', () => {
  const counts = new Map<string, number>();
  for (const c of randomSecret(36_000)) counts.set(c, (counts.get(c) ?? 0) + 1);
  expect(counts.size).toBe(36);
  for (const n of counts.values()) expect(n).toBeGreaterThan(750);
});

test('too many failures of a name from an address wait; other addresses do not, and time heals', () => {
  let now = 0;
  const throttle = loginThrottle(() => now);
  for (let i = 0; i < 9; i++) throttle.failed('bob', 'a');
  expect(throttle.wait('bob', 'a')).toBe(0);
  throttle.failed('bob', 'a');
  expect(throttle.wait('bob', 'a')).toBe(300);
  expect([throttle.wait('bob', 'b'), throttle.wait('alice', 'a')]).toEqual([0, 0]);
  for (let i = 0; i < 90; i++) throttle.failed(`name${i}`, 'a');
  expect(throttle.wait('alice', 'a')).toBe(300);
  now = 300_001;
  expect(throttle.wait('bob', 'a')).toBe(0);
});

describe('the database keeps hashes only', () => {
  let databases: TestDatabases;
  let store: Connection;
  let user: number;
  beforeAll(async () => {
    databases = await startTestDatabases();
    store = await databases.fresh();
    user = (await store.db.insertInto('users').values({ username: 'alice', password: await hashPassword('secret') }).returning('id').executeTakeFirstOrThrow()).id;
  });
  afterAll(() => databases.stop());

  test('an old hash works once more and is then replaced', async () => {
    const old = 'pbkdf2_sha1$1000$salt$dhuoYEqsDvey5PJ1l93CDUAW0tY=';
    await store.db.insertInto('users').values({ username: 'veteran', password: old }).execute();
    const stored = async () => (await store.db.selectFrom('users').select('password').where('username', '=', 'veteran').executeTakeFirstOrThrow()).password;
    expect(await userByPassword(store.db, 'veteran', 'wrong')).toBeUndefined();
    expect(await stored()).toBe(old);
    expect(await userByPassword(store.db, 'veteran', 'grüße')).toMatchObject({ username: 'veteran' });
    expect(await stored()).toMatch(/^\$argon2id\$/);
    expect(await userByPassword(store.db, 'veteran', 'grüße')).toMatchObject({ username: 'veteran' });
  });

  test('tokens', async () => {
    const secret = await newToken(store.db, user, 'ci');
    expect(secret).toHaveLength(128);
    expect(JSON.stringify(await store.db.selectFrom('tokens').selectAll().execute())).not.toContain(secret);
    expect((await userByToken(store.db, secret))?.username).toBe('alice');
    expect((await store.db.selectFrom('tokens').select('last_used_at').executeTakeFirstOrThrow()).last_used_at).toBeInstanceOf(Date);
    expect(await userByToken(store.db, `${secret}x`)).toBeUndefined();
    await store.db.updateTable('tokens').set({ expires_at: new Date(Date.now() - 1000) }).execute();
    expect(await userByToken(store.db, secret)).toBeUndefined();
  });

  test('sessions end by time, with the account, and are swept', async () => {
    const secret = await openSession(store.db, user);
    expect(JSON.stringify(await store.db.selectFrom('sessions').selectAll().execute())).not.toContain(secret);
    expect((await userBySession(store.db, secret))?.id).toBe(user);
    expect(csrfToken(secret)).not.toBe(csrfToken(`${secret}x`));
    await store.db.updateTable('users').set({ is_active: false }).execute();
    expect(await userBySession(store.db, secret)).toBeUndefined();
    expect(await userByPassword(store.db, 'alice', 'secret')).toBeUndefined();
    await store.db.updateTable('users').set({ is_active: true }).execute();
    await store.db.updateTable('sessions').set({ expires_at: new Date(Date.now() - 1000) }).execute();
    expect(await userBySession(store.db, secret)).toBeUndefined();
    await openSession(store.db, user);
    expect(await store.db.selectFrom('sessions').selectAll().execute()).toHaveLength(1);
  });

  test('passwords', async () => {
    expect((await userByPassword(store.db, 'alice', 'secret'))?.id).toBe(user);
    expect(await userByPassword(store.db, 'alice\0', 'wrong')).toBeUndefined();
    expect(await userByPassword(store.db, 'nobody', 'secret')).toBeUndefined();
  });
});
