import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '@lava/base';

/** Which workers of LAVA's HTTP protocol are let in, by LAVA's settings. */
export interface WorkerHttpSettings {
  /** ALLOW_VERSION_MISMATCH: workers of any version get jobs; otherwise only those of this very version. */
  readonly anyVersion: boolean;
  /** WORKER_AUTO_REGISTER: an unknown worker may make itself known, without a user's password. */
  readonly autoRegister: boolean;
  /** WORKER_AUTO_REGISTER_NETMASK: from these networks. */
  readonly mayRegister: (address: string) => boolean;
}

/**
 * From the settings of an installation under LAVA's names.
 * @throws ConfigurationError when a network cannot be understood
 */
export function workerHttpSettings(settings: Readonly<Record<string, unknown>>): WorkerHttpSettings {
  const given = settings['WORKER_AUTO_REGISTER_NETMASK'];
  const networks = readNetworks(Array.isArray(given) ? given.map(String) : ['127.0.0.0/8', '::1']);
  return {
    // LAVA's own default is false. The protocol has not changed since 2020, and equal versions are impossible here.
    anyVersion: settings['ALLOW_VERSION_MISMATCH'] !== false,
    autoRegister: settings['WORKER_AUTO_REGISTER'] === true,
    mayRegister: (address) => {
      const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
      const family = isIP(plain);
      return family !== 0 && networks.check(plain, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

function readNetworks(texts: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address);
    const longest = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? longest : Number(bits);
    if (family === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > longest) {
      throw new ConfigurationError(`WORKER_AUTO_REGISTER_NETMASK has ${JSON.stringify(text)}`, { code: 'settings-file', hint: 'Write networks as 192.0.2.0/24.' });
    }
    networks.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
  return networks;
}
