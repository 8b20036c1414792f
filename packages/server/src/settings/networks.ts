import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '@lava/base';

/**
 * Whether an address is in one of the networks of a setting, such as `[127.0.0.0/8, "::1"]`.
 * @throws ConfigurationError `settings-file` when a network cannot be understood
 */
export function addressesIn(setting: string, texts: readonly string[]): (address: string) => boolean {
  const networks = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address);
    const longest = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? longest : Number(bits);
    if (family === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > longest) {
      throw new ConfigurationError(`${setting} has ${JSON.stringify(text)}`, { code: 'settings-file', hint: 'Write networks as 192.0.2.0/24.' });
    }
    networks.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => {
    // An IPv4 address as a socket for both families shows it.
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    const family = isIP(plain);
    return family !== 0 && networks.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/**
 * Proxies that may say who the client is, by the setting TRUSTED_PROXIES: on this machine if nothing is said.
 * @throws ConfigurationError when a network cannot be understood
 */
export function trustedProxies(settings: Readonly<Record<string, unknown>>): (address: string) => boolean {
  const given = settings['TRUSTED_PROXIES'];
  return addressesIn('TRUSTED_PROXIES', ['127.0.0.0/8', '::1', ...Array.isArray(given) ? given.map(String) : []]);
}
