import { expect, test } from 'vitest';
import { networkGuard } from './network-guard.ts';
import { notifySettings } from './settings.ts';

test('without settings there is a mail server on this machine, and nothing is signed', () => {
  expect(notifySettings({})).toMatchObject({
    instance: 'default', mail: { host: 'localhost', port: 25, login: undefined, tls: 'none', from: 'root@localhost' }, irc: { port: 6667, nick: 'lava-bot' },
    callback: { timeout: 5, hosts: undefined, signingKey: undefined }, networks: [],
  });
  expect(notifySettings({ SITE_URL: 'https://lava.example.org/', EMAIL_USE_SSL: true, EMAIL_HOST_USER: 'u', EMAIL_HOST_PASSWORD: 'p' })).toMatchObject({ site: 'https://lava.example.org', mail: { tls: 'implicit', login: { user: 'u', pass: 'p' } } });
});

test('settings that cannot be are named, without their secrets', () => {
  for (const [name, value] of [
    ['EMAIL_PORT', 'smtp'], ['EMAIL_PORT', 70_000], ['EMAIL_USE_TLS', 'yes'], ['SITE_URL', 'lava.example.org'], ['CALLBACK_ALLOWED_HOSTS', 'example.org'], ['CALLBACK_SIGNING_KEY', 'short-secret'], ['EMAIL_HOST', ['a']],
  ] as const) {
    const error = (() => { try { return notifySettings({ [name]: value }); } catch (e) { return e as Error; } })();
    expect(error).toMatchObject({ code: 'settings-file', message: expect.stringContaining(name) });
    expect(String(error)).not.toContain('short-secret');
  }
  for (const network of ['10.0.0.0/33', 'localhost', '10/8', 'fd00::/129', '']) expect(() => networkGuard([network])).toThrow('NOTIFY_ALLOWED_NETWORKS');
});

test('closed networks in all their forms', () => {
  const open = networkGuard([]);
  for (const address of ['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '::', '::1', '::ffff:127.0.0.1', '::ffff:a00:1',
    '::127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:1::', 'fc00::1', 'fdff::1', 'fe80::1', 'fe80::1%eth0', 'ff02::1']) expect(() => open.check(address), address).toThrow('NOTIFY_ALLOWED_NETWORKS');
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', 'example.org']) expect(() => open.check(address), address).not.toThrow();
  const lab = networkGuard(['10.0.0.0/8', 'fd12::/16', '192.168.7.9']);
  for (const address of ['10.9.8.7', '::ffff:10.9.8.7', 'fd12::1', '192.168.7.9']) expect(() => lab.check(address), address).not.toThrow();
  for (const address of ['192.168.7.8', 'fd13::1', '127.0.0.1']) expect(() => lab.check(address), address).toThrow();
});
